#include "bench/ring_watch.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "ring/planner.h"
#include "ring/trims.h"

namespace grapevine::bench {

namespace {

ClientConfig asking(const std::vector<Address>& seeds) {
    ClientConfig config;
    config.seeds = seeds;
    return config;
}

}  // namespace

RingWatch::RingWatch(Loop& loop, const std::vector<Address>& seeds, const Workload& workload)
    : workload_(workload),
      host_(loop, asking(seeds), {.ring = [this](const RingPtr& ring) { changed(ring); }}) {
    host_.want_ring();
}

const Member* RingWatch::member_with_pid(int pid) const {
    if (ring_ == nullptr) return nullptr;
    for (const Member& member : ring_->members) {
        if (member.is_up() && member.pid == static_cast<std::uint32_t>(pid)) return &member;
    }
    return nullptr;
}

Moved RingWatch::take_moved() {
    return std::exchange(moved_, {});
}

void RingWatch::changed(const RingPtr& ring) {
    if (ring_ == nullptr) {
        count_keys(ring->partitions());
    } else if (ring_->genesis) {
        count_moved(*ring_, *ring);
    }
    ring_ = ring;
    const bool whole = ring->genesis && fully_replicated(*ring);
    const auto change = whole ? plan(*ring, Observations{}, PlannerConfig{}) : std::nullopt;
    at_rest_ = whole && !change;
    const auto no_doubt = [](NodeId, NodeId) { return false; };
    settled_ = whole && (!change || can_wait(*ring, *change, no_doubt));
    host_.want_ring(ring->epoch);
}

void RingWatch::count_moved(const Ring& before, const Ring& after) {
    for (std::size_t i = 0; i < after.table.size(); ++i) {
        for (const NodeId copy : after.table[i].copies) {
            if (before.table[i].is_copy(copy)) continue;
            ++moved_.partitions;
            moved_.keys += held_[i].keys;
            moved_.bytes += held_[i].bytes;
        }
    }
}

void RingWatch::count_keys(std::uint32_t partitions) {
    held_.resize(partitions);
    for (std::uint64_t number = 0; number < workload_.keys; ++number) {
        Moved& held = held_[partition_of_key(key_number(workload_, number), partitions).value];
        ++held.keys;
        held.bytes += record_size(workload_, number);
    }
}

}  // namespace grapevine::bench
