// What may be said of a write whose attempt may have been executed.

#include "client/world.h"

using namespace grapevine;

namespace {

const RingOptions without_1{.epoch = 6, .gone = {1}, .copies = {{0, {2}}, {4, {5}}, {5, {2}}}};

// A stamped write to partition 0 that was sent to server1.
struct Write {
    ClientWorld world = ClientWorld::with_ring();
    OperationId id = 0;

    explicit Write(Duration deadline = 1s) {
        world.learn_stamp(0);
        id = world.submit(put_of(key_in(0), "v", deadline));
        REQUIRE(world.requests.back().request.stamp_ms == 1000);
    }
};

}  // namespace

TEST_CASE("a write that was sent and never answered is unknown at its deadline", "[client]") {
    Write write;
    auto& world = write.world;
    const Time end = world.now + 1s;
    if (GENERATE(true, false)) world.fail(1);
    world.run_until(end - 1us);
    CHECK_FALSE(world.done(write.id));
    world.run_until(end);
    CHECK(world.kind(write.id) == OutcomeKind::unknown);
    CHECK(world.outcomes.at(write.id).detail.find("read the key before writing it again") !=
          std::string::npos);
}

TEST_CASE("a read that was sent and never answered is unavailable", "[client]") {
    auto world = ClientWorld::with_ring();
    const auto id = world.submit(get_of(key_in(0), 1s));
    world.run_for(1ms);
    world.fail(1);
    world.run_for(1s);
    CHECK(world.kind(id) == OutcomeKind::unavailable);
    CHECK(world.outcomes.at(id).detail ==
          "server1 (127.0.0.1:7001), the primary, could not be reached within 1000 ms; try again");
}

TEST_CASE("a write that was refused each time is unavailable at its deadline", "[client]") {
    Write write;
    auto& world = write.world;
    const Time end = world.now + 1s;
    std::size_t answered = 0;
    while (world.now < end) {
        for (; answered < world.requests.size(); ++answered) {
            world.reply(1, write.id, Status::busy);
        }
        world.run_for(1ms);
    }
    REQUIRE(world.done(write.id));
    CHECK(world.ended_at[write.id] == end);
    CHECK(world.kind(write.id) == OutcomeKind::unavailable);
    CHECK(world.outcomes.at(write.id).attempts > 10);
}

TEST_CASE("a late refusal of the silent attempt makes its fate known", "[client]") {
    Write write;
    auto& world = write.world;
    world.run_for(260ms);  // silence: of unknown fate
    SECTION("it comes") {
        world.reply(1, write.id, Status::no_lease);
        world.run_for(1s);
        CHECK(world.kind(write.id) == OutcomeKind::unavailable);
    }
    SECTION("it comes from the new primary, the old one says nothing") {
        world.ring(2, make_ring({.epoch = 6, .copies = {{0, {2, 1}}}}));
        REQUIRE(world.requests.back().to == address_of(2));
        world.reply(2, write.id, Status::no_lease);
        world.run_for(1s);
        CHECK(world.kind(write.id) == OutcomeKind::unknown);
    }
}

TEST_CASE("two attempts at one server need two refusals", "[client]") {
    const bool both = GENERATE(true, false);
    Write write;
    auto& world = write.world;
    world.run_for(250ms);
    world.ring(2, nullptr);
    world.run_for(10ms);
    REQUIRE(world.requests.size() == 2);
    REQUIRE(world.requests[1].to == address_of(1));
    world.reply(1, write.id, Status::unavailable);
    CHECK_FALSE(world.done(write.id));
    if (both) {
        world.reply(1, write.id, Status::unavailable);
        CHECK(world.kind(write.id) == OutcomeKind::unavailable);
    } else {
        world.run_for(1s);
        CHECK(world.kind(write.id) == OutcomeKind::unknown);
    }
}

TEST_CASE("after an attempt of unknown fate the stamp is kept, and its refusal is unknown",
          "[client]") {
    const Status refusal = GENERATE(Status::bad_stamp, Status::below_floor);
    Write write;
    auto& world = write.world;
    world.fail(1);
    // Another operation learns a newer stamp meanwhile.
    world.ring(2, make_ring(without_1));
    const auto read = world.submit(get_of(key_in(0, 1)));
    world.reply(2, read, Status::not_found, 90'000, 6);
    world.ring(2, make_ring({.epoch = 7, .gone = {1}, .copies = {{0, {3}}, {4, {5}}, {5, {3}}}}));
    const auto& last = world.requests.back();
    CHECK(last.to == address_of(3));
    CHECK(last.request.sequence == write.id);
    CHECK(last.request.stamp_ms == 1000);

    world.reply(3, write.id, refusal, 90'001, 7);
    CHECK(world.kind(write.id) == OutcomeKind::unknown);
    // The next write has the fresh one.
    world.submit(put_of(key_in(0)));
    CHECK(world.requests.back().request.stamp_ms >= 90'000);
}

TEST_CASE("an attempt without a stamp is never of unknown fate", "[client]") {
    // Else the first write of each handle that meets a dead primary would be unknown.
    auto world = ClientWorld::with_ring();
    const auto id = world.submit(put_of(key_in(0)));
    REQUIRE(world.requests.back().request.stamp_ms == -1);
    world.fail(1);
    world.ring(2, make_ring(without_1));
    REQUIRE(world.requests.back().to == address_of(2));
    CHECK(world.requests.back().request.stamp_ms == -1);
    world.reply(2, id, Status::bad_stamp, 5000, 6);
    CHECK_FALSE(world.done(id));
    CHECK(world.requests.back().request.stamp_ms == 5000);
    world.reply(2, id, Status::ok, 5000, 6);
    CHECK(world.kind(id) == OutcomeKind::ok);
}

TEST_CASE("a late refusal of the unstamped attempt does not end the stamped one", "[client]") {
    auto world = ClientWorld::with_ring();
    const auto id = world.submit(put_of(key_in(0)));
    world.run_for(250ms);  // silence
    world.ring(2, nullptr);
    world.run_for(10ms);
    REQUIRE(world.requests.size() == 2);
    world.reply(1, id, Status::bad_stamp, 5000);
    world.reply(1, id, Status::bad_stamp, 5000);
    REQUIRE(world.requests.size() == 3);
    CHECK(world.requests[2].request.stamp_ms == 5000);
    CHECK_FALSE(world.done(id));
    world.reply(1, id, Status::ok, 5000);
    CHECK(world.kind(id) == OutcomeKind::ok);
}

TEST_CASE("a lapsed answer leaves doubt, and the same request is sent again", "[client]") {
    Write write;
    auto& world = write.world;
    world.reply(1, write.id, Status::lapsed);
    CHECK_FALSE(world.done(write.id));
    world.run_for(10ms);
    REQUIRE(world.requests.size() == 2);
    CHECK(world.requests[1].request.sequence == write.id);
    SECTION("it is answered from memory") {
        world.reply(1, write.id, Status::ok);
        CHECK(world.kind(write.id) == OutcomeKind::ok);
    }
    SECTION("a refusal of the second attempt does not speak for the first") {
        world.reply(1, write.id, Status::unavailable);
        CHECK_FALSE(world.done(write.id));
        world.run_for(1s);
        CHECK(world.kind(write.id) == OutcomeKind::unknown);
    }
}

TEST_CASE("an uncertain write to a partition that is down waits for it", "[client]") {
    Write write;
    auto& world = write.world;
    world.fail(1);
    const RingOptions down{.epoch = 6, .gone = {1, 2}, .copies = {{1, {3}}, {4, {5}}, {6, {3}}}};
    world.ring(3, make_ring(down));
    world.ring(3, nullptr);
    CHECK_FALSE(world.done(write.id));
    SECTION("it comes up in time, and says what became of the write") {
        world.ring(3, make_ring({.epoch = 7}));
        CHECK(world.requests.back().to == address_of(1));
        world.reply(1, write.id, Status::ok);
        CHECK(world.kind(write.id) == OutcomeKind::ok);
    }
    SECTION("it does not") {
        world.run_for(1s);
        CHECK(world.kind(write.id) == OutcomeKind::unknown);
    }
}

TEST_CASE("an answer that was ordered ends all doubt", "[client]") {
    Write write;
    auto& world = write.world;
    world.fail(1);
    world.ring(2, make_ring(without_1));
    world.reply(2, write.id, Status::condition_failed, 1000, 6);
    CHECK(world.kind(write.id) == OutcomeKind::condition_failed);
}

TEST_CASE("another cluster id ends the handle", "[client]") {
    Write write;
    auto& world = write.world;
    const auto read = world.submit(get_of(key_in(1)));
    const auto unstamped = world.submit(put_of(key_in(2)));
    world.ring(2, make_ring({.epoch = 9, .cluster = 78}));
    CHECK(world.kind(write.id) == OutcomeKind::unknown);
    CHECK(world.kind(read) == OutcomeKind::ended);
    CHECK(world.kind(unstamped) == OutcomeKind::ended);
    CHECK(world.client.ring()->cluster == ClusterId{77});

    const std::size_t sent = world.requests.size() + world.polls.size();
    const auto later = world.submit(get_of(key_in(0)));
    CHECK(world.kind(later) == OutcomeKind::ended);
    CHECK(world.outcomes.at(later).detail.find("start a new one") != std::string::npos);
    world.client.want_ring(world.now, Epoch{99});
    world.ring(2, make_ring({.epoch = 10}));
    world.fail(3);
    world.run_for(1s);
    CHECK(world.requests.size() + world.polls.size() == sent);
    CHECK(world.client.next_deadline() == never);
}

namespace {

constexpr std::uint64_t founded = 1'000'006;
constexpr std::uint64_t founded_twice = 2'000'009;
constexpr Ancestor first{ClusterId{77}, Epoch{5}};
constexpr Ancestor second{ClusterId{78}, Epoch{founded + 2}};
constexpr Ancestor third{ClusterId{79}, Epoch{founded_twice + 2}};

}  // namespace

TEST_CASE("a late ring of the cluster that this one was founded anew from is ignored", "[client]") {
    auto world = ClientWorld::with_ring({.epoch = founded, .cluster = 78, .ancestors = {first}});
    world.learn_stamp(0);
    const auto write = world.submit(put_of(key_in(0)));
    world.ring(3, make_ring());
    CHECK_FALSE(world.done(write));
    CHECK(world.client.ring()->cluster == ClusterId{78});
    CHECK(world.noted("was left behind"));
    CHECK(world.disconnects == std::vector{address_of(3)});
    world.reply(1, write, Status::ok, 1000, founded);
    CHECK(world.kind(write) == OutcomeKind::ok);
}

TEST_CASE("who was left behind does not say that there is no newer ring", "[client]") {
    const RingOptions without_1_and_2{.epoch = founded,
                                      .gone = {1, 2},
                                      .copies = {{1, {3}}, {4, {5}}, {6, {3}}},
                                      .cluster = 78,
                                      .ancestors = {first}};
    auto world = ClientWorld::with_ring(without_1_and_2);
    world.run_for(1s);
    const auto id = world.submit(get_of(key_in(0)));
    REQUIRE_FALSE(world.polls.empty());
    const int asked = world.polls[0].to.port - 7000;
    world.ring(asked, make_ring());
    CHECK_FALSE(world.done(id));
    // It is asked less and less often, as those are that cannot be dialed.
    world.polls.clear();
    for (int i = 0; i < 100; ++i) {
        world.run_for(10ms);
        const auto polls = std::exchange(world.polls, {});
        if (std::ranges::any_of(polls, [&](const auto& p) { return p.to == address_of(asked); })) {
            world.ring(asked, make_ring());
        }
    }
    const auto hung_up = std::ranges::count(world.disconnects, address_of(asked));
    CHECK(hung_up > 1);
    CHECK(hung_up < 40);
}

TEST_CASE("a cluster that was founded anew twice knows the first", "[client]") {
    const RingOptions now{.epoch = founded_twice, .cluster = 79, .ancestors = {second, first}};
    auto world = ClientWorld::with_ring(now);
    const auto read = world.submit(get_of(key_in(0)));
    world.ring(3, make_ring());
    CHECK_FALSE(world.done(read));
    SECTION("a foreign one on an old port ends the handle") {
        world.ring(3, make_ring({.cluster = 99}));
        CHECK(world.outcomes.at(read).detail.find("nothing to do with") != std::string::npos);
    }
    SECTION("so does its twin, founded from the same cluster") {
        world.ring(
            3,
            make_ring({.epoch = founded_twice + 3, .cluster = 80, .ancestors = {second, first}}));
        CHECK(world.kind(read) == OutcomeKind::ended);
    }
    SECTION("and the one that is founded from it") {
        world.ring(
            3, make_ring({.epoch = 3'000'012, .cluster = 81, .ancestors = {third, second, first}}));
        CHECK(world.outcomes.at(read).detail.find("taken the place") != std::string::npos);
    }
}

TEST_CASE("a handle that is told to end ends what is in flight", "[client]") {
    Write write;
    auto& world = write.world;
    const auto read = world.submit(get_of(key_in(1)));
    const auto unstamped = world.submit(put_of(key_in(2)));
    world.client.end("enough");
    world.collect();
    CHECK(world.kind(write.id) == OutcomeKind::unknown);
    CHECK(world.kind(read) == OutcomeKind::ended);
    CHECK(world.kind(unstamped) == OutcomeKind::ended);
    CHECK(world.outcomes.at(read).detail == "enough");
    CHECK(world.kind(world.submit(get_of(key_in(0)))) == OutcomeKind::ended);
    CHECK(world.client.next_deadline() == never);
    // The first reason stays.
    world.client.end("more than enough");
    const auto later = world.submit(get_of(key_in(0)));
    CHECK(world.outcomes.at(later).detail == "enough");
}
