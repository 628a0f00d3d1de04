// That a long answer has come is said soon, so that nobody remembers it for longer than needed.
#include "client/world.h"

using namespace grapevine;

namespace {

constexpr int primary = 4;  // of partition 3

Operation program_on(std::string key) {
    Operation operation = get_of(std::move(key));
    operation.kind = OperationKind::run;
    operation.value = "a program";
    return operation;
}

ClientWorld ready() {
    ClientWorld world = ClientWorld::with_ring();
    world.learn_stamp(3);
    return world;
}

void answer(ClientWorld& world, OperationId id, std::size_t size) {
    Reply reply;
    reply.sequence = id;
    reply.status = Status::ok;
    reply.epoch = Epoch{5};
    reply.stamp_ms = 1000;
    reply.value.assign(size, 'v');
    world.receive(primary, reply);
}

}  // namespace

TEST_CASE("a long answer that nothing follows is confirmed by a write that does nothing",
          "[client]") {
    ClientWorld world = ready();
    const OperationId id = world.submit(program_on(key_in(3)));
    answer(world, id, 100'000);
    world.requests.clear();
    world.run_for(1s);
    REQUIRE(world.requests.size() == 1);
    const auto& [to, request, at] = world.requests.front();
    CHECK(to == address_of(primary));
    CHECK(request.floor > id);
    CHECK(request.key == key_in(3));
    CHECK(request.kind == OperationKind::erase);
    CHECK(request.condition == Condition::version);
    CHECK(request.expected.counter == 0);
    CHECK(world.client.in_flight() == 0);
    // Nobody hears of it, however it ends.
    world.reply(primary, request.sequence, Status::condition_failed);
    world.run_for(10s);
    CHECK(world.requests.size() == 1);
    CHECK(world.outcomes.size() == 1);
    CHECK(world.client.next_deadline() == never);
}

TEST_CASE("a long answer is confirmed by the next write, and a short one needs none", "[client]") {
    ClientWorld world = ready();
    const OperationId first = world.submit(program_on(key_in(3)));
    answer(world, first, 100'000);
    const OperationId second = world.submit(put_of(key_in(3, 1)));
    world.reply(primary, second, Status::ok);
    const OperationId third = world.submit(program_on(key_in(3)));
    answer(world, third, 1000);
    world.requests.clear();
    world.run_for(1s);
    CHECK(world.requests.empty());
}

TEST_CASE("a long answer is confirmed when earlier writes are answered too", "[client]") {
    ClientWorld world = ready();
    const OperationId slow = world.submit(put_of(key_in(3, 1), "v", 60s));
    const OperationId id = world.submit(program_on(key_in(3)));
    answer(world, id, 100'000);
    world.run_for(150ms);
    const auto is_confirmed = [&] {
        return std::ranges::any_of(world.requests, [&](const ClientWorld::SentRequest& sent) {
            return sent.request.floor > id;
        });
    };
    CHECK_FALSE(is_confirmed());
    world.reply(primary, slow, Status::ok);
    CHECK_FALSE(is_confirmed());
    world.run_for(200ms);
    CHECK(is_confirmed());
    // It ends with its handle as well.
    world.client.end("over");
    world.collect();
    CHECK(world.outcomes.size() == 2);
    CHECK(world.client.next_deadline() == never);
}

TEST_CASE("whose primary is busy until the deadline hears that", "[client]") {
    ClientWorld world = ready();
    const OperationId id = world.submit(put_of(key_in(3), "v", 300ms));
    for (int i = 0; i < 100 && !world.done(id); ++i) {
        if (!world.requests.empty()) {
            world.requests.clear();
            world.reply(primary, id, Status::busy);
        }
        world.run_for(5ms);
    }
    REQUIRE(world.done(id));
    CHECK(world.kind(id) == OutcomeKind::unavailable);
    CHECK(world.outcomes.at(id).busy);
    CHECK_FALSE(world.outcomes.at(id).full);
}
