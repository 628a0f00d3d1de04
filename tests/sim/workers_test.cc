// Runs in processes of their own: outcomes, crashes, runs that never end, and shrinking.
#include "sim/workers.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <set>

#include "base/assert.h"
#include "sim/shrink.h"
#include "sim/swarm.h"

using namespace grapevine;
using namespace grapevine::sim;

namespace {

std::vector<RunOutcome> outcomes_of(const WorkersConfig& config, std::size_t jobs,
                                    const Workers::Work& work) {
    std::vector<RunOutcome> outcomes(jobs);
    std::size_t done = 0;
    Workers workers(config);
    CHECK(workers.run(jobs, work, [&](std::size_t job, const RunOutcome& outcome) {
        outcomes[job] = outcome;
        ++done;
        return true;
    }));
    CHECK(done == jobs);
    return outcomes;
}

void stand_still() {
    for (;;) pause();
}

void turn_in_circles() {
    for (;;) static_cast<void>(getppid());
}

}  // namespace

TEST_CASE("an outcome travels whole, or not at all", "[sim]") {
    RunOutcome outcome;
    outcome.result = RunResult::broken;
    outcome.rule = "one server";
    outcome.reason = "two\nlines";
    outcome.hash = ~0ULL;
    outcome.virtual_time = 61s;
    outcome.faults = {"1s:kill=server1", "2s:heal"};
    const std::string text = encode(outcome);
    const auto decoded = decode_outcome(text);
    REQUIRE(decoded);
    CHECK(decoded->result == RunResult::broken);
    CHECK(decoded->rule == "one server");
    CHECK(decoded->reason == "two lines");
    CHECK(decoded->hash == ~0ULL);
    CHECK(decoded->virtual_time == 61s);
    CHECK(decoded->faults == outcome.faults);
    CHECK_FALSE(decode_outcome(text.substr(0, text.size() - 4)));
    CHECK(decode_outcome(early_fault("1s:heal") + text));
    CHECK(early_faults(early_fault("1s:heal") + early_fault("2s:heal") + "happ") ==
          std::vector<std::string>{"1s:heal", "2s:heal"});
}

TEST_CASE("a job that crashes is an outcome, and the others go on", "[sim]") {
    const auto outcomes =
        outcomes_of({.at_once = 2}, 6, [](std::size_t job, const Workers::Report& report) {
            report(early_fault("1s:heal"));
            ASSERT(job != 2, "job {} is the bad one", job);
            if (job == 3) std::exit(7);
            RunOutcome outcome;
            outcome.hash = job;
            return outcome;
        });
    for (const std::size_t job : {0U, 1U, 4U, 5U}) {
        CHECK(outcomes[job].result == RunResult::pass);
        CHECK(outcomes[job].hash == job);
    }
    CHECK(outcomes[2].result == RunResult::crashed);
    CHECK(outcomes[2].rule == "SIGABRT");
    CHECK(outcomes[2].reason.find("job 2 is the bad one") != std::string::npos);
    CHECK(outcomes[2].faults == std::vector<std::string>{"1s:heal"});
    CHECK(outcomes[3].result == RunResult::crashed);
    CHECK(exit_code(outcomes[3].result) == 4);
}

TEST_CASE("a job that never ends is ended", "[sim]") {
    const auto outcomes = outcomes_of({.at_once = 3, .limit = std::chrono::seconds(1)}, 3,
                                      [](std::size_t job, const Workers::Report&) {
                                          if (job == 0) stand_still();
                                          if (job == 1) turn_in_circles();
                                          return RunOutcome{};
                                      });
    for (const std::size_t job : {0U, 1U}) {
        CHECK(outcomes[job].result == RunResult::crashed);
        CHECK(outcomes[job].rule == "never ends");
    }
    CHECK(outcomes[2].result == RunResult::pass);
}

TEST_CASE("a job that waits for the processor is not ended", "[sim]") {
    constexpr auto limit = std::chrono::seconds(2);
    const Patience::Moment begun;
    Patience patience(begun);
    // A thousand seconds, of which it works for a millisecond each.
    for (int i = 1; i <= 1000; ++i) {
        CHECK_FALSE(patience.is_exhausted(begun + i * 1s, i * 1ms, limit));
    }
    // It stands still; then nobody knows what it used.
    const Patience::Moment stopped = begun + 1000s;
    CHECK_FALSE(patience.is_exhausted(stopped + 1999ms, 1000ms, limit));
    CHECK_FALSE(patience.is_exhausted(stopped + 1999ms, 0ms, limit));
    CHECK(patience.is_exhausted(stopped + 2s, 1000ms, limit));
    // And one that works all the time.
    Patience other(begun);
    CHECK_FALSE(other.is_exhausted(begun + 1999ms, 1999ms, limit));
    CHECK(other.is_exhausted(begun + 2s, 2s, limit));
}

TEST_CASE("no further jobs are begun when nobody wants more", "[sim]") {
    std::set<std::size_t> done;
    Workers workers({.at_once = 1});
    CHECK(workers.run(
        100, [](std::size_t, const Workers::Report&) { return RunOutcome{}; },
        [&](std::size_t job, const RunOutcome&) {
            done.insert(job);
            return done.size() < 3;
        }));
    CHECK(done.size() == 3);
}

TEST_CASE("of the runs of a swarm that fail, the lowest seed is kept", "[sim]") {
    SwarmConfig config{.first_seed = 7, .runs = 4, .workers = {.at_once = 4}};
    config.choice.planted = Planted::broken;
    config.choice.partitions = 16;
    config.choice.nodes = 3;
    config.choice.faults_for = 1s;
    config.choice.script.emplace();
    for (const char* text : {"100ms:pause=server1", "200ms:resume=server1", "300ms:kill=server2"}) {
        config.choice.script->push_back(*parse_fault(text));
    }
    const SwarmOutcome sum = run_swarm(config, [](const std::string&) {});
    CHECK(sum.failed == 4);
    CHECK(sum.failed_seed == 7);
    CHECK(sum.worst == RunResult::broken);
    CHECK(worse_of(RunResult::crashed, RunResult::broken) == RunResult::crashed);
    CHECK(worse_of(RunResult::not_converged, RunResult::broken) == RunResult::broken);
    CHECK(worse_of(RunResult::pass, RunResult::not_converged) == RunResult::not_converged);
}

TEST_CASE("a failing run is shrunk to what makes it fail", "[sim]") {
    PlanChoice choice;
    choice.planted = Planted::broken;
    choice.faults_for = 2s;
    choice.partitions = 16;
    choice.nodes = 4;
    std::vector<Fault> faults;
    for (const char* text : {"200ms:loss=10", "400ms:pause=server1", "500ms:resume=server1",
                             "600ms:cut=server1/server2", "800ms:heal", "1s:kill=server2",
                             "1200ms:restart=server2", "1400ms:loss=0"}) {
        faults.push_back(*parse_fault(text));
    }
    choice.script = faults;
    const RunOutcome failure = run(draw_plan(4, choice));
    REQUIRE(failure.result == RunResult::broken);
    std::size_t steps = 0;
    const auto shrunk = shrink({.seed = 4, .choice = choice, .workers = {.at_once = 2}}, failure,
                               [&](const std::string&) { ++steps; });
    REQUIRE(shrunk);
    CHECK(steps > 2);
    CHECK(shrunk->outcome.fails_like(failure));
    REQUIRE(shrunk->choice.script->size() == 2);  // a pause and a kill, and no less
    CHECK((*shrunk->choice.script)[0].kind == FaultKind::pause);
    CHECK((*shrunk->choice.script)[1].kind == FaultKind::kill);
    CHECK(*shrunk->choice.clients == 1);
    CHECK(*shrunk->choice.faults_for < 6s);
    CHECK(*shrunk->choice.nodes < 4);
    // What is printed runs the same.
    CHECK(run(draw_plan(4, shrunk->choice)).fails_like(failure));
}
