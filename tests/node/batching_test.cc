// What one turn of the loop has to say to a peer goes into one message.
#include <catch2/catch.hpp>
#include <string>
#include <variant>

#include "node/node.h"
#include "ring/ring_fixture.h"
#include "store/memory_store.h"

using namespace grapevine;

namespace {

// Node 1 founded the cluster, node 2 is the second copy of everything in ring 2.
struct Pair {
    Pair() : node(config(), &store, 7, now) {
        Ring ring = *apply(*node.ring(), {.epoch = Epoch{2}, .joined = {server(2)}});
        for (Entry& entry : ring.table) {
            entry.copies.push_back(NodeId{2});
            entry.since = Epoch{2};
        }
        node.receive(now, from_2(RingAnswer{std::make_shared<const Ring>(ring)}));
        static_cast<void>(node.take_effects());
    }

    static NodeConfig config() {
        NodeConfig made;
        made.self = server(1);
        made.found = true;
        made.cluster = ClusterId{9};
        made.copies_wanted = 2;
        made.partitions = 4;
        return made;
    }

    static Envelope from_2(PeerBody body) {
        return {.cluster = ClusterId{9},
                .from = NodeId{2},
                .from_address = server(2).address,
                .to = NodeId{1},
                .epoch = Epoch{2},
                .body = std::move(body)};
    }

    Time now = Time{} + 1s;
    MemoryStore store;
    Node node;
};

}  // namespace

TEST_CASE("writes that arrive in one turn travel to a copy in one message", "[node]") {
    Pair pair;
    constexpr std::uint64_t writes = 32;
    for (std::uint64_t i = 1; i <= writes; ++i) {
        pair.node.receive(pair.now, ConnectionId{1},
                          Request{.client = ClientId{5},
                                  .sequence = i,
                                  .floor = 1,
                                  .stamp_ms = 0,
                                  .epoch = Epoch{2},
                                  .deadline_ms = 1000,
                                  .kind = OperationKind::put,
                                  .key = "key" + std::to_string(i),
                                  .value = "v"});
    }
    std::size_t messages = 0;
    std::size_t operations = 0;
    for (const auto& [to, envelope] : pair.node.take_effects().links) {
        const auto* replicate = std::get_if<Replicate>(&envelope.body);
        if (replicate == nullptr) continue;
        ++messages;
        operations += replicate->ops.size();
    }
    CHECK(messages == 1);
    CHECK(operations == writes);
}
