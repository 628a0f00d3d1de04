#pragma once
// A partition in memory, the dumbest that keeps the promises of command/keys.h, for tests.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "command/keys.h"

namespace grapevine::command {

class MemoryKeys : public Keys {
public:
    struct Held {
        std::string value;
        std::int64_t expires_ms = 0;
        Version version;
        std::uint64_t number = 0;  // in the order in which keys came
    };

    MemoryKeys() = default;
    MemoryKeys(MemoryKeys&&) = default;
    MemoryKeys& operator=(MemoryKeys&&) = default;

    std::optional<Entry> find(std::string_view key) override;
    void put(std::string_view key, std::string value, std::int64_t expires_ms) override;
    bool erase(std::string_view key) override;
    [[nodiscard]] std::int64_t now_ms() const override { return now_ms_; }
    // Cursors are numbers of keys.
    std::optional<std::uint64_t> scan(std::uint64_t cursor, std::size_t keys,
                                      const Visitor& visit) override;
    [[nodiscard]] std::size_t count() override;
    [[nodiscard]] std::uint64_t draw() override { return ++drawn_; }

    void set_now_ms(std::int64_t now_ms) { now_ms_ = now_ms; }
    [[nodiscard]] std::uint64_t changes() const { return changes_; }  // calls that change something

private:
    void drop_expired();

    using ByKey = std::map<std::string, Held, std::less<>>;

    ByKey held_;
    std::map<std::uint64_t, ByKey::iterator> order_;  // by number
    std::uint64_t numbers_ = 0;
    std::int64_t now_ms_ = 1'700'000'000'000;
    std::uint64_t changes_ = 0;
    std::uint64_t drawn_ = 0;
};

}  // namespace grapevine::command
