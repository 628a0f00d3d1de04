// Dead, silent and unreachable members.

#include "client/world.h"

using namespace grapevine;

TEST_CASE("a dead primary: a newer ring is waited for, the same request goes to its successor",
          "[client]") {
    auto world = ClientWorld::with_ring();
    world.learn_stamp(0);
    const auto id = world.submit(put_of(key_in(0)));
    world.run_for(1ms);
    world.fail(1);
    CHECK(world.noted("the link to server1 (127.0.0.1:7001) could not be made, or ended"));
    // Three others are asked, and once they have shown that they are well, they are waited at.
    REQUIRE(world.polls.size() == 3);
    const auto asked = world.polls;
    for (const auto& [to, poll] : asked) {
        CHECK(to != address_of(1));
        world.ring(to.port - 7000, nullptr);
        CHECK(world.polls_long(to.port - 7000));
    }
    // The ring is the current one, so it may be the link alone: the primary is tried again.
    world.run_for(300ms);
    const std::size_t tries = world.requests.size();
    CHECK(tries >= 2);
    CHECK(world.requests.back().to == address_of(1));
    world.fail(1);
    for (const auto& request : world.requests) CHECK(request.request.sequence == id);

    world.ring(asked[0].to.port - 7000,
               make_ring({.epoch = 6, .gone = {1}, .copies = {{0, {2}}, {4, {5}}, {5, {2}}}}));
    const auto& last = world.requests.back();
    CHECK(last.to == address_of(2));
    CHECK(last.at == world.now);
    CHECK(last.request.sequence == id);
    CHECK(last.request.stamp_ms == 1000);
    CHECK(last.request.epoch == Epoch{6});
    world.reply(2, id, Status::ok);
    CHECK(world.kind(id) == OutcomeKind::ok);
    CHECK(world.outcomes.at(id).server_name == "server2");
}

TEST_CASE("a dead primary is dialed less and less often", "[client]") {
    auto world = ClientWorld::with_ring();
    world.submit(get_of(key_in(0)));
    std::vector<Time> dials;
    while (world.now < Time{3s}) {
        if (!world.requests.empty() || std::ranges::any_of(world.polls, [](const auto& sent) {
                return sent.to == address_of(1);
            })) {
            dials.push_back(world.now);
            world.requests.clear();
            world.polls.clear();
            world.fail(1);
        }
        world.ring(2, nullptr);
        world.run_for(1ms);
    }
    CHECK(dials.size() > 15);
    CHECK(dials.size() < 60);
    CHECK(dials.back() - dials[dials.size() - 2] >= 50ms);
}

TEST_CASE("without word that the ring is current, a primary that failed is not tried again",
          "[client]") {
    auto world = ClientWorld::with_ring();
    const auto id = world.submit(get_of(key_in(0)));
    world.run_for(1ms);
    world.fail(1);
    world.run_for(1s);
    CHECK(world.requests.size() == 1);
    world.ring(2, nullptr);
    world.run_for(300ms);
    CHECK(world.requests.size() == 2);
    world.reply(1, id, Status::ok);
    CHECK(world.kind(id) == OutcomeKind::ok);
}

TEST_CASE("new operations for a primary that failed wait with the others", "[client]") {
    auto world = ClientWorld::with_ring();
    world.submit(get_of(key_in(0)));
    world.fail(1);
    for (int i = 0; i < 10; ++i) world.submit(get_of(key_in(0, i)));
    CHECK(world.requests.size() == 1);
    world.ring(2, make_ring({.epoch = 6, .gone = {1}, .copies = {{0, {2}}, {4, {5}}, {5, {2}}}}));
    CHECK(world.requests.size() == 12);

    CHECK(world.noted("server2 (127.0.0.1:7002) is now the primary: sent again to it"));
}

TEST_CASE("silence of the primary: a newer ring is asked for, not too early and not too late",
          "[client]") {
    auto world = ClientWorld::with_ring();
    const auto id = world.submit(get_of(key_in(0)));
    world.run_for(249ms);
    CHECK(world.polls.empty());
    CHECK(world.notes.find("did not answer") == std::string::npos);
    world.run_for(1ms);
    CHECK(world.noted("server1 (127.0.0.1:7001) did not answer within 250 ms"));
    REQUIRE(world.polls.size() == 3);
    for (const auto& [to, poll] : world.polls) CHECK(to != address_of(1));

    SECTION("the ring has not changed: it is sent again to the same primary") {
        world.ring(world.polls[0].to.port - 7000, nullptr);
        world.run_for(10ms);
        REQUIRE(world.requests.size() == 2);
        CHECK(world.requests[1].to == address_of(1));
        CHECK(world.noted("sent again to server1 (127.0.0.1:7001)"));
        // Slower each time: a slow write is not helped by copies of it.
        world.run_for(499ms);
        CHECK(world.requests.size() == 2);
    }
    SECTION("the ring changes: it is sent to the new primary") {
        world.ring(world.polls[0].to.port - 7000, make_ring({.epoch = 6, .copies = {{0, {2, 1}}}}));
        REQUIRE(world.requests.size() == 2);
        CHECK(world.requests[1].to == address_of(2));
        SECTION("a late answer of the first one is an answer") {
            world.reply(1, id, Status::ok);
            CHECK(world.kind(id) == OutcomeKind::ok);
            CHECK(world.outcomes.at(id).server_name == "server1");
        }
        SECTION("a late refusal of the first one changes nothing") {
            world.reply(1, id, Status::not_primary, -1, 6);
            CHECK_FALSE(world.done(id));
            world.reply(2, id, Status::not_found);
            CHECK(world.kind(id) == OutcomeKind::not_found);
        }
    }
}

TEST_CASE("operations that are not yet troubled follow a new ring too", "[client]") {
    auto world = ClientWorld::with_ring();
    world.submit(get_of(key_in(0)));
    world.run_for(200ms);
    const auto later = world.submit(get_of(key_in(0, 1)));
    world.run_for(60ms);  // the first one is troubled
    world.ring(3, make_ring({.epoch = 6, .copies = {{0, {2, 1}}}}));
    REQUIRE(world.requests.size() == 4);
    CHECK(world.requests[3].to == address_of(2));
    CHECK(world.requests[3].request.sequence == later);
}

// Large answers take their time, one after the other: asked again they would only take longer.
TEST_CASE("a primary that answers others is not silent", "[client]") {
    ClientWorld world = ClientWorld::with_ring();
    std::vector<OperationId> ids;
    for (int i = 0; i < 10; ++i) ids.push_back(world.submit(get_of(key_in(1, i))));
    const int primary = world.requests.front().to.port - 7000;
    for (const OperationId id : ids) {
        world.run_for(200ms);
        world.reply(primary, id, Status::ok);
    }
    CHECK(world.requests.size() == 10);
    CHECK_FALSE(world.noted("did not answer"));
    // When nothing comes any more it is.
    const OperationId last = world.submit(get_of(key_in(1)));
    world.run_for(249ms);
    CHECK_FALSE(world.noted("did not answer"));
    world.run_for(2ms);
    CHECK(world.noted("did not answer"));
    CHECK_FALSE(world.done(last));
}

TEST_CASE("a primary of whose answer a part has come is not silent", "[client]") {
    ClientWorld world = ClientWorld::with_ring();
    world.submit(get_of(key_in(1)));
    const Address primary = world.requests.front().to;
    for (int i = 0; i < 10; ++i) {
        world.run_for(200ms);
        world.client.partly_received(world.now, primary);
    }
    CHECK(world.requests.size() == 1);
    world.run_for(249ms);
    CHECK_FALSE(world.noted("did not answer"));
    world.run_for(2ms);
    CHECK(world.noted("did not answer"));
}

TEST_CASE("a link over which nothing comes for long is made anew", "[client]") {
    auto world = ClientWorld::with_ring();
    world.submit(get_of(key_in(0)));
    const Time start = world.now;
    while (world.disconnects.empty() && world.now < start + 5s) {
        world.run_for(10ms);
        world.ring(2, nullptr);
    }
    CHECK(world.disconnects == std::vector{address_of(1)});
    CHECK(world.now >= start + 1250ms);
    CHECK(world.now <= start + 3s);
    const std::size_t before = world.requests.size();
    for (int i = 0; i < 10; ++i) {
        world.run_for(10ms);
        world.ring(2, nullptr);
    }
    CHECK(world.requests.size() == before + 1);
}

TEST_CASE("seeds that are dead do not matter while a member lives", "[client]") {
    ClientConfig config;
    config.seeds = {address_of(0), address_of(9)};
    ClientWorld world(config);
    const auto id = world.submit(get_of(key_in(0)));
    CHECK(world.polls.size() == 2);
    world.fail(0);
    world.ring(9, make_ring());
    world.fail(9);
    world.fail(1);
    world.polls.clear();
    world.run_for(1s);
    const bool member_asked = std::ranges::any_of(
        world.polls, [](const auto& sent) { return sent.to.port >= 7002 && sent.to.port <= 7005; });
    CHECK(member_asked);
    world.ring(4, make_ring({.epoch = 6, .gone = {1}, .copies = {{0, {2}}, {4, {5}}, {5, {2}}}}));
    world.reply(2, id, Status::ok);
    CHECK(world.kind(id) == OutcomeKind::ok);
}

TEST_CASE("members that are silent are passed over for a ring", "[client]") {
    auto world = ClientWorld::with_ring();
    world.submit(get_of(key_in(0)));
    world.fail(1);
    const auto first = world.polls;
    world.polls.clear();
    world.run_for(251ms);  // none of the three answers
    REQUIRE(world.polls.size() >= 2);
    for (int i = 0; i < 2; ++i) {
        for (const auto& [to, poll] : first)
            CHECK(world.polls[static_cast<std::size_t>(i)].to != to);
    }
}

TEST_CASE("a member that is no more in the ring is left", "[client]") {
    auto world = ClientWorld::with_ring();
    world.submit(get_of(key_in(0)));
    world.ring(2, make_ring({.epoch = 6, .gone = {1}, .copies = {{0, {2}}, {4, {5}}, {5, {2}}}}));
    CHECK(world.disconnects == std::vector{address_of(1)});
    CHECK(world.requests.back().to == address_of(2));
}

TEST_CASE("no ring at all: unavailable exactly at the deadline, with the remedy", "[client]") {
    ClientWorld world;
    const auto id = world.submit(put_of("k", "v", 700ms));
    const Time end = world.now + 700ms;
    world.fail(coordinator);
    world.run_until(end - 1us);
    CHECK_FALSE(world.done(id));
    world.run_until(end);
    REQUIRE(world.done(id));
    CHECK(world.kind(id) == OutcomeKind::unavailable);
    CHECK(world.outcomes.at(id).detail ==
          "no ring could be had from 127.0.0.1:7000 within 700 ms; nothing was changed; start the"
          " cluster, or name the address of a member that is up");
    CHECK(world.client.next_deadline() > world.now);
}

TEST_CASE("before the first storage node, operations wait for it", "[client]") {
    auto world = ClientWorld::with_ring({.epoch = 1, .genesis = false});
    const auto id = world.submit(get_of(key_in(0)));
    world.ring(coordinator, nullptr);
    CHECK_FALSE(world.done(id));
    world.ring(coordinator, make_ring({.epoch = 2}));
    CHECK(world.requests.size() == 1);
}

TEST_CASE("a partition that is down is unavailable at once, after the ring was confirmed",
          "[client]") {
    const RingOptions without_1_and_2{.gone = {1, 2}, .copies = {{1, {3}}, {4, {5}}, {6, {3}}}};
    auto world = ClientWorld::with_ring(without_1_and_2);
    world.run_for(1s);
    const bool is_write = GENERATE(false, true);
    const auto id = world.submit(is_write ? put_of(key_in(0)) : get_of(key_in(0)));
    CHECK_FALSE(world.done(id));
    REQUIRE_FALSE(world.polls.empty());
    CHECK(world.polls[0].poll.wait_ms == 0);

    SECTION("there is no newer one") {
        world.ring(world.polls[0].to.port - 7000, nullptr);
        CHECK(world.kind(id) == OutcomeKind::unavailable);
        CHECK(world.outcomes.at(id).detail ==
              std::string("no copy of the key's partition is up in ring 5; ") +
                  (is_write ? "nothing was changed; " : "") +
                  "try again when server1 or server2 is back (client --status tells more)");
        CHECK(world.requests.empty());
        // The next one needs word of its own.
        world.run_for(1ms);
        const auto next = world.submit(get_of(key_in(0)));
        CHECK_FALSE(world.done(next));
        world.ring(world.polls.back().to.port - 7000, nullptr);
        CHECK(world.kind(next) == OutcomeKind::unavailable);
    }
    SECTION("in a newer one it is down too") {
        RingOptions newer = without_1_and_2;
        newer.epoch = 6;
        world.ring(3, make_ring(newer));
        CHECK(world.kind(id) == OutcomeKind::unavailable);
    }
    SECTION("in a newer one it is up again") {
        world.ring(3, make_ring({.epoch = 6}));
        CHECK(world.requests.back().to == address_of(1));
    }
}

TEST_CASE("a server's word that no copy is up is final if its ring is not behind", "[client]") {
    auto world = ClientWorld::with_ring();
    const auto id = world.submit(get_of(key_in(0)));
    world.reply(1, id, Status::unavailable, -1, 4);
    CHECK_FALSE(world.done(id));
    world.run_for(10ms);
    REQUIRE(world.requests.size() == 2);
    world.reply(1, id, Status::unavailable, -1, 5);
    CHECK(world.kind(id) == OutcomeKind::unavailable);
}

TEST_CASE("what is left of the deadline travels with each attempt", "[client]") {
    auto world = ClientWorld::with_ring();
    const auto id = world.submit(get_of(key_in(0), 1000ms));
    CHECK(world.requests.back().request.deadline_ms == 1000);
    world.now += 999'500us;
    world.ring(2, make_ring({.epoch = 6, .copies = {{0, {2, 1}}}}));
    CHECK(world.requests.back().request.deadline_ms == 1);
    world.run_for(499us);
    CHECK_FALSE(world.done(id));
    world.run_for(1us);
    CHECK(world.kind(id) == OutcomeKind::unavailable);
}

TEST_CASE("the same inputs and seed give the same effects", "[client]") {
    const auto run = [] {
        auto world = ClientWorld::with_ring();
        for (std::uint32_t p = 0; p < 8; ++p) world.submit(put_of(key_in(p)));
        world.fail(1);
        world.run_for(700ms);
        world.ring(2, make_ring({.epoch = 6, .copies = {{0, {2, 1}}}}));
        world.run_for(5s);
        std::string story = world.notes;
        for (const auto& sent : world.polls) story += to_string(sent.to);
        for (const auto& sent : world.requests) {
            story += fmt::format("{} {} {} ", sent.to, sent.request.sequence, to_us(sent.at));
        }
        return story;
    };
    const std::string story = run();
    CHECK(story.size() > 500);
    CHECK(run() == story);
}
