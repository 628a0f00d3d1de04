#include "replication/pending_ids.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/assert.h"

namespace grapevine {

namespace {

constexpr std::size_t pending_places_min = 8;
constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio

}  // namespace

// As RequestMemory::home_of, of both numbers.
std::size_t PendingIds::home_of(ClientId client, std::uint64_t sequence) const {
    const std::uint64_t factor = (hash_seed_ ^ golden) | 1;
    const std::uint64_t mixed = (client.value * factor ^ sequence) * factor;
    return mixed >> (64 - std::countr_zero(table_.size()));
}

std::size_t PendingIds::locate(ClientId client, std::uint64_t sequence) const {
    std::size_t place = home_of(client, sequence);
    while (table_[place].client &&
           (table_[place].sequence != sequence || table_[place].client != client)) {
        place = next(place);
    }
    return place;
}

std::optional<std::uint64_t> PendingIds::find(ClientId client, std::uint64_t sequence) const {
    if (count_ == 0) return std::nullopt;
    const Pending& pending = table_[locate(client, sequence)];
    if (!pending.client) return std::nullopt;
    return pending.counter;
}

void PendingIds::add(ClientId client, std::uint64_t sequence, std::uint64_t counter) {
    ASSERT(client);
    if ((count_ + 1) * 2 > table_.size()) rebuild(std::max(pending_places_min, 2 * table_.size()));
    Pending& pending = table_[locate(client, sequence)];
    ASSERT(!pending.client, "request {} of {} is pending already", sequence, client);
    pending = {client, sequence, counter};
    ++count_;
}

void PendingIds::remove(ClientId client, std::uint64_t sequence) {
    if (count_ == 0) return;
    std::size_t gap = locate(client, sequence);
    if (!table_[gap].client) return;
    for (std::size_t at = next(gap); table_[at].client; at = next(at)) {
        const std::size_t home = home_of(table_[at].client, table_[at].sequence);
        // Whoever has its home in (gap, at] is found without the gap.
        const std::size_t from_home = (at - home) & (table_.size() - 1);
        const std::size_t from_gap = (at - gap) & (table_.size() - 1);
        if (from_home < from_gap) continue;
        table_[gap] = table_[at];
        gap = at;
    }
    table_[gap] = {};
    --count_;
    if (table_.size() > pending_places_min && count_ * 16 < table_.size()) {
        rebuild(table_.size() / 2);
    }
}

void PendingIds::rebuild(std::size_t places) {
    const std::vector<Pending> old = std::exchange(table_, std::vector<Pending>(places));
    for (const Pending& pending : old) {
        if (pending.client) table_[locate(pending.client, pending.sequence)] = pending;
    }
}

}  // namespace grapevine
