// Bugs in "exactly once": requests that arrive twice.
#include <string>

#include "base/limits.h"
#include "planted/found.h"
#include "planted/plans.h"
#include "scenarios/operator.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

// Clients lose patience long before an answer can be there, and ask again.
Finding impatient_clients(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 3, 3);
    plan.world.network.delay_max = 25ms;
    plan.world.client.attempt_timeout = 5ms;
    plan.load.keys = 2;
    plan.load.clients = 6;
    plan.load.conditional_percent = 50;
    plan.load.erases_percent = 30;
    plan.storm = {.break_links = 1, .gap_max = 500ms, .lasts = 2s};
    return weather(plan);
}

// The same, at primaries that stand still for a while, and then take all at once.
Finding halting_primaries(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 3, 2);
    plan.world.client.attempt_timeout = 20ms;
    plan.load.keys = 3;
    plan.load.clients = 10;
    plan.load.reads_percent = 30;
    plan.load.conditional_percent = 80;
    plan.load.erases_percent = 50;
    plan.storm = {
        .pause = 1, .gap_max = 300ms, .length_min = 100ms, .length_max = 380ms, .lasts = 6s};
    return weather(plan);
}

// A request comes again when all have forgotten it, and another value has taken its place.
Finding late_duplicate(std::uint64_t seed, PlantedBugs bugs) {
    const Plan plan = small_plan(seed, bugs, 3, 2);
    sim::Cluster cluster(plan.world);
    if (!cluster.run_until_ready()) return never_ready;
    const std::string primary = cluster.primary_of("k");
    Operator stranger(cluster);
    Request request{.client = ClientId{seed}, .sequence = 1, .floor = 1};
    request.epoch = cluster.world().newest_ring()->epoch;
    request.deadline_ms = 5000;
    request.kind = OperationKind::put;
    request.key = "k";
    request.value = "first";
    const auto refused = stranger.request(primary, request);  // for the stamp that it lacks
    if (!refused) return {Oracle::convergence, "no answer"};
    request.stamp_ms = refused->stamp_ms;
    const auto done = stranger.request(primary, request);
    if (!done || done->status != Status::ok) return {Oracle::convergence, "not written"};
    if (cluster.get("k") != "first") return {Oracle::history, "what was written is not there"};
    cluster.put("k", "second");
    Rng rng(seed);
    cluster.run_for(request_memory + rng.between(1s, 20s));
    stranger.request(primary, request);
    if (cluster.get("k") != "second") return {Oracle::history, "what was overwritten is back"};
    return {};
}

// A primary that was idle for long tells a stamp, and dies before its time is replicated. The write
// with that stamp is slow; its client writes with the successor's stamp, and later anew. Long after
// that the slow one arrives, when the successor's time has come to its stamp.
Finding stamp_from_the_future(std::uint64_t seed, PlantedBugs bugs) {
    constexpr Duration idle = 2 * request_memory;
    sim::Cluster cluster(small_plan(seed, bugs, 3, 2).world);
    if (!cluster.run_until_ready()) return never_ready;
    cluster.run_for(idle);
    Operator stranger(cluster);
    Request slow = put_of(cluster, "first");
    slow.stamp_ms = -1;
    const std::string primary = cluster.primary_of("k");
    sim::Names others = cluster.members();
    std::erase(others, primary);
    cluster.cut({primary}, others);
    const auto told = stranger.request(primary, slow);
    if (!told || told->status != Status::bad_stamp) return {Oracle::convergence, "no stamp"};
    cluster.kill({primary});
    if (!cluster.run_until_restored()) return {Oracle::convergence, "not restored"};
    const std::string successor = cluster.primary_of("k");
    slow.epoch = cluster.world().newest_ring()->epoch;
    Request quick = slow;
    std::optional<Reply> done;
    for (int attempt = 0; attempt < 3; ++attempt) {
        done = stranger.request(successor, quick);
        if (!done || done->status != Status::bad_stamp) break;
        quick.stamp_ms = done->stamp_ms;
    }
    if (!done || done->status != Status::ok) return {Oracle::convergence, "not written"};
    cluster.put("k", "second");
    cluster.run_for(idle);
    slow.stamp_ms = told->stamp_ms;
    stranger.request(successor, slow);
    cluster.get("k");
    return conclude(cluster, nullptr);
}

// A write is refused, for no copy is up; the same bytes come again when one is, on a link that was
// slow. Its client knows that nothing was changed.
Finding refused_once(std::uint64_t seed, PlantedBugs bugs) {
    sim::Cluster cluster(small_plan(seed, bugs, 3, 1).world);
    if (!cluster.run_until_restored()) return never_ready;
    cluster.put("k", "old");
    const std::string holder = cluster.primary_of("k");
    cluster.pause({holder});
    const auto is_down = [&] {
        const RingPtr ring = cluster.world().newest_ring();
        return !ring->is_up(cluster.world().node(holder)->id());
    };
    if (!cluster.run_until(is_down, 3s)) return {Oracle::convergence, "not evicted"};
    sim::Names others = cluster.members();
    std::erase(others, holder);
    const Request write = put_of(cluster, "refused");
    Operator stranger(cluster);
    const auto first = stranger.request(others.front(), write);
    if (!first || first->status != Status::unavailable) return {Oracle::convergence, "no refusal"};
    cluster.resume({holder});
    if (!cluster.run_until_restored()) return {Oracle::convergence, "not restored"};
    stranger.request(cluster.primary_of("k"), write);
    cluster.get("k");
    return conclude(cluster, nullptr);
}

// A write comes another way, and is executed. It comes as it was sent, on a line that was slow,
// when its holder was evicted.
Finding executed_before(std::uint64_t seed, PlantedBugs bugs) {
    sim::Cluster cluster(small_plan(seed, bugs, 3, 1).world);
    if (!cluster.run_until_restored()) return never_ready;
    cluster.put("k", "old");
    const std::string holder = cluster.primary_of("k");
    sim::Names others = cluster.members();
    std::erase(others, holder);
    others.push_back(sim::coordinator_name);
    sim::World& world = cluster.world();
    world.apply({.kind = sim::FaultKind::echo, .percent = 100, .span = 1ms});
    world.apply({.kind = sim::FaultKind::clog, .pairs = {{holder, sim::watching_client}}});
    const auto written = cluster.begin({.kind = OperationKind::put, .key = "k", .value = "new"});
    cluster.run_for(50ms);
    world.apply({.kind = sim::FaultKind::echo, .percent = 0});
    cluster.cut({holder}, others);
    const auto is_out = [&] { return !world.newest_ring()->is_up(world.node(holder)->id()); };
    if (!cluster.run_until(is_out, 3s)) return {Oracle::convergence, "not evicted"};
    cluster.heal();
    if (!cluster.run_until([&] { return !written->empty(); }, 10s)) {
        return {Oracle::convergence, "the write has no end"};
    }
    cluster.run_for(1s);
    cluster.get("k");
    return conclude(cluster, nullptr);
}

}  // namespace

TEST_CASE("a write is refused by who has executed it when it came before", "[planted]") {
    check_found("refused_though_done", Bug::refused_though_done, 4, executed_before);
}

TEST_CASE("a write that was refused is executed later", "[planted]") {
    check_found("old_route_accepted", Bug::old_route_accepted, 1, refused_once);
}

TEST_CASE("a duplicate arrives after its id was forgotten", "[planted]") {
    check_found("stamp_unchecked", Bug::stamp_unchecked, 1, late_duplicate);
}

TEST_CASE("a client is told a stamp that dies with its primary", "[planted]") {
    check_found("stamp_told_early", Bug::stamp_told_early, 2, stamp_from_the_future);
}

TEST_CASE("a refused conditional write is not remembered", "[planted]") {
    check_found("refusal_not_remembered", Bug::refusal_not_remembered, 5, halting_primaries);
}

TEST_CASE("a duplicate is answered before the original commits", "[planted]") {
    check_found("duplicate_answered_early", Bug::duplicate_answered_early, 3, impatient_clients);
}
