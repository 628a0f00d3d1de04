#pragma once
// What a running program sees and changes: the contents of one partition behind everything that is
// ordered, with the program's own changes. Who implements it says what becomes of the changes.
//
// Calls come from the one thread that executes the program. Views that find() and scan() give are
// good until the next put(), erase() or clear(), whatever is found or scanned meanwhile.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace grapevine::command {

struct Entry {
    std::string_view value;
    std::int64_t expires_ms = 0;  // unix time; 0: never
    Version version;              // {0, 0}: changed by the program itself
};

class Keys {
public:
    virtual ~Keys() = default;

    // Nothing for a key whose time has come, whether or not its record is there still.
    [[nodiscard]] virtual std::optional<Entry> find(std::string_view key) = 0;
    // Inserts or replaces. `expires_ms` is 0 (never) or later than now_ms(). Key and value are
    // within the limits of base/limits.h.
    virtual void put(std::string_view key, std::string value, std::int64_t expires_ms) = 0;
    // True where find() would have found it.
    virtual bool erase(std::string_view key) = 0;

    // Notes work beside finding and putting, in steps of about a nanosecond. False: the program has
    // done too much, nothing will come of it, and whoever goes on wastes the time of all.
    // This one counts nothing.
    virtual bool spend(std::uint64_t /*steps*/) { return true; }

    // Unix time of the primary, the same throughout a program.
    [[nodiscard]] virtual std::int64_t now_ms() const = 0;

    // Visits what find() would find from `cursor` (0: the beginning; any number is a good one)
    // until about `keys` keys were visited, and returns the cursor to go on from, never 0, or
    // nothing at the end. What is there throughout is visited at least once, whatever changes
    // between calls. The visitor changes nothing.
    using Visitor = std::function<void(std::string_view key, const Entry& entry)>;
    virtual std::optional<std::uint64_t> scan(std::uint64_t cursor, std::size_t keys,
                                              const Visitor& visit) = 0;
    // Names the order in which scan() goes, which may be each primary's own: a cursor of another
    // order means nothing here. Never 0. This one says that there is one order.
    [[nodiscard]] virtual std::uint64_t order() const { return 1; }
    // Keys of the partition; those whose time has come may be among them.
    [[nodiscard]] virtual std::size_t count() = 0;
    // A number drawn at random, for RANDOMKEY: read-only programs alone depend on it.
    [[nodiscard]] virtual std::uint64_t draw() = 0;
    // Erases all keys, which are collected by scan().
    void clear();
    // Erases about `keys` keys from `cursor` on, or fewer where they are long, and returns where to
    // go on, or nothing at the end. 0: at the beginning, again.
    std::optional<std::uint64_t> clear_some(std::uint64_t cursor, std::size_t keys);
};

}  // namespace grapevine::command
