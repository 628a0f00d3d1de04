// What a member is told that lacks the newest ring, and what it asks for.
#include <catch2/catch.hpp>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "node/node.h"
#include "ring/ring_fixture.h"
#include "store/memory_store.h"

using namespace grapevine;

namespace {

// Node 1 founded the cluster; whoever speaks to it does so in the name of node 2, whom ring 2 lets
// in.
struct Founder {
    static NodeConfig config() {
        NodeConfig made;
        made.self = server(1);
        made.found = true;
        made.cluster = ClusterId{9};
        made.partitions = 4;
        return made;
    }

    // What node 1 answers about rings.
    std::vector<PeerBody> hear(PeerBody body, Epoch of_sender = Epoch{2}) {
        static_cast<void>(node.take_effects());
        node.receive(now, {.cluster = ClusterId{9},
                           .from = NodeId{2},
                           .from_address = server(2).address,
                           .to = NodeId{1},
                           .epoch = of_sender,
                           .body = std::move(body)});
        std::vector<PeerBody> answers;
        for (const auto& [to, envelope] : node.take_effects().links) {
            const PeerBody& said = envelope.body;
            if (std::holds_alternative<RingAnswer>(said) || std::holds_alternative<Decided>(said) ||
                std::holds_alternative<RingRequest>(said)) {
                answers.push_back(said);
            }
        }
        return answers;
    }

    RingChange change = {.epoch = Epoch{2}, .joined = {server(2)}};
    Time now = Time{} + 1s;
    MemoryStore store;
    Node node{config(), &store, 7, now};
};

}  // namespace

TEST_CASE("who is one ring behind is told the change, and others the whole ring", "[node]") {
    Founder founder;
    const Ring second = *apply(*founder.node.ring(), founder.change);
    founder.hear(Decided{founder.change, digest(second)});
    REQUIRE(*founder.node.ring() == second);

    const auto to_the_next = founder.hear(RingRequest{Epoch{1}});
    REQUIRE(to_the_next.size() == 1);
    const auto* decided = std::get_if<Decided>(&to_the_next.front());
    REQUIRE(decided != nullptr);
    CHECK(decided->change == founder.change);
    CHECK(decided->digest == digest(second));

    const auto is_whole = [&](const std::vector<PeerBody>& answers) {
        REQUIRE(answers.size() == 1);
        const auto* answer = std::get_if<RingAnswer>(&answers.front());
        return answer != nullptr && *answer->ring == second;
    };
    CHECK(is_whole(founder.hear(RingRequest{})));
    CHECK(founder.hear(RingRequest{Epoch{2}}).empty());
}

TEST_CASE("a change that does not lead to the ring that was decided makes it fetch that ring",
          "[node]") {
    Founder founder;
    const auto asked = founder.hear(Decided{founder.change, 1});
    CHECK(founder.node.ring()->epoch == Epoch{1});
    REQUIRE(asked.size() == 1);
    const auto* request = std::get_if<RingRequest>(&asked.front());
    REQUIRE(request != nullptr);
    CHECK(request->have == Epoch{});  // one ring behind it would be told the same change
}

TEST_CASE("who was told a change that is of no use asks for the whole ring from then on",
          "[node]") {
    Founder founder;
    const auto asked_with = [&](PeerBody body, Epoch of_sender) {
        const auto asked = founder.hear(std::move(body), of_sender);
        REQUIRE(asked.size() == 1);
        REQUIRE(std::holds_alternative<RingRequest>(asked.front()));
        return std::get<RingRequest>(asked.front()).have;
    };
    CHECK(asked_with(Heartbeat{}, Epoch{2}) == Epoch{1});
    founder.now += 1ms;
    CHECK(asked_with(Decided{founder.change, 1}, Epoch{2}) == Epoch{});
    for (int i = 0; i < 3; ++i) {
        founder.now += 100ms;
        CHECK(asked_with(Heartbeat{}, Epoch{2}) == Epoch{});
        founder.now += 1ms;
        // Not again and again, as fast as somebody says so.
        CHECK(founder.hear(Decided{founder.change, 1}, Epoch{2}).empty());
    }
    const Ring second = *apply(*founder.node.ring(), founder.change);
    founder.hear(RingAnswer{std::make_shared<const Ring>(second)}, Epoch{2});
    REQUIRE(founder.node.ring()->epoch == Epoch{2});
    founder.now += 100ms;
    CHECK(asked_with(Heartbeat{}, Epoch{3}) == Epoch{2});
}
