#include "coordinator/launch.h"

#include <catch2/catch.hpp>
#include <csignal>
#include <string>
#include <tuple>
#include <vector>

#include "ring/ring.h"

namespace grapevine {
namespace {

constexpr Time start = time_from_us(1'000'000);

// A ring after genesis whose storage members have these names.
Ring ring_of(const std::vector<std::string>& names) {
    Ring ring;
    ring.epoch = Epoch{2};
    ring.genesis = Epoch{2};
    for (const std::string& name : names) {
        Member member;
        member.id = NodeId{ring.members.size() + 1};
        member.name = name;
        ring.members.push_back(member);
    }
    return ring;
}

// A launch whose processes were all started, with pids from 100 on.
Launch launched(std::size_t nodes) {
    Launch launch(start, {.nodes = nodes});
    int pid = 100;
    for (const std::string& name : launch.take_effects().spawns) launch.spawned(start, name, pid++);
    return launch;
}

std::vector<std::string> names_signalled(const LaunchEffects& effects, int number) {
    std::vector<std::string> names;
    for (const auto& signal : effects.signals) {
        if (signal.number == number) names.push_back(signal.name);
    }
    return names;
}

}  // namespace

TEST_CASE("a process is told from others of its name by its id") {
    Launch launch = launched(2);
    CHECK(launch.launched("server1", 100));
    CHECK_FALSE(launch.launched("server1", 101));
    CHECK_FALSE(launch.launched("server3", 100));
    launch.exited(start, "server2", 0, 0);
    CHECK(launch.launched("server2", 101));
}

TEST_CASE("a process that died is known by its id, also when another is started in its place") {
    Launch launch(start, {.nodes = 1, .respawn = true});
    std::ignore = launch.take_effects();
    launch.spawned(start, "server1", 100);
    launch.ring_changed(ring_of({"server1"}));
    launch.exited(start + 1s, "server1", 0, SIGKILL);
    CHECK(launch.launched("server1", 100));
    launch.tick(start + 2s);
    CHECK(launch.launched("server1", 100));
    launch.spawned(start + 2s, "server1", 101);
    CHECK(launch.launched("server1", 101));
    CHECK(launch.launched("server1", 100));
    CHECK_FALSE(launch.launched("server1", 102));
    launch.exited(start + 3s, "server1", 0, SIGKILL);
    launch.stop(start + 3s);
    CHECK(launch.launched("server1", 101));
    CHECK(launch.take_effects().over);
}

TEST_CASE("a launch starts server1 to serverN and is formed when all are in the ring") {
    Launch launch(start, {.nodes = 2});
    CHECK(launch.take_effects().spawns == std::vector<std::string>{"server1", "server2"});
    launch.spawned(start, "server1", 100);
    launch.spawned(start, "server2", 101);
    launch.ring_changed(ring_of({"server1"}));
    CHECK_FALSE(launch.take_effects().formed);
    launch.ring_changed(ring_of({"server1", "server2"}));
    CHECK(launch.take_effects().formed);
    CHECK(launch.is_formed());
    CHECK(launch.next_deadline() == never);
    // Only once.
    launch.ring_changed(ring_of({"server1", "server2"}));
    CHECK_FALSE(launch.take_effects().formed);
}

TEST_CASE("a launch of nobody forms with the first peer that comes") {
    Launch launch(start, {.nodes = 0});
    CHECK(launch.take_effects().spawns.empty());
    CHECK(launch.next_deadline() == never);
    launch.ring_changed(ring_of({}));
    CHECK_FALSE(launch.is_formed());
    launch.ring_changed(ring_of({"server1"}));
    CHECK(launch.is_formed());
    launch.stop(start);
    CHECK(launch.take_effects().over);
}

TEST_CASE("the deadline says who is missing and stops the others") {
    Launch launch = launched(3);
    launch.ring_changed(ring_of({"server1", "server3"}));
    launch.tick(start + 30s - 1us);
    CHECK(launch.take_effects().lines.empty());
    launch.tick(start + 30s);
    const LaunchEffects effects = launch.take_effects();
    REQUIRE(effects.lines.size() == 1);
    CHECK(effects.lines[0].find("server2 is missing") != std::string::npos);
    CHECK(effects.lines[0].find("server1") == std::string::npos);
    CHECK(names_signalled(effects, SIGINT).size() == 3);
    CHECK(launch.failed());
}

TEST_CASE("a process that ends before the ring formed fails the launch") {
    Launch launch = launched(2);
    launch.exited(start + 1s, "server2", 3, 0);
    LaunchEffects effects = launch.take_effects();
    REQUIRE(effects.lines.size() == 2);
    CHECK(effects.lines[0] == "server2 (pid 101) ended with status 3");
    CHECK(effects.lines[1].find("server2 (ended with status 3)") != std::string::npos);
    CHECK(names_signalled(effects, SIGINT) == std::vector<std::string>{"server1"});
    CHECK_FALSE(effects.over);
    launch.exited(start + 2s, "server1", 0, SIGINT);
    CHECK(launch.take_effects().over);
    CHECK(launch.failed());
}

TEST_CASE("the death of a member is reported with its signal") {
    Launch launch = launched(2);
    launch.ring_changed(ring_of({"server1", "server2"}));
    std::ignore = launch.take_effects();
    launch.exited(start + 5s, "server1", 0, SIGKILL);
    const LaunchEffects effects = launch.take_effects();
    CHECK(effects.lines ==
          std::vector<std::string>{"server1 (pid 100) was killed by signal 9 (SIGKILL)"});
    CHECK(effects.signals.empty());
    CHECK_FALSE(launch.failed());
}

TEST_CASE("stopping is SIGINT, then SIGKILL after the grace to those that are left") {
    Launch launch = launched(2);
    launch.ring_changed(ring_of({"server1", "server2"}));
    std::ignore = launch.take_effects();
    launch.stop(start + 10s);
    CHECK(names_signalled(launch.take_effects(), SIGINT).size() == 2);
    launch.exited(start + 10s + 1ms, "server1", 0, SIGINT);
    CHECK(launch.take_effects().lines.empty());
    launch.tick(start + 12s - 1us);
    CHECK(launch.take_effects().signals.empty());
    CHECK(launch.next_deadline() == start + 12s);
    launch.tick(start + 12s);
    CHECK(names_signalled(launch.take_effects(), SIGKILL) == std::vector<std::string>{"server2"});
    launch.exited(start + 12s + 1ms, "server2", 0, SIGKILL);
    CHECK(launch.take_effects().over);
    CHECK_FALSE(launch.failed());
}

TEST_CASE("stopping twice does not wait for the grace") {
    Launch launch = launched(1);
    std::ignore = launch.take_effects();
    launch.stop(start);
    launch.stop(start + 1ms);
    CHECK(names_signalled(launch.take_effects(), SIGKILL) == std::vector<std::string>{"server1"});
}

TEST_CASE("nobody is left behind when one of several cannot be started") {
    Launch launch(start, {.nodes = 2});
    std::ignore = launch.take_effects();
    launch.spawn_failed(start, "server1", "no such file");
    LaunchEffects effects = launch.take_effects();
    CHECK(effects.lines.front() == "server1 could not be started: no such file");
    CHECK_FALSE(effects.over);
    // Started although the launch has failed meanwhile: it is told to end.
    launch.spawned(start, "server2", 101);
    CHECK(names_signalled(launch.take_effects(), SIGINT) == std::vector<std::string>{"server2"});
    launch.exited(start, "server2", 0, SIGINT);
    CHECK(launch.take_effects().over);
}

TEST_CASE("who dies is started again after growing pauses, where that is wanted") {
    Launch launch(start, {.nodes = 1, .respawn = true});
    std::ignore = launch.take_effects();
    launch.spawned(start, "server1", 100);
    launch.ring_changed(ring_of({"server1"}));
    std::ignore = launch.take_effects();
    Time now = start + 1s;
    for (const Duration pause :
         {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 16'000ms, 30'000ms, 30'000ms}) {
        launch.exited(now, "server1", 0, SIGKILL);
        CHECK(launch.take_effects().lines.size() == 1);
        CHECK(launch.next_deadline() == now + pause);
        launch.tick(now + pause - 1us);
        CHECK(launch.take_effects().spawns.empty());
        launch.tick(now + pause);
        CHECK(launch.take_effects().spawns == std::vector<std::string>{"server1"});
        CHECK(launch.next_deadline() == never);
        launch.spawned(now + pause, "server1", 101);
        now += pause + 59s;
    }
    // It lasted this time.
    now += 1s;
    launch.exited(now, "server1", 3, 0);
    CHECK(launch.take_effects().lines ==
          std::vector<std::string>{
              "server1 (pid 101) ended with status 3; it is started again in 0.5 s"});
    launch.tick(now + 500ms);
    std::ignore = launch.take_effects();
    launch.spawn_failed(now + 500ms, "server1", "no memory");
    CHECK(launch.take_effects().lines ==
          std::vector<std::string>{"server1 could not be started: no memory; trying again in 1 s"});
    launch.stop(now + 600ms);
    CHECK(launch.take_effects().over);
    CHECK(launch.next_deadline() == never);
}

TEST_CASE("who left is not started again, nor who was told to end before it could") {
    for (const int status : {0, status_ended_early}) {
        Launch launch(start, {.nodes = 1, .respawn = true});
        launch.spawned(start, "server1", 100);
        launch.ring_changed(ring_of({"server1"}));
        launch.exited(start + 1s, "server1", status, 0);
        CHECK(launch.next_deadline() == never);
    }
}

}  // namespace grapevine
