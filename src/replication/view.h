#pragma once
// What a program sees of its partition and what it changes there (command/keys.h): the committed
// contents, or those behind everything that is ordered, and the program's own changes. Nothing is
// done to the partition itself. Internal to replication/.
//
// A key whose time has come is not there. That a program found it so is part of its answer, so the
// key has to stay away, whatever a later primary's clock says: it is among the changes (of the
// ordered contents), or in expired() (of the committed ones), and its erasure has to be ordered
// before the answer may leave.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/keys.h"
#include "replication/context.h"

namespace grapevine {

class View final : public command::Keys {
public:
    enum class Of : std::uint8_t { committed, ordered };

    // `key`: one of which the caller knows that it is of this partition.
    View(const Scope& scope, Of of, std::string_view key);

    std::optional<command::Entry> find(std::string_view key) override;
    void put(std::string_view key, std::string value, std::int64_t expires_ms) override;
    bool erase(std::string_view key) override;
    bool spend(std::uint64_t steps) override;
    [[nodiscard]] std::int64_t now_ms() const override { return now_ms_; }
    std::optional<std::uint64_t> scan(std::uint64_t cursor, std::size_t keys,
                                      const Visitor& visit) override;
    [[nodiscard]] std::uint64_t order() const override;
    [[nodiscard]] std::size_t count() override;
    [[nodiscard]] std::uint64_t draw() override;

    // What it has done so far, in steps as program_steps_max counts them.
    [[nodiscard]] std::uint64_t steps() const { return steps_; }
    // What has to come of it; ok: its changes may be ordered and its answer be told. Anything else
    // refuses it, and nothing was changed.
    [[nodiscard]] Status verdict() const { return verdict_; }
    // Of the ordered contents: each key once, ascending.
    [[nodiscard]] std::vector<Change> take_changes();
    // Of the committed contents: keys that are there and whose time has come.
    [[nodiscard]] const std::vector<std::string>& expired() const { return expired_; }

private:
    // A key as the program or an unfinished operation left it. Nothing: erased.
    struct Held {
        std::string_view value;
        std::int64_t expires_ms = 0;
        Version version;
    };
    struct Own {
        bool is_there = false;
        std::string value;
        std::int64_t expires_ms = 0;
    };
    // Nothing: erased.
    using After = std::optional<Held>;

    // False: another partition's, or too much was done already.
    bool may_touch(std::string_view key, std::size_t bytes);
    // What is there, expired or not; nothing: the key is absent.
    [[nodiscard]] After look(std::string_view key) const;
    // The same without what has expired, which is noted.
    std::optional<command::Entry> show(std::string_view key, const After& held);
    // What the program itself or else the last unfinished operation made of it; nothing: neither
    // changed it.
    [[nodiscard]] std::optional<After> changed(std::string_view key) const;
    // All keys that these changed, each once.
    template <class Visit>
    void for_each_changed(const Visit& visit) const;

    const Scope& scope_;
    Of of_;
    std::string_view key_;
    std::int64_t now_ms_;
    Status verdict_ = Status::ok;
    std::size_t work_ = 0;     // bytes that were shown or written
    std::uint64_t steps_ = 0;  // as program_steps_max counts them
    std::map<std::string, Own, std::less<>> own_;
    std::vector<std::string> expired_;
};

}  // namespace grapevine
