#include "resp/awareness.h"

#include <algorithm>

#include "base/hash.h"

namespace grapevine::resp {

namespace {

// As if it asked for eight partitions in a cluster of five. (Neighbouring slots are of one
// partition.)
constexpr std::uint64_t believed_below = 390'625;  // one part in so many
constexpr std::size_t partitions_least = 8;
constexpr std::size_t partitions_most = 64;

}  // namespace

void Awareness::note_asked(const Front& front, std::uint32_t slot) {
    const std::uint32_t own = front.own_slots();
    if (state_ != State::perhaps || own == slot_count) return;
    const PartitionId partition = front.partition_of(slot);
    if (!front.is_own(partition) || asked_for_.size() >= partitions_most) {
        state_ = State::no;
        asked_for_ = {};
        return;
    }
    if (std::ranges::find(asked_for_, partition) != asked_for_.end()) return;
    asked_for_.push_back(partition);
    chance_ = chance_ / slot_count * own;
    if (asked_for_.size() < partitions_least || chance_ > certain / believed_below) return;
    state_ = State::yes;
    asked_for_ = {};
}

}  // namespace grapevine::resp
