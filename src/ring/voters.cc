#include <algorithm>

#include "ring/change.h"

namespace grapevine {

namespace {

// The storage members that are up, the longest in the ring first.
std::vector<const Member*> by_seniority(const std::vector<Member>& members) {
    std::vector<const Member*> storage;
    for (const Member& member : members) {
        if (member.is_up() && member.stores()) storage.push_back(&member);
    }
    std::ranges::sort(storage, [](const Member* a, const Member* b) {
        return std::pair(a->joined, a->id) < std::pair(b->joined, b->id);
    });
    return storage;
}

// What makes the total odd.
std::uint32_t coordinator_votes(std::size_t storage_voters) {
    if (storage_voters == 1) return 0;
    return storage_voters == 0 || storage_voters % 2 == 0 ? 1 : 2;
}

}  // namespace

std::vector<Voter> voters_for(const std::vector<Member>& members) {
    auto storage = by_seniority(members);
    if (storage.size() > storage_voters_max) storage.resize(storage_voters_max);

    std::vector<Voter> voters;
    const auto coordinator = std::ranges::find_if(
        members, [](const Member& member) { return member.is_up() && !member.stores(); });
    if (coordinator == members.end()) {
        if (!storage.empty() && storage.size() % 2 == 0) storage.pop_back();
    } else if (const std::uint32_t votes = coordinator_votes(storage.size()); votes > 0) {
        voters.push_back({coordinator->id, votes});
    }
    for (const Member* member : storage) voters.push_back({member->id, 1});
    return voters;
}

}  // namespace grapevine
