#include "ring/ring.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <ranges>
#include <utility>

#include "base/hash.h"

namespace grapevine {

namespace {

// Fixed widths, little-endian; lists and strings are preceded by their length.
class Canonical {
public:
    void add(std::uint64_t number, std::size_t bytes = 8) {
        if constexpr (std::endian::native == std::endian::big) number = std::byteswap(number);
        // All eight, as one store: what is not meant is written over by what follows.
        std::memcpy(room(sizeof number), &number, sizeof number);
        size_ += bytes;
    }
    template <class Tag, class Rep>
    void add(Id<Tag, Rep> id) {
        add(id.value, sizeof(Rep));
    }
    void add(const std::string& text) {
        add(text.size());
        std::memcpy(room(text.size()), text.data(), text.size());
        size_ += text.size();
    }
    void add(NodeId id, std::uint64_t number) {
        add(id);
        add(number);
    }
    void add(const std::ranges::sized_range auto& items) {
        add(items.size());
        for (const auto& item : items) add(item);
    }
    void add(const Member& member);
    void add(const Voter& voter) { add(voter.id, voter.votes); }
    void add(const Fill& fill) { add(fill.id, fill.opened.value); }
    void add(const Ancestor& each) {
        add(each.cluster);
        add(each.last);
    }
    void add(const Entry& entry);

    [[nodiscard]] std::string_view bytes() const { return {bytes_.get(), size_}; }

private:
    // Where the next so many go.
    char* room(std::size_t bytes) {
        if (capacity_ - size_ < bytes) grow(bytes);
        return bytes_.get() + size_;
    }
    void grow(std::size_t bytes) {
        capacity_ = std::max(2 * capacity_, size_ + bytes + 65536);
        auto more = std::make_unique_for_overwrite<char[]>(capacity_);
        std::copy_n(bytes_.get(), size_, more.get());
        bytes_ = std::move(more);
    }

    std::unique_ptr<char[]> bytes_;  // a string would be filled with zeros first
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;
};

void Canonical::add(const Member& member) {
    add(member.id);
    add(member.name);
    add(member.address.ip, 4);
    add(member.address.port, 2);
    add(member.pid, 4);
    add(static_cast<std::uint64_t>(member.role), 1);
    add(static_cast<std::uint64_t>(member.state), 1);
    add(member.zone);
    add(member.weight, 4);
    add(member.joined);
}

void Canonical::add(const Entry& entry) {
    add(entry.copies);
    add(entry.fills);
    add(entry.tenure);
    add(entry.since);
    add(entry.generation);
}

template <class Wanted>
const Member* find_up(const Ring& ring, Wanted wanted) {
    const auto found = std::ranges::find_if(
        ring.members, [&](const Member& member) { return member.is_up() && wanted(member); });
    return found == ring.members.end() ? nullptr : &*found;
}

// Copies that can go from every partition and leave one. Of those that leave there may be none left
// at any moment.
std::size_t spare_copies(const Ring& ring) {
    std::size_t spare = std::max<std::size_t>(copies_possible(ring), 1) - 1;
    for (const Entry& entry : ring.table) {
        if (ring.is_down(entry)) return 0;
        spare = std::min(spare, entry.copies.size() - 1);
    }
    return spare;
}

// Storage voters have one vote each.
std::size_t spare_votes(const Ring& ring) {
    return ring.voters.empty() ? 0 : ring.votes_total() - ring.majority();
}

}  // namespace

const Ancestor* find_ancestor(const Ancestors& ancestors, ClusterId cluster) {
    const auto found = std::ranges::find(ancestors, cluster, &Ancestor::cluster);
    return found == ancestors.end() ? nullptr : &*found;
}

bool Entry::is_copy(NodeId id) const {
    return std::ranges::find(copies, id) != copies.end();
}

const Fill* Entry::fill_of(NodeId id) const {
    const auto found = std::ranges::find(fills, id, &Fill::id);
    return found == fills.end() ? nullptr : &*found;
}

const Member* Ring::member(NodeId id) const {
    const auto found = std::ranges::lower_bound(members, id, {}, &Member::id);
    return found == members.end() || found->id != id ? nullptr : &*found;
}

const Member* Ring::member_named(std::string_view name) const {
    return find_up(*this, [&](const Member& member) { return member.name == name; });
}

const Member* Ring::member_at(Address address) const {
    return find_up(*this, [&](const Member& member) { return member.address == address; });
}

bool Ring::is_up(NodeId id) const {
    const Member* found = member(id);
    return found != nullptr && found->is_up();
}

const Member* Ring::coordinator() const {
    return find_up(*this, [](const Member& member) { return member.role == Role::coordinator; });
}

bool Ring::is_down(const Entry& entry) const {
    return entry.copies.empty() || !is_up(entry.primary());
}

std::size_t Ring::storage_count() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        members, [](const Member& member) { return member.is_up() && member.stores(); }));
}

std::uint32_t Ring::votes_of(NodeId id) const {
    const auto found = std::ranges::find(voters, id, &Voter::id);
    return found == voters.end() ? 0 : found->votes;
}

std::uint32_t Ring::votes_total() const {
    std::uint32_t total = 0;
    for (const Voter& voter : voters) total += voter.votes;
    return total;
}

std::size_t partitions_of(const Ring& ring, NodeId id) {
    return static_cast<std::size_t>(
        std::ranges::count_if(ring.table, [&](const Entry& entry) { return entry.writes_to(id); }));
}

bool somebody_stays(const Ring& ring, NodeId leaver) {
    return std::ranges::any_of(
        ring.members, [&](const Member& member) { return member.id != leaver && member.stays(); });
}

std::size_t copies_possible(const Ring& ring) {
    const auto staying = std::ranges::count_if(ring.members, &Member::stays);
    return std::min<std::size_t>(ring.copies_wanted, static_cast<std::size_t>(staying));
}

std::size_t deaths_survived(const Ring& ring) {
    return std::min(spare_copies(ring), spare_votes(ring));
}

Resilience resilience(const Ring& ring) {
    Resilience result{.nodes = deaths_survived(ring), .members = 0, .beside_coordinator = {}};
    result.members = result.nodes;
    const Member* coordinator = ring.coordinator();
    if (coordinator == nullptr) return result;
    const std::size_t votes = ring.votes_of(coordinator->id);
    if (votes > spare_votes(ring)) {
        result.members = 0;
        return result;
    }
    result.beside_coordinator = std::min(spare_copies(ring), spare_votes(ring) - votes);
    result.members = std::min(result.nodes, *result.beside_coordinator + 1);
    return result;
}

bool fully_replicated(const Ring& ring) {
    const std::size_t wanted = copies_possible(ring);
    return std::ranges::all_of(ring.table, [&](const Entry& entry) {
        return !ring.is_down(entry) && entry.fills.empty() && entry.copies.size() >= wanted;
    });
}

std::vector<PartitionId> down_since(const Ring& ring, Epoch epoch) {
    std::vector<PartitionId> down;
    if (!ring.genesis) return down;
    for (std::uint32_t i = 0; i < ring.partitions(); ++i) {
        const Entry& entry = ring.table[i];
        if (ring.is_down(entry) && entry.since <= epoch) down.emplace_back(i);
    }
    return down;
}

std::uint64_t digest(const Ring& ring) {
    Canonical canonical;
    canonical.add(ring.cluster);
    canonical.add(ring.ancestors);
    canonical.add(ring.epoch);
    canonical.add(ring.genesis);
    canonical.add(ring.copies_wanted, 4);
    canonical.add(ring.protocol, 2);
    canonical.add(ring.last_server_number, 4);
    canonical.add(ring.members);
    canonical.add(ring.voters);
    canonical.add(ring.table);
    return hash64(canonical.bytes());
}

}  // namespace grapevine
