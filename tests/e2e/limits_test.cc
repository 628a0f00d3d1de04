// What takes connections, files or memory from a node costs nobody else anything.
#include <catch2/catch.hpp>
#include <deque>

#include "base/address.h"
#include "e2e/cluster.h"
#include "e2e/raw_socket.h"
#include "wire/wire.h"

using namespace grapevine;
using namespace grapevine::e2e;

namespace {

// Keys enough that every node is primary of some, read and written, while the ring stays as it is.
void check_service(const Cluster& cluster) {
    std::map<std::string, std::string> values;
    std::set<std::string> servers;
    for (int i = 0; i < 30; ++i) {
        const std::string key = "key" + std::to_string(i);
        values[key] = "value" + std::to_string(i);
        servers.insert(cluster.put(key, values[key]));
    }
    CHECK(servers.size() == cluster.nodes().size());
    cluster.check_all(values);
    const auto now = cluster.table();
    REQUIRE(now.size() == cluster.nodes().size());
    for (const auto& [name, row] : now) {
        CHECK(row.state == "up");
        CHECK(row.pid == cluster.pid(name));
    }
}

std::string greeting() {
    return encode(Hello{});
}

constexpr std::size_t value_size = 100'000;

// Of a ring that the cluster is in.
std::string gets(const Cluster& cluster, const std::string& key, std::size_t count) {
    const Finished told = cluster.client({"--get", key, "--show-version"});
    const auto space = told.out.rfind(' ');
    REQUIRE(space != std::string::npos);
    Request request;
    request.client = ClientId{77};
    request.floor = 1;
    request.epoch = Epoch{std::stoull(told.out.substr(space))};
    request.deadline_ms = 60'000;
    request.key = key;
    std::string frames;
    for (std::size_t i = 1; i <= count; ++i) {
        request.sequence = i;
        append_frame(frames, ClientMessage{request});
    }
    return frames;
}

}  // namespace

TEST_CASE("two thousand idle connections to a node disturb nobody", "[e2e]") {
    const Cluster cluster = Cluster::launched(3, 2);
    const Address node = parse_address(cluster.address_of("server1")).value();
    std::deque<RawConnection> idle;
    for (int i = 0; i < 2000; ++i) {
        idle.emplace_back(node);
        idle.back().send(greeting());
    }
    check_service(cluster);
    // They were all taken, not turned away.
    CHECK_FALSE(idle.front().read_to_end(1ms).has_value());
    CHECK_FALSE(idle.back().read_to_end(1ms).has_value());
}

TEST_CASE("a node that runs out of files serves on", "[e2e]") {
    Cluster cluster = Cluster::without_coordinator(2, {{}, {}, {}}, {.files_max = 64});
    const Address node = parse_address(cluster.address_of("server1")).value();
    std::deque<RawConnection> idle;
    for (int i = 0; i < 200; ++i) {
        idle.emplace_back(node);
        idle.back().send(greeting());
    }
    check_service(cluster);
    // Who came first made room.
    CHECK(idle.front().read_to_end(patience).has_value());
    // And its log says why.
    const std::string said = cluster.at(0).err();
    INFO(said);
    CHECK(said.find("raise the limit of open files (ulimit -n)") != std::string::npos);
}

TEST_CASE("clients that read no answers disturb nobody", "[e2e]") {
    const Cluster cluster = Cluster::launched(3, 2);
    const std::string server = cluster.put("large", std::string(value_size, 'v'));
    const Address node = parse_address(cluster.address_of(server)).value();
    const std::string asked = greeting() + gets(cluster, "large", 1000);
    // Who reads is answered.
    const RawConnection reader(node);
    reader.send(asked);
    CHECK(reader.read(10 * value_size, patience).size() == 10 * value_size);
    std::deque<RawConnection> deaf;
    for (int i = 0; i < 20; ++i) {
        deaf.emplace_back(node);
        deaf.back().send(asked);
    }
    check_service(cluster);
    // All answers would be 2 GB. A client may have 1 MiB of them before it is not read any more.
    CHECK(resources_of(cluster.pid(server)).resident_kib < 200 * 1024);
}
