#include "node/obstacle.h"

#include <catch2/catch.hpp>

#include "ring/change.h"

using namespace grapevine;

namespace {

constexpr Time start = time_from_us(5'000'000);

Member member(std::uint64_t id, const std::string& name, Role role = Role::storage) {
    Member made;
    made.id = NodeId{id};
    made.name = name;
    made.address = {0x7f000001, static_cast<std::uint16_t>(7000 + id)};
    made.role = role;
    return made;
}

Ring coordinator_and_server1() {
    const Ring ring = found_ring(ClusterId{1}, member(1, "coordinator", Role::coordinator), 1, 1);
    RingChange change{.epoch = next(ring.epoch), .joined = {member(2, "server1")}};
    change.arrangements = {{PartitionId{0}, {NodeId{2}}, {}}};
    return *apply(ring, change);
}

}  // namespace

TEST_CASE("a joiner sees who has what it asks for", "[node]") {
    const Ring ring = coordinator_and_server1();
    const auto kind_of = [&](const Member& joiner) -> std::optional<Obstacle::Kind> {
        const auto obstacle = obstacle_of(ring, joiner);
        return obstacle ? std::optional(obstacle->kind) : std::nullopt;
    };
    CHECK(kind_of(member(3, "server2")) == std::nullopt);
    CHECK(kind_of(member(3, "")) == std::nullopt);
    CHECK(kind_of(member(3, "server1")) == Obstacle::Kind::name);
    CHECK(kind_of(member(3, "coordinator", Role::coordinator)) == Obstacle::Kind::coordinator);
    Member same_port = member(3, "server2");
    same_port.address = ring.member(NodeId{2})->address;
    CHECK(kind_of(same_port) == Obstacle::Kind::address);
    CHECK(describe(ring, *obstacle_of(ring, member(3, "server1"))) ==
          "server1 at 127.0.0.1:7002 has the name");
}

TEST_CASE("one that returns with its state is not refused for its name", "[node]") {
    Ring ring = coordinator_and_server1();
    ring = *apply(ring, {.epoch = next(ring.epoch), .evicted = {NodeId{2}}});
    ring = *apply(ring, {.epoch = next(ring.epoch), .joined = {member(3, "server1")}});
    CHECK(obstacle_of(ring, member(2, "server1")) == std::nullopt);
    CHECK(obstacle_of(ring, member(4, "server1")) != std::nullopt);
}

TEST_CASE("an obstacle is told after a second, then every ten", "[node]") {
    const Obstacle name{Obstacle::Kind::name, NodeId{2}};
    Obstacles obstacles;
    CHECK_FALSE(obstacles.look(start, name, true).warn);
    CHECK_FALSE(obstacles.look(start + 999ms, name, true).warn);
    CHECK(obstacles.look(start + 1s, name, true).warn);
    CHECK_FALSE(obstacles.look(start + 1100ms, name, true).warn);
    CHECK_FALSE(obstacles.look(start + 10'999ms, name, true).warn);
    CHECK(obstacles.look(start + 11s, name, true).warn);
    // Gone and back: a new one.
    CHECK_FALSE(obstacles.look(start + 12s, std::nullopt, false).warn);
    CHECK_FALSE(obstacles.look(start + 22s, name, true).warn);
}

TEST_CASE("hopeless is only who waits for one that lives", "[node]") {
    const Obstacle name{Obstacle::Kind::name, NodeId{2}};
    Obstacles obstacles;
    CHECK_FALSE(obstacles.look(start, name, false).hopeless);
    CHECK_FALSE(obstacles.look(start + 20s, name, false).hopeless);
    CHECK_FALSE(obstacles.look(start + 21s, name, true).hopeless);
    CHECK_FALSE(obstacles.look(start + 25'900ms, name, true).hopeless);
    CHECK(obstacles.look(start + 26s, name, true).hopeless);
    CHECK_FALSE(
        obstacles.look(start + 27s, Obstacle{Obstacle::Kind::name, NodeId{3}}, true).hopeless);
}
