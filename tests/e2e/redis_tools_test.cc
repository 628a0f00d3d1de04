// Redis's own tools on a real cluster, plain and as a cluster, also while nodes die.
#include <catch2/catch.hpp>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/cluster.h"
#include "e2e/redis_client.h"

using namespace grapevine;
using namespace grapevine::e2e;

namespace {

bool has_tools() {
    for (const char* tool : {"redis-cli", "redis-benchmark"}) {
        if (run({"/bin/sh", "-c", std::string("command -v ") + tool}).code == 0) continue;
        std::cout << "SKIPPED: " << tool << " is not installed (Debian's redis-tools)\n";
        return false;
    }
    return true;
}

std::string port_of(const std::string& address) {
    return address.substr(address.find(':') + 1);
}

std::string cli(const Cluster& cluster, std::vector<std::string> arguments,
                std::string_view input = {}) {
    std::vector<std::string> command{"/usr/bin/env", "redis-cli", "-p",
                                     port_of(cluster.address_of("server1"))};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const Finished told = run(command, input);
    CHECK(told.code == 0);
    return told.out;
}

std::vector<std::string> benchmark(const Cluster& cluster, std::vector<std::string> arguments) {
    std::vector<std::string> command{"/usr/bin/env", "redis-benchmark", "-p",
                                     port_of(cluster.address_of("server1")), "-q"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
}

// What it printed for each test, without the lines that count.
void check_benchmark(const Finished& told, std::size_t tests) {
    INFO(told.out << told.err);
    CHECK(told.code == 0);
    std::size_t found = 0;
    for (std::size_t at = 0; (at = told.out.find(" requests per second", at)) != std::string::npos;
         ++at) {
        ++found;
    }
    CHECK(found == tests);
    CHECK(told.out.find("rror") == std::string::npos);
}

// Two nodes die, one after the other, while somebody else's commands go on.
void kill_under_load(Cluster& cluster) {
    RedisClient client(cluster.address_of("server1"));
    const auto commands = [&] {
        const std::string info = client.ask("INFO stats");
        const std::string_view name = "total_commands_processed:";
        return std::stoll(info.substr(info.find(name) + name.size()));
    };
    // More than are asked for here.
    const auto is_under_way = [&] {
        const long long before = commands();
        return eventually(patience, [&, asked = 0]() mutable {
            ++asked;
            return commands() > before + asked + 100;
        });
    };
    for (const std::string victim : {"server6", "server7"}) {
        CHECK(is_under_way());
        cluster.kill(victim);
        cluster.wait_until_whole();
    }
}

}  // namespace

TEST_CASE("redis-cli finds what it looks for", "[e2e]") {
    if (!has_tools()) return;
    const Cluster cluster = Cluster::launched(5, 3);
    CHECK(cli(cluster, {"set", "a", "1"}) == "OK\n");
    CHECK(cli(cluster, {"-c", "get", "a"}) == "1\n");
    CHECK(cli(cluster, {"-3", "get", "nosuch"}) == "\n");
    CHECK(cli(cluster, {"-n", "0", "incr", "a"}) == "2\n");
    for (int i = 0; i < 50; ++i) {
        CHECK(cli(cluster, {"-c", "set", "key" + std::to_string(i), "v"}) == "OK\n");
    }
    const std::string scanned = cli(cluster, {"--scan"});
    CHECK(std::count(scanned.begin(), scanned.end(), '\n') == 51);
    CHECK(cli(cluster, {"--bigkeys"}).find("51 strings") != std::string::npos);
    CHECK(cli(cluster, {"dbsize"}) == "51\n");
    CHECK(cli(cluster, {}, "MULTI\nSET {t}a 1\nGET {t}a\nEXEC\n") == "OK\nQUEUED\nQUEUED\nOK\n1\n");
    std::string mass;
    for (int i = 0; i < 1000; ++i) mass += redis_command({"SET", "mass" + std::to_string(i), "v"});
    CHECK(cli(cluster, {"--pipe"}, mass).find("errors: 0, replies: 1000") != std::string::npos);
    const std::string checked =
        run({"/usr/bin/env", "redis-cli", "--cluster", "check", cluster.address_of("server2")}).out;
    INFO(checked);
    CHECK(checked.find("All nodes agree about slots configuration") != std::string::npos);
    CHECK(checked.find("All 16384 slots covered") != std::string::npos);
    // Each node counts its own keys for who asks CLUSTER NODES.
    CHECK(checked.find("[OK] 1052 keys in 5 masters.") != std::string::npos);
}

TEST_CASE("redis-benchmark runs, plain and as a cluster", "[e2e]") {
    if (!has_tools()) return;
    const Cluster cluster = Cluster::launched(5, 3);
    for (const std::string pipeline : {"1", "16", "64"}) {
        check_benchmark(run(benchmark(cluster, {"-t", "ping,set,get,incr,mset", "-n", "5000", "-P",
                                                pipeline, "-r", "10000"})),
                        6);
        check_benchmark(run(benchmark(cluster, {"-t", "set,get,incr", "-n", "5000", "-P", pipeline,
                                                "-r", "10000", "--cluster"})),
                        3);
    }
    check_benchmark(run(benchmark(cluster, {"-t", "set,get", "-n", "2000", "-3"})), 2);
}

// With --cluster it holds connections to all nodes and gives up itself when one of these ends, so
// that is not here.
TEST_CASE("redis-benchmark goes on while nodes die", "[e2e]") {
    if (!has_tools()) return;
    Cluster cluster = Cluster::launched(7, 3);
    Process load(
        benchmark(cluster, {"-t", "set,get,incr", "-n", "300000", "-P", "4", "-r", "1000"}));
    kill_under_load(cluster);
    const auto ended = load.wait(4 * patience);
    REQUIRE(ended.has_value());
    check_benchmark({ended->code, load.out(), load.err()}, 3);
}

TEST_CASE("redis-cli counts each increment once while nodes die", "[e2e]") {
    if (!has_tools()) return;
    Cluster cluster = Cluster::launched(7, 3);
    constexpr int counted = 100'000;
    const std::string lines = "seq " + std::to_string(counted) + " | sed 's/.*/INCR n/' | ";
    Process load(
        {"/bin/sh", "-c", lines + "redis-cli -p " + port_of(cluster.address_of("server1"))});
    kill_under_load(cluster);
    const auto ended = load.wait(4 * patience);
    REQUIRE(ended.has_value());
    CHECK(ended->code == 0);
    std::string expected;
    for (int i = 1; i <= counted; ++i) expected += std::to_string(i) + "\n";
    CHECK((load.out() == expected));
    CHECK(load.err().empty());
}
