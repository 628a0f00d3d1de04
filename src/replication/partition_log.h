#pragma once
// The order of one partition's operations as one holder knows it: a watermark (all up to it is
// committed, and applied to the store) and the unfinished operations above it, without gaps.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "replication/changed_keys.h"
#include "replication/messages.h"
#include "store/operation.h"

namespace grapevine {

class PartitionLog {
public:
    // `hash_seed`: as RequestMemory takes it.
    explicit PartitionLog(std::uint64_t hash_seed = 0) : changed_(hash_seed) {}

    // Begins anew: nothing unfinished, everything up to `base` committed.
    void start(Version base, std::int64_t stamp_ms);

    [[nodiscard]] std::uint64_t watermark() const { return base_.counter; }
    [[nodiscard]] Version base() const { return base_; }  // of the operation at the watermark
    [[nodiscard]] std::int64_t base_stamp_ms() const { return base_stamp_ms_; }
    [[nodiscard]] std::uint64_t held() const { return base_.counter + ops_.size(); }
    [[nodiscard]] std::int64_t last_stamp_ms() const;
    [[nodiscard]] const std::deque<OpPtr>& unfinished() const { return ops_; }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

    // op->version.counter is held() + 1.
    void append(OpPtr op);
    // Takes the oldest unfinished operation out; the watermark is now its counter.
    OpPtr take_oldest();
    // Unfinished operations with counters in (after, held()], oldest first, until `bytes` are full
    // (at least one), to the end of `ops`. How many.
    std::uint32_t add_after(std::uint64_t after, std::size_t bytes, std::vector<OpPtr>& ops) const;
    // The unfinished operation with this counter.
    [[nodiscard]] const Op& at(std::uint64_t counter) const;
    // What the last unfinished operation that changes the key does to it; nothing: none does. Views
    // are good as long as that operation is unfinished.
    struct LastChange {
        Version version;
        ChangeView change;
    };
    // However many are unfinished, it takes no longer. Operations that are appended meanwhile are
    // noted when it is asked the next time: most never have to be.
    [[nodiscard]] std::optional<LastChange> last_change(std::string_view key);
    // The same of every key that any of them changes.
    template <class Visit>
    void for_each_last_change(const Visit& visit) {
        note_changes();
        changed_.for_each(
            [&](std::string_view, const ChangedKeys::Change& last) { visit(change_at(last)); });
    }
    // Takes out of `keys` what unfinished operations change. The counter of the last that changes
    // one of them; 0: none does.
    std::uint64_t drop_changed(std::set<std::string, std::less<>>& keys);
    // What the unfinished operations will weigh in RequestMemory, at most; the same of long
    // replies, of all clients and of one.
    [[nodiscard]] std::size_t to_remember() const { return to_remember_; }
    [[nodiscard]] std::size_t long_to_remember() const { return long_to_remember_; }
    [[nodiscard]] std::size_t long_to_remember(ClientId client) const;

private:
    [[nodiscard]] bool is_short() const;
    void count(const Op& op);
    void uncount(const Op& op);
    void note_changes();
    [[nodiscard]] LastChange change_at(const ChangedKeys::Change& last) const;

    Version base_;
    std::int64_t base_stamp_ms_ = 0;
    std::deque<OpPtr> ops_;
    std::size_t bytes_ = 0;
    std::size_t to_remember_ = 0;
    std::size_t long_to_remember_ = 0;
    std::map<ClientId, std::size_t> long_of_;  // the same by client
    ChangedKeys changed_;                      // by unfinished operations up to noted_
    std::uint64_t noted_ = 0;                  // a counter
};

// What an operation weighs against the bounds on memory and messages, in bytes.
std::size_t weight(const OpMore& more);
inline std::size_t weight(const Op& op) {
    return sizeof(Op) + op.key.size() + op.value.size() + (op.more ? weight(*op.more) : 0);
}
std::size_t weight(const Request& request);
// Of what a program answered against the bounds on what is remembered.
std::size_t reply_weight(std::string_view reply);
// Is counted apart, so that it keeps no short one from being remembered.
inline bool is_long_reply(std::string_view reply) {
    constexpr std::size_t short_max = 1024;
    return reply.size() > short_max;
}

}  // namespace grapevine
