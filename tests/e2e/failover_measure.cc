// Measures what README.md and DESIGN.md promise about the time without service: seven nodes, three
// copies, a client that is connected; kill -9 of a primary to the first successful read of one of
// its keys. Not a test: run failover_measure by hand, GRAPEVINE_KILLS=N for the number of kills,
// and it prints the table that stands in results/failover.md.
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "base/rng.h"
#include "e2e/cluster.h"
#include "e2e/load.h"

using namespace grapevine;
using namespace grapevine::e2e;

namespace {

// How often a read that was answered before is asked again after the kill: until it is answered.
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

// Kills the primary of a key and reads the key.
Wait::rep one_kill(Cluster& cluster, Reader& client, const std::string& key) {
    const std::string victim = client.perform(read_of(key)).server_name;
    const auto begin = std::chrono::steady_clock::now();
    cluster.kill(victim);
    const Outcome outcome = client.perform(read_of(key));
    const auto span = std::chrono::steady_clock::now() - begin;
    REQUIRE(outcome.server_name != victim);
    REQUIRE(outcome.value == "value");
    return std::chrono::ceil<Wait>(span).count();
}

void print(std::vector<Wait::rep> spans_ms) {
    std::sort(spans_ms.begin(), spans_ms.end());
    // Nearest rank: the smallest that so many percent do not exceed.
    const auto percentile = [&](std::size_t percent) {
        return spans_ms[(spans_ms.size() * percent + 99) / 100 - 1];
    };
    std::cout << "| kills | median ms | 90 % ms | 99 % ms | max ms | at most 600 ms |\n"
              << "| --- | --- | --- | --- | --- | --- |\n"
              << "| " << spans_ms.size() << " | " << percentile(50) << " | " << percentile(90)
              << " | " << percentile(99) << " | " << spans_ms.back() << " | "
              << std::count_if(spans_ms.begin(), spans_ms.end(), [](auto ms) { return ms <= 600; })
              << " |\n";
}

}  // namespace

TEST_CASE("time from the kill of a primary to the next read of its key", "[measure]") {
    const char* wanted = std::getenv("GRAPEVINE_KILLS");
    const int kills = wanted != nullptr ? std::atoi(wanted) : 100;
    Cluster cluster = Cluster::by_hand(7, 3);
    Loop loop;
    Reader client(loop, parse_address(cluster.address()).value());
    write_keys(client);
    Rng rng(1);
    std::vector<Wait::rep> spans_ms;
    for (int i = 0; i < kills; ++i) {
        spans_ms.push_back(one_kill(cluster, client, key_number(rng.below(keys))));
        cluster.replace_dead();
    }
    print(spans_ms);
}
