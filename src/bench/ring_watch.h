#pragma once
// Follows a cluster's ring: whether it is as it should be, and what moved from one to the next.

#include <cstdint>
#include <vector>

#include "base/address.h"
#include "bench/workload.h"
#include "ring/ring.h"
#include "runtime/client_host.h"
#include "runtime/loop.h"

namespace grapevine::bench {

// Copies of partitions that came to be where they were not, and what of the workload is in them.
struct Moved {
    std::uint64_t partitions = 0;
    std::uint64_t keys = 0;
    std::uint64_t bytes = 0;  // of keys and values
};

class RingWatch {
public:
    RingWatch(Loop& loop, const std::vector<Address>& seeds, const Workload& workload);

    [[nodiscard]] const RingPtr& ring() const { return ring_; }  // null: none yet
    // Every partition has its copies, and nothing is left to do for who plans the next ring, but
    // what can wait (ring/trims.h).
    [[nodiscard]] bool settled() const { return settled_; }
    // Nothing at all is left to do.
    [[nodiscard]] bool at_rest() const { return at_rest_; }
    // Null: not a member that is up.
    [[nodiscard]] const Member* member_with_pid(int pid) const;

    // Since this was last called.
    Moved take_moved();

private:
    void changed(const RingPtr& ring);
    void count_moved(const Ring& before, const Ring& after);
    void count_keys(std::uint32_t partitions);

    Workload workload_;
    RingPtr ring_;
    bool settled_ = false;
    bool at_rest_ = false;
    Moved moved_;
    std::vector<Moved> held_;  // by PartitionId: what a copy of it holds; made at the first ring
    ClientHost host_;
};

}  // namespace grapevine::bench
