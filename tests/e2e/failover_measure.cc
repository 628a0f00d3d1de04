// Measures the time without service that README.md and DESIGN.md speak of: seven nodes, three
// copies, a client that is connected and has the ring; from the SIGKILL of a primary to the first
// answer to a read of one of its keys, which the client asks for at once. Before each kill the
// cluster is whole again, with a new node for the one that died before.
//
// Not a test: run by hand. GRAPEVINE_KILLS is how many (default 100), GRAPEVINE_MACHINE and
// GRAPEVINE_COMMIT are what the report says about where and what was measured, GRAPEVINE_SPANS
// names a file for each of the times, in microseconds. Progress goes to stderr, the report, in
// Markdown, to stdout.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iostream>
#include <optional>

#include "base/rng.h"
#include "e2e/cluster.h"
#include "e2e/load.h"
#include "e2e/report.h"

using namespace grapevine;
using namespace grapevine::e2e;

namespace {

// A client handle whose operations are waited for, one at a time.
class Reader {
public:
    Reader(Loop& loop, Address seed) : loop_(loop), host_(loop, config(seed)) {}

    Outcome perform(Operation operation) {
        std::optional<Outcome> outcome;
        host_.submit(std::move(operation), [&](const Outcome& came) { outcome = came; });
        REQUIRE(run_until(loop_, patience, [&] { return outcome.has_value(); }));
        REQUIRE(outcome->kind == OutcomeKind::ok);
        return *outcome;
    }

private:
    static ClientConfig config(Address seed) {
        ClientConfig made;
        made.seeds = {seed};
        return made;
    }

    Loop& loop_;
    ClientHost host_;
};

Operation read_of(const std::string& key) {
    Operation operation;
    operation.key = key;
    operation.deadline = 20s;
    return operation;
}

std::string key_number(std::uint64_t number) {
    return "key" + std::to_string(number);
}

constexpr std::uint64_t keys = 200;

void write_keys(Reader& client) {
    for (std::uint64_t i = 0; i < keys; ++i) {
        Operation operation = read_of(key_number(i));
        operation.kind = OperationKind::put;
        operation.value = "value";
        client.perform(std::move(operation));
    }
}

// Kills the primary of a key and reads the key: how long that takes.
std::chrono::microseconds one_kill(Cluster& cluster, Reader& client, const std::string& key) {
    cluster.wait_until_whole();
    // Also for the client to be connected to it, and to have the newest ring.
    const std::string victim = client.perform(read_of(key)).server_name;
    const auto begin = std::chrono::steady_clock::now();
    cluster.kill_now(victim);
    const Outcome outcome = client.perform(read_of(key));
    const auto span = std::chrono::steady_clock::now() - begin;
    REQUIRE(outcome.server_name != victim);
    REQUIRE(outcome.value == "value");
    return std::chrono::ceil<std::chrono::microseconds>(span);
}

void tell_progress(std::vector<Wait::rep> spans_ms, std::size_t kills) {
    std::ranges::sort(spans_ms);
    std::cerr << spans_ms.size() << " of " << kills << " kills: median " << percentile(spans_ms, 50)
              << " ms, max " << spans_ms.back() << " ms" << std::endl;
}

void report(std::vector<Wait::rep> spans_ms) {
    std::ranges::sort(spans_ms);
    std::cout << "Machine: " << setting("GRAPEVINE_MACHINE", "not said")
              << ". Commit: " << setting("GRAPEVINE_COMMIT", "not said") << ". Times in ms.\n\n"
              << "| kills | median | p90 | p99 | max | over 600 ms |\n"
              << "| ---: | ---: | ---: | ---: | ---: | ---: |\n"
              << "| " << spans_ms.size() << " | " << percentile(spans_ms, 50) << " | "
              << percentile(spans_ms, 90) << " | " << percentile(spans_ms, 99) << " | "
              << spans_ms.back() << " | "
              << std::ranges::count_if(spans_ms, [](auto ms) { return ms > 600; }) << " |"
              << std::endl;
}

}  // namespace

TEST_CASE("time from the kill of a primary to the next read of its key", "[measure]") {
    const std::size_t kills = std::stoul(setting("GRAPEVINE_KILLS", "100"));
    REQUIRE(kills > 0);
    Cluster cluster = Cluster::by_hand(7, 3);
    Loop loop;
    Reader client(loop, parse_address(cluster.address()).value());
    write_keys(client);
    Rng rng(1);
    std::vector<Wait::rep> spans_ms;
    std::ofstream spans_us(setting("GRAPEVINE_SPANS", "/dev/null"));
    REQUIRE(spans_us.is_open());
    while (spans_ms.size() < kills) {
        const auto span = one_kill(cluster, client, key_number(rng.below(keys)));
        spans_us << span.count() << std::endl;
        spans_ms.push_back(std::chrono::ceil<Wait>(span).count());
        cluster.replace_dead();
        if (spans_ms.size() % 10 == 0) tell_progress(spans_ms, kills);
    }
    REQUIRE(spans_us.good());
    report(spans_ms);
}
