#pragma once
// The order of one partition's operations as one holder knows it: a watermark (all up to it is
// committed, and applied to the store) and the unfinished operations above it, without gaps.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "replication/messages.h"
#include "store/operation.h"

namespace grapevine {

class PartitionLog {
public:
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
    // The last unfinished operation that changes the key; nullptr: none.
    [[nodiscard]] const Op* last_change(std::string_view key) const;

private:
    Version base_;
    std::int64_t base_stamp_ms_ = 0;
    std::deque<OpPtr> ops_;
    std::size_t bytes_ = 0;
};

// What an operation weighs against the bounds on memory and messages, in bytes.
std::size_t weight(const Op& op);
std::size_t weight(const Request& request);

}  // namespace grapevine
