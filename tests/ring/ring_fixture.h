#pragma once
// Rings for tests, and what is done to them in one word: members "server1" ... with the ids 1 ...,
// and a coordinator.

#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "ring/change.h"
#include "ring/planner.h"
#include "ring/ring.h"

namespace grapevine {

inline constexpr NodeId coordinator_id{1000};

inline Member server(std::uint64_t number) {
    return {.id = NodeId{number},
            .name = "server" + std::to_string(number),
            .address = {0x7f000001, static_cast<std::uint16_t>(7000 + number)}};
}

// Another process under the name and address of `server(number)`, without its state.
inline Member reborn(std::uint64_t number) {
    Member member = server(number);
    member.id = NodeId{number + 100};
    return member;
}

inline std::vector<Member> servers(std::uint64_t first, std::uint64_t last) {
    std::vector<Member> members;
    for (std::uint64_t i = first; i <= last; ++i) members.push_back(server(i));
    return members;
}

inline Member a_coordinator() {
    return {.id = coordinator_id,
            .name = "coordinator",
            .address = {0x7f000001, 7000},
            .role = Role::coordinator};
}

inline Ring empty_ring(std::uint32_t copies, std::uint32_t partitions) {
    return found_ring(ClusterId{77}, a_coordinator(), copies, partitions);
}

// Aborts the test where the change is not legal.
inline Ring applied(const Ring& ring, const RingChange& change) {
    auto result = apply(ring, change);
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
}

// A coordinator and server1 ... serverN just after genesis.
inline Ring ring_of(std::uint64_t nodes, std::uint32_t copies, std::uint32_t partitions) {
    const Ring founded = empty_ring(copies, partitions);
    Observations seen;
    seen.joiners = servers(1, nodes);
    return applied(founded, plan(founded, seen, PlannerConfig{}).value());
}

using Ids = std::vector<NodeId>;

inline constexpr NodeId a{1};
inline constexpr NodeId b{2};
inline constexpr NodeId c{3};
inline constexpr NodeId d{4};
inline constexpr PartitionId p0{0};
inline constexpr PartitionId p1{1};

inline RingChange change_to(const Ring& ring) {
    RingChange change;
    change.epoch = next(ring.epoch);
    return change;
}

// Four members, k = 2. Partition 0: copies a b; 1: b a; 2: c d; 3: d.
inline Ring small_ring() {
    const Ring founded = empty_ring(2, 4);
    RingChange genesis = change_to(founded);
    genesis.joined = servers(1, 4);
    genesis.arrangements = {{p0, {a, b}, {}},
                            {p1, {b, a}, {}},
                            {PartitionId{2}, {c, d}, {}},
                            {PartitionId{3}, {d}, {}}};
    return applied(founded, genesis);
}

inline Ring arranged(const Ring& ring, std::vector<Arrangement> arrangements) {
    RingChange change = change_to(ring);
    change.arrangements = std::move(arrangements);
    return applied(ring, change);
}

inline Ring evicted(const Ring& ring, Ids ids) {
    RingChange change = change_to(ring);
    change.evicted = std::move(ids);
    return applied(ring, change);
}

inline Ring joined(const Ring& ring, std::vector<Member> members) {
    RingChange change = change_to(ring);
    change.joined = std::move(members);
    return applied(ring, change);
}

inline std::string refusal(const Ring& ring, const RingChange& change) {
    const auto result = apply(ring, change);
    return result ? "" : result.error().message;
}

template <class Edit>
Member with(Member member, Edit edit) {
    edit(member);
    return member;
}

inline Observations joining(std::vector<Member> members) {
    Observations seen;
    seen.joiners = std::move(members);
    return seen;
}

inline Observations dying(std::set<NodeId> members) {
    Observations seen;
    seen.dead = std::move(members);
    return seen;
}

}  // namespace grapevine
