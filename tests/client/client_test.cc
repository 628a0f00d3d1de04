// Routing and answers while nothing fails.

#include "base/limits.h"
#include "client/world.h"

using namespace grapevine;

TEST_CASE("a first operation fetches the ring from a seed, then goes to its primary", "[client]") {
    ClientWorld world;
    const auto id = world.submit(get_of(key_in(2)));
    CHECK(world.requests.empty());
    REQUIRE(world.polls.size() == 1);
    CHECK(world.polls[0].to == address_of(coordinator));
    CHECK(world.polls[0].poll.have == Epoch{});

    world.ring(coordinator, make_ring());
    REQUIRE(world.requests.size() == 1);
    const auto& [to, request, at] = world.requests[0];
    CHECK(to == address_of(3));
    CHECK(request.client == ClientId{9});
    CHECK(request.sequence == id);
    CHECK(request.epoch == Epoch{5});
    CHECK(request.deadline_ms == 5000);
    CHECK(request.key == key_in(2));

    world.reply(3, id, Status::ok);
    REQUIRE(world.done(id));
    const Outcome& outcome = world.outcomes.at(id);
    CHECK(outcome.kind == OutcomeKind::ok);
    CHECK(outcome.value == "value");
    CHECK(outcome.version == Version{Epoch{5}, id});
    CHECK(outcome.server == id_of(3));
    CHECK(outcome.server_name == "server3");
    CHECK(outcome.attempts == 1);
    CHECK(world.client.in_flight() == 0);
    CHECK(world.client.next_deadline() == never);
}

TEST_CASE("operations are pipelined and answered in any order", "[client]") {
    auto world = ClientWorld::with_ring();
    std::vector<OperationId> ids;
    for (std::uint32_t p = 0; p < 8; ++p) ids.push_back(world.submit(get_of(key_in(p))));
    REQUIRE(world.requests.size() == 8);
    CHECK(world.client.in_flight() == 8);
    for (std::size_t i = 8; i-- > 0;) {
        const int server = world.requests[i].to.port - 7000;
        world.reply(server, ids[i], i % 2 == 0 ? Status::ok : Status::not_found);
        CHECK(world.kind(ids[i]) == (i % 2 == 0 ? OutcomeKind::ok : OutcomeKind::not_found));
    }
    CHECK(world.client.in_flight() == 0);
    world.reply(1, ids[0], Status::ok);  // once more: told to nobody
    CHECK(world.outcomes.size() == 8);
}

TEST_CASE("a refused condition is an outcome, with the present version", "[client]") {
    auto world = ClientWorld::with_ring();
    world.learn_stamp(0);
    Operation put = put_of(key_in(0));
    put.condition = Condition::version;
    put.expected = {Epoch{3}, 4};
    const auto id = world.submit(put);
    CHECK(world.requests[0].request.condition == Condition::version);
    CHECK(world.requests[0].request.expected == Version{Epoch{3}, 4});
    world.reply(1, id, Status::condition_failed);
    CHECK(world.kind(id) == OutcomeKind::condition_failed);
    CHECK(world.outcomes.at(id).version == Version{Epoch{5}, id});
}

TEST_CASE("a first write is stamped by its refusal, later ones at once", "[client]") {
    auto world = ClientWorld::with_ring();
    const auto first = world.submit(put_of(key_in(0)));
    CHECK(world.requests[0].request.stamp_ms == -1);
    world.reply(1, first, Status::bad_stamp, 4000);
    REQUIRE(world.requests.size() == 2);
    CHECK(world.requests[1].at == world.requests[0].at);  // at once
    CHECK(world.requests[1].request.sequence == first);
    CHECK(world.requests[1].request.stamp_ms == 4000);
    world.reply(1, first, Status::ok, 4100);
    CHECK(world.kind(first) == OutcomeKind::ok);
    CHECK(world.outcomes.at(first).attempts == 2);

    world.submit(put_of(key_in(0, 1)));
    CHECK(world.requests[2].request.stamp_ms == 4100);
    world.submit(put_of(key_in(1)));  // another partition has a time of its own
    CHECK(world.requests[3].request.stamp_ms == -1);
}

TEST_CASE("a stamp from the future is replaced by the lower one that it is answered with",
          "[client]") {
    auto world = ClientWorld::with_ring();
    world.learn_stamp(0, 9000);
    const auto id = world.submit(put_of(key_in(0)));
    world.reply(1, id, Status::bad_stamp, 3000);
    CHECK(world.requests.back().request.stamp_ms == 3000);
    // Refused again and again: sent again, but not in a busy loop.
    world.reply(1, id, Status::bad_stamp, 2000);
    CHECK(world.requests.size() == 2);
    world.run_for(10ms);
    REQUIRE(world.requests.size() == 3);
    CHECK(world.requests.back().request.stamp_ms == 2000);
    CHECK_FALSE(world.done(id));
}

TEST_CASE("the floor is the oldest write without an answer", "[client]") {
    auto world = ClientWorld::with_ring();
    const auto read = world.submit(get_of(key_in(0)));
    const auto first = world.submit(put_of(key_in(0)));
    const auto second = world.submit(put_of(key_in(1)));
    const auto late_read = world.submit(get_of(key_in(0)));
    const auto floor_of_latest = [&] { return world.requests.back().request.floor; };
    CHECK(world.requests[0].request.floor == read);  // reads are their own
    CHECK(world.requests[1].request.floor == first);
    CHECK(world.requests[2].request.floor == first);
    CHECK(world.requests[3].request.floor == first);
    world.reply(1, first, Status::ok);
    world.submit(put_of(key_in(2)));
    CHECK(floor_of_latest() == second);
    world.reply(2, second, Status::not_found);
    world.submit(get_of(key_in(3)));
    CHECK(floor_of_latest() == late_read + 1);
}

TEST_CASE("what cannot be asked is invalid and is not sent", "[client]") {
    auto world = ClientWorld::with_ring();
    Operation conditional_get = get_of("k");
    conditional_get.condition = Condition::version;
    Operation erase_absent = get_of("k");
    erase_absent.kind = OperationKind::erase;
    erase_absent.condition = Condition::absent;
    for (const Operation& wrong :
         {put_of(std::string(key_size_max + 1, 'k')),
          put_of("k", std::string(value_size_max + 1, 'v')), get_of("k", 0s),
          get_of("k", deadline_max + 1us), conditional_get, erase_absent}) {
        const auto id = world.submit(wrong);
        CHECK(world.kind(id) == OutcomeKind::invalid);
        CHECK_FALSE(world.outcomes.at(id).detail.empty());
    }
    CHECK(world.requests.empty());
    for (const Operation& right : {put_of(std::string(key_size_max, 'k')), put_of("", ""),
                                   put_of("k", std::string(value_size_max, 'v'), deadline_max)}) {
        CHECK_FALSE(world.done(world.submit(right)));
    }
    CHECK(world.requests.size() == 3);
}

TEST_CASE("a server's word that a request is too large or malformed ends it", "[client]") {
    auto world = ClientWorld::with_ring();
    world.learn_stamp(0);
    const auto id = world.submit(put_of(key_in(0)));
    world.reply(1, id, GENERATE(Status::too_large, Status::malformed));
    CHECK(world.kind(id) == OutcomeKind::invalid);
}

TEST_CASE("operations and bytes in flight are bounded", "[client]") {
    ClientConfig config;
    config.operations_max = 3;
    config.bytes_max = 100;
    ClientWorld world(config);
    const auto first = world.submit(get_of("a"));
    world.submit(get_of("b"));
    CHECK(world.kind(world.submit(put_of("c", std::string(200, 'v')))) == OutcomeKind::overloaded);
    world.submit(put_of("d", std::string(90, 'v')));
    CHECK(world.client.in_flight() == 3);
    CHECK(world.kind(world.submit(get_of("e"))) == OutcomeKind::overloaded);

    world.ring(coordinator, make_ring());
    world.reply(world.requests[0].to.port - 7000, first, Status::ok);
    CHECK_FALSE(world.done(world.submit(get_of("e"))));
}

TEST_CASE("want_ring asks until there is one that is newer", "[client]") {
    ClientWorld world;
    world.client.want_ring(world.now);
    world.collect();
    REQUIRE(world.polls.size() == 1);
    CHECK(world.polls[0].poll.wait_ms == 0);
    world.ring(coordinator, nullptr);  // it has none yet: now a long poll
    REQUIRE(world.polls.size() == 2);
    CHECK(world.polls[1].poll.wait_ms == 1000);
    world.run_for(900ms);
    CHECK(world.polls.size() == 2);
    world.ring(coordinator, make_ring());
    REQUIRE(world.client.ring());
    CHECK(world.client.ring()->epoch == Epoch{5});
    CHECK(world.polls.size() == 2);

    world.client.want_ring(world.now, Epoch{4});  // is there already
    world.collect();
    CHECK(world.polls.size() == 2);
    world.client.want_ring(world.now, Epoch{5});
    world.collect();
    CHECK(world.polls.size() > 2);
    CHECK(world.polls.back().poll.have == Epoch{5});
    world.ring(3, make_ring({.epoch = 6}));
    CHECK(world.client.ring()->epoch == Epoch{6});
    world.run_for(2s);
    world.polls.clear();
    world.run_for(2s);
    CHECK(world.polls.empty());  // nothing more is wanted
}

TEST_CASE("a ring that is older than one seen is never taken", "[client]") {
    auto world = ClientWorld::with_ring({.epoch = 8});
    world.ring(2, make_ring({.epoch = 7, .servers = 3}));
    CHECK(world.client.ring()->epoch == Epoch{8});
    world.ring(2, make_ring({.epoch = 8, .servers = 3}));
    CHECK(world.client.ring()->members.size() == 6);
    world.ring(2, make_ring({.epoch = 9, .servers = 3}));
    CHECK(world.client.ring()->epoch == Epoch{9});
}

TEST_CASE("not the primary: the ring is had from who said so, and from whoever it leads to",
          "[client]") {
    auto world = ClientWorld::with_ring();
    const auto id = world.submit(get_of(key_in(0)));
    world.reply(1, id, Status::not_primary, -1, 6);
    CHECK_FALSE(world.done(id));
    REQUIRE_FALSE(world.polls.empty());
    CHECK(world.polls[0].to == address_of(1));
    CHECK(world.polls[0].poll.have == Epoch{5});
    CHECK(world.polls[0].poll.wait_ms > 0);
    world.ring(1, make_ring({.epoch = 6, .copies = {{0, {3, 1}}}}));
    REQUIRE(world.requests.size() == 2);
    CHECK(world.requests[1].to == address_of(3));
    CHECK(world.requests[1].request.sequence == id);
    CHECK(world.requests[1].request.epoch == Epoch{6});
    CHECK(world.noted("ring 6 from server1 (127.0.0.1:7001)"));
    CHECK(world.noted("server3 (127.0.0.1:7003) is now the primary: sent again to it"));

    world.reply(3, id, Status::not_primary, -1, 7);
    world.ring(3, make_ring({.epoch = 7, .copies = {{0, {4, 3}}}}));
    CHECK(world.requests.back().to == address_of(4));
    world.reply(4, id, Status::ok);
    CHECK(world.kind(id) == OutcomeKind::ok);
    CHECK(world.outcomes.at(id).server_name == "server4");
    CHECK(world.outcomes.at(id).attempts == 3);
}

TEST_CASE("not the primary, said by one that is behind: asked again after a pause", "[client]") {
    auto world = ClientWorld::with_ring();
    const auto id = world.submit(get_of(key_in(0)));
    world.reply(1, id, Status::not_primary, -1, 4);
    CHECK(world.requests.size() == 1);
    world.run_for(4ms);
    CHECK(world.requests.size() == 1);
    world.run_for(6ms);
    CHECK(world.requests.size() == 2);
    CHECK(world.requests.back().to == address_of(1));
    CHECK_FALSE(world.done(id));
}

TEST_CASE("busy and without a lease: asked again after growing pauses, a newer ring is asked for",
          "[client]") {
    const Status refusal = GENERATE(Status::busy, Status::no_lease);
    auto world = ClientWorld::with_ring();
    const auto id = world.submit(get_of(key_in(0)));
    for (int i = 0; i < 12; ++i) {
        const std::size_t before = world.requests.size();
        world.reply(1, id, refusal);
        world.run_for(4ms);
        CHECK(world.requests.size() == before);
        world.run_for(96ms);
        CHECK(world.requests.size() == before + 1);
    }
    CHECK_FALSE(world.polls.empty());
    // The last pauses are long.
    const std::size_t before = world.requests.size();
    world.reply(1, id, refusal);
    world.run_for(49ms);
    CHECK(world.requests.size() == before);
    world.ring(2, make_ring({.epoch = 6, .copies = {{0, {2}}}}));
    CHECK(world.requests.back().to == address_of(2));
    world.reply(2, id, Status::ok);
    CHECK(world.kind(id) == OutcomeKind::ok);
}
