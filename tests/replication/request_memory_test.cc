#include "replication/request_memory.h"

#include <catch2/catch.hpp>

#include "base/limits.h"

using namespace grapevine;

namespace {

Op op(std::uint64_t client, std::uint64_t sequence, std::uint64_t floor, std::int64_t stamp_ms) {
    return {.version = {Epoch{1}, sequence},
            .kind = OpKind::none,
            .stamp_ms = stamp_ms,
            .client = ClientId{client},
            .sequence = sequence,
            .floor = floor,
            .answer = {Status::ok, {Epoch{1}, sequence}},
            .key = {},
            .value = {}};
}

}  // namespace

TEST_CASE("answers are remembered down to the floor", "[replication]") {
    RequestMemory memory;
    memory.record(op(1, 1, 1, 0));
    memory.record(op(1, 2, 1, 0));
    CHECK(memory.find(ClientId{1}, 1).answer->version.counter == 1);
    CHECK(memory.find(ClientId{2}, 1).answer == nullptr);
    memory.record(op(1, 3, 2, 0));
    CHECK(memory.find(ClientId{1}, 1).answer == nullptr);
    CHECK(memory.find(ClientId{1}, 2).answer != nullptr);
    CHECK(memory.find(ClientId{1}, 0).floor == 2);
    memory.record(op(1, 4, 1, 0));  // a late one with an old floor does not lower it
    CHECK(memory.find(ClientId{1}, 0).floor == 2);
}

TEST_CASE("the longest idle is forgotten by the stamps alone", "[replication]") {
    RequestMemory memory;
    memory.record(op(1, 1, 1, 0));
    memory.record(op(2, 1, 1, 10));
    memory.record(op(1, 2, 1, 10 + RequestMemory::step_ms));
    const std::int64_t next = memory.forgets_at_ms(request_memory).value();
    CHECK(next > to_ms(request_memory) + 10);  // never before the window
    CHECK(next <= to_ms(request_memory) + 10 + RequestMemory::step_ms);
    memory.record(op(0, 0, 0, next - 1));
    CHECK(memory.size() == 2);
    memory.record(op(1, 2, 1, next));
    CHECK(memory.size() == 1);
    CHECK(memory.find(ClientId{1}, 2).answer != nullptr);
}

TEST_CASE("what is restored is what was", "[replication]") {
    RequestMemory memory;
    for (std::uint64_t i = 1; i < 50; ++i) {
        memory.record(op(i % 7 + 1, i, i / 2, static_cast<std::int64_t>(i)));
    }
    RequestMemory copy;
    copy.restore(memory.all());
    CHECK(copy.all() == memory.all());
    memory.record(op(3, 99, 60, 100));
    copy.record(op(3, 99, 60, 100));
    CHECK(copy.all() == memory.all());
}
