#include "swim/rumor_queue.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

using namespace grapevine;

namespace {

Rumor suspect(std::uint64_t member, std::uint64_t observer, std::uint32_t incarnation = 0) {
    return {.member = NodeId{member},
            .liveness = Liveness::suspect,
            .evidence = Evidence::silence,
            .incarnation = Incarnation{incarnation},
            .observer = NodeId{observer}};
}

std::vector<Rumor> packet(RumorQueue& queue, std::size_t max) {
    std::vector<Rumor> rumors;
    queue.fill(rumors, max);
    queue.invariants();
    return rumors;
}

}  // namespace

TEST_CASE("a rumor is sent lambda ceil(log2(n + 1)) times", "[swim]") {
    const std::map<std::size_t, std::uint32_t> expected = {
        {0, 4},  {1, 4},   {2, 8},    {3, 8},    {6, 12},   {7, 12},
        {8, 16}, {99, 28}, {127, 28}, {128, 32}, {1023, 40}};
    for (const auto& [members, limit] : expected) {
        INFO(members << " members");
        CHECK(RumorQueue::send_limit(4, members) == limit);
    }
    RumorQueue queue;
    queue.set_limit(12);
    queue.add(suspect(1, 2), false);
    for (int i = 0; i < 12; ++i) CHECK(packet(queue, 5).size() == 1);
    CHECK(queue.empty());
    CHECK(packet(queue, 5).empty());
}

TEST_CASE("the least sent go first, so that all get their turn", "[swim]") {
    RumorQueue queue;
    queue.set_limit(3);
    for (std::uint64_t member = 1; member <= 10; ++member) queue.add(suspect(member, 50), false);
    std::map<NodeId, int> seen;
    std::size_t packets = 0;
    while (!queue.empty()) {
        const auto rumors = packet(queue, 4);
        CHECK(rumors.size() <= 4);
        for (const Rumor& rumor : rumors) ++seen[rumor.member];
        ++packets;
    }
    CHECK(packets == 8);  // 10 rumors, 3 times, in packets of 4
    CHECK(std::ranges::all_of(seen, [](const auto& entry) { return entry.second == 3; }));
    queue.add(suspect(1, 50), false);
    CHECK(packet(queue, 1) == std::vector{suspect(1, 50)});
    queue.add(suspect(2, 50), false);
    CHECK(packet(queue, 1) == std::vector{suspect(2, 50)});
}

TEST_CASE("news replaces what it supersedes, observers stand side by side", "[swim]") {
    RumorQueue queue;
    queue.set_limit(3);
    queue.add(suspect(1, 2), false);
    queue.add(suspect(1, 3), false);
    queue.add(suspect(4, 2), false);
    CHECK(packet(queue, 9).size() == 3);
    Rumor gone = suspect(1, 3);
    gone.evidence = Evidence::gone;
    queue.add(gone, false);  // the same observer knows better now
    CHECK(queue.size() == 3);
    queue.add({NodeId{1}, Liveness::alive, Evidence::silence, Incarnation{1}, NodeId{1}}, false);
    CHECK(queue.size() == 2);
    queue.forget(NodeId{2});  // not a member any more: neither are its opinions
    CHECK(queue.size() == 1);
    queue.invariants();
}

TEST_CASE("urgent rumors are handed out once and then spread like others", "[swim]") {
    RumorQueue queue;
    queue.set_limit(2);
    queue.add(suspect(1, 2), true);
    queue.add(suspect(3, 2), false);
    CHECK(queue.take_urgent() == std::vector{suspect(1, 2)});
    CHECK(queue.take_urgent().empty());
    CHECK(packet(queue, 9).size() == 2);
    CHECK(packet(queue, 9).size() == 2);
    CHECK(queue.empty());
}

TEST_CASE("a packet does not say a thing twice", "[swim]") {
    RumorQueue queue;
    queue.set_limit(1);
    queue.add(suspect(1, 2), false);
    std::vector<Rumor> rumors = {suspect(1, 2)};
    queue.fill(rumors, 9);
    CHECK(rumors.size() == 1);
}
