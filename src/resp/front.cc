#include "resp/front.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/hash.h"

namespace grapevine::resp {

namespace {

std::size_t fewest_copies(const Ring& ring) {
    std::size_t fewest = std::numeric_limits<std::size_t>::max();
    for (const Entry& entry : ring.table) {
        fewest = std::min(fewest, ring.is_down(entry) ? 0 : entry.copies.size());
    }
    return ring.table.empty() ? 0 : fewest;
}

}  // namespace

Result<Redirect> parse_redirect(std::string_view text) {
    if (text == "auto") return Redirect::automatic;
    if (text == "moved") return Redirect::moved;
    if (text == "proxy") return Redirect::proxy;
    return fail("\"{}\" is neither auto, moved nor proxy", text);
}

Front::Front(FrontConfig config, std::function<Facts()> facts, AtOnce at_once, Prefetch prefetch)
    : config_(std::move(config)),
      facts_(std::move(facts)),
      at_once_(std::move(at_once)),
      prefetch_(std::move(prefetch)),
      cluster_(config_.self, config_.advertise_replicas) {}

void Front::set_ring(Time now, RingPtr ring) {
    const bool first = ring_ == nullptr;
    primary_since_.resize(ring->table.size(), Time::min());
    own_slots_ = 0;
    const auto slots = static_cast<std::uint32_t>(slot_count / ring->table.size());
    for (std::size_t i = 0; i < ring->table.size(); ++i) {
        const NodeId primary = ring->table[i].primary();
        if (primary == config_.self) own_slots_ += slots;
        if (!first && ring_->table[i].primary() != primary) primary_since_[i] = now;
    }
    ring_ = std::move(ring);
    copies_ = fewest_copies(*ring_);
    cluster_.set_ring(ring_);
}

PartitionId Front::partition_of(std::uint32_t slot) const {
    return partition_of_slot(slot, partitions());
}

bool Front::is_own(PartitionId partition) const {
    return ring_ != nullptr && ring_->entry(partition).primary() == config_.self;
}

const Member* Front::elsewhere(Time now, PartitionId partition) const {
    if (ring_ == nullptr || is_own(partition)) return nullptr;
    const Time since = primary_since_[partition.value];
    if (since != Time::min() && now < since + limits().moved_after) return nullptr;
    const Member* const primary = ring_->member(ring_->entry(partition).primary());
    return primary != nullptr && primary->is_up() ? primary : nullptr;
}

}  // namespace grapevine::resp
