#include "replication/pending_ids.h"

#include <algorithm>

#include "base/assert.h"

namespace grapevine {

namespace {

constexpr std::size_t pending_places_min = 8;

}  // namespace

std::optional<std::uint64_t> PendingIds::find(ClientId client, std::uint64_t sequence) const {
    if (table_.empty()) return std::nullopt;
    const Pending& pending = table_[table_.locate({client, sequence})];
    if (!pending.is_used()) return std::nullopt;
    return pending.counter;
}

void PendingIds::add(ClientId client, std::uint64_t sequence, std::uint64_t counter) {
    ASSERT(client);
    if ((table_.size() + 1) * 2 > table_.places()) {
        table_.resize(std::max(pending_places_min, 2 * table_.places()));
    }
    const std::size_t place = table_.locate({client, sequence});
    ASSERT(!table_[place].is_used(), "request {} of {} is pending already", sequence, client);
    table_.insert(place, {{client, sequence}, counter});
}

void PendingIds::remove(ClientId client, std::uint64_t sequence) {
    if (table_.empty()) return;
    const std::size_t place = table_.locate({client, sequence});
    if (!table_[place].is_used()) return;
    table_.erase(place);
    const bool is_spacious =
        table_.places() > pending_places_min && table_.size() * 16 < table_.places();
    if (is_spacious) table_.resize(table_.places() / 2);
}

}  // namespace grapevine
