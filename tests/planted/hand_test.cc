// Bugs that need messages in an order that the simulated network does not make (yet), or rings that
// one member misses: Replications whose messages are carried by hand. Judged like all others:
// copies have to be identical in the end.
#include <optional>

#include "base/rng.h"
#include "planted/found.h"
#include "replication/trio.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

constexpr NodeId primary{1};
constexpr NodeId fill{3};

Trio::Configure with(PlantedBugs bugs) {
    return [bugs](ReplicationConfig& config) { config.bugs = bugs; };
}

void arrange_fills(Trio& trio, std::vector<NodeId> fills, const std::set<NodeId>& to = {}) {
    RingChange change;
    change.arrangements.push_back({Trio::partition, trio.entry().copies, std::move(fills)});
    trio.change(change, to);
}

// Until the fill should have everything.
Finding compare(Trio& trio) {
    trio.put(primary, "last", "v");
    int messages = 0;
    trio.deliver([&](const Trio::Queued&) { return ++messages > 10'000; });
    if (messages > 10'000) return {Oracle::convergence, "messages go back and forth without end"};
    trio.run_for(1s);
    if (trio.same(primary, fill)) return {};
    return {Oracle::copies, "a fill differs from its primary"};
}

std::string key(Rng& rng) {
    return "key" + std::to_string(rng.below(8));
}

// A fill ends and is opened again, and the member hears of both only afterwards.
Finding missed_ring(std::uint64_t seed, PlantedBugs bugs) {
    Rng rng(seed);
    Trio trio(3, 2, with(bugs));
    trio.put(primary, key(rng), "one");
    trio.deliver();
    arrange_fills(trio, {fill});
    trio.deliver();
    arrange_fills(trio, {}, {primary, NodeId{2}});
    for (std::uint64_t i = 0; i <= rng.below(4); ++i) {
        trio.put(primary, key(rng), "two" + std::to_string(i));
        trio.deliver();
    }
    arrange_fills(trio, {fill});
    return compare(trio);
}

// A chunk is on the way for long, over a connection that has ended; its keys are deleted meanwhile.
Finding late_chunk(std::uint64_t seed, PlantedBugs bugs) {
    Rng rng(seed);
    Trio trio(3, 2, with(bugs));
    for (int i = 0; i < 8; ++i) trio.put(primary, "key" + std::to_string(i), "v");
    trio.deliver();
    arrange_fills(trio, {fill});
    std::optional<Trio::Queued> late;
    const auto hold_back = [&](const Trio::Queued& message) {
        const auto* chunk = std::get_if<FillChunk>(&message.message);
        if (chunk == nullptr || chunk->items.empty()) return false;
        if (!late) late = message;
        return true;
    };
    trio.deliver(hold_back);
    trio.ask(primary, trio.request(OperationKind::erase, key(rng)));
    trio.deliver(hold_back);
    trio.put(primary, "other", "v");  // carries the watermark
    trio.deliver(hold_back);
    if (!late) return {Oracle::crash, "no chunk was sent"};
    trio.peer(fill).replication.receive(trio.now, primary, std::get<FillChunk>(late->message));
    trio.collect(fill);
    return compare(trio);
}

}  // namespace

TEST_CASE("a fill that missed a ring keeps its session", "[planted]") {
    check_found("session_by_tenure_alone", Bug::session_by_tenure_alone, 3, missed_ring);
}

TEST_CASE("a backfill chunk resurrects a deleted key", "[planted]") {
    check_found("chunk_resurrects", Bug::chunk_resurrects, 3, late_chunk);
}
