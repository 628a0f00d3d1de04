// What is down is given up in a run: what restarts empty has a new history, and an old one.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sim/history_lines.h"
#include "sim/run.h"
#include "sim/scripted.h"

using namespace grapevine;
using namespace grapevine::sim;
using namespace grapevine::testing;

namespace {

bool is_read(const OperationRecord& record) {
    return record.kind == RecordKind::get;
}

}  // namespace

TEST_CASE("what is given up restarts empty, and no other key is lost", "[sim]") {
    const RunOutcome kept = run_script({"1s:kill=server1,server2,server3"});
    INFO(kept.reason);
    CHECK(kept.result == RunResult::pass);
    CHECK(kept.given_up == 0);
    CHECK(kept.keys_right < 20);
    const RunOutcome given_up = run_script(
        {"1s:kill=server1,server2,server3", "4s:acceptloss", "6s:restart=server1,server2,server3"});
    INFO(given_up.reason);
    CHECK(given_up.result == RunResult::pass);
    CHECK(given_up.given_up > 0);
    CHECK(given_up.keys_right == 20);
    CHECK(given_up.reason.find("given up and restarted empty") != std::string::npos);
}

TEST_CASE("a holder that wakes after its data were given up shows none of them", "[sim]") {
    const RunOutcome outcome =
        run_script({"1s:pause=server1", "1s:kill=server2,server3", "4s:acceptloss",
                    "6s:resume=server1", "8s:restart=server2,server3"});
    INFO(outcome.reason);
    CHECK(outcome.result == RunResult::pass);
    CHECK(outcome.given_up > 0);
    CHECK(outcome.keys_right == 20);
}

TEST_CASE("nothing is given up where a copy is left", "[sim]") {
    const RunOutcome outcome =
        run_script({"1s:kill=server1,server2", "1500ms:acceptloss", "3s:acceptloss"});
    INFO(outcome.reason);
    CHECK(outcome.result == RunResult::pass);
    CHECK(outcome.given_up == 0);
    CHECK(outcome.beyond == 0);
}

TEST_CASE("runs in which losses are accepted go the same way from their lists", "[sim]") {
    std::size_t given_up = 0;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        PlanChoice choice;
        choice.faults = *FaultMix::parse("kill,pause,acceptloss");
        choice.nodes = 9;
        choice.copies = 1;
        choice.partitions = 16;
        choice.faults_for = 20s;
        const RunOutcome one = run(draw_plan(seed, choice));
        INFO("seed " << seed << ": " << one.reason);
        CHECK(one.result == RunResult::pass);
        given_up += one.given_up;
        const RunOutcome listed = run_listed(seed, choice, one);
        CHECK(listed.hash == one.hash);
        CHECK(listed.given_up == one.given_up);
    }
    CHECK(given_up > 0);
}

TEST_CASE("what was given up is not to be seen again, and what came after it is", "[sim]") {
    Cluster cluster({.nodes = 3, .copies = 1, .seed = 5, .partitions = 8});
    REQUIRE(cluster.run_until_ready());
    const std::string key = "k";
    // What ends when something else begins may come after it.
    const auto rest = [&] { cluster.run_for(1ms); };
    REQUIRE(cluster.put(key, "old") == "OK");
    rest();
    REQUIRE(cluster.get(key) == "old");
    cluster.kill({cluster.primary_of(key)});
    const auto is_down = [&] {
        const RingPtr ring = cluster.world().newest_ring();
        return ring->is_down(ring->entry(partition_of_key(key, ring->partitions())));
    };
    REQUIRE(cluster.run_until(is_down, 2s));
    cluster.world().apply({.kind = FaultKind::accept_loss});
    REQUIRE(cluster.run_until([&] { return !is_down(); }, 5s));
    REQUIRE(cluster.get(key) == "not found");
    REQUIRE(cluster.put(key, "new") == "OK");
    rest();
    REQUIRE(cluster.get(key) == "new");

    const History seen = cluster.history();
    CHECK(check_linearizable(seen).verdict == Verdict::violated);
    CHECK(check_lines(cluster.world(), seen).verdict == Verdict::linearizable);
    // Of the three reads the second is the first one after the restart.
    const auto with = [&](std::size_t which, RecordOutcome outcome, const std::string& value) {
        History changed = seen;
        for (OperationRecord& record : changed) {
            if (!is_read(record) || which-- > 0) continue;
            record.outcome = outcome;
            record.value = value;
            record.version = {};
            break;
        }
        return check_lines(cluster.world(), changed).verdict;
    };
    CHECK(with(0, RecordOutcome::absent, "") == Verdict::violated);   // lost before it was given up
    CHECK(with(1, RecordOutcome::done, "old") == Verdict::violated);  // came back
    CHECK(with(2, RecordOutcome::absent, "") == Verdict::violated);   // lost after it
}
