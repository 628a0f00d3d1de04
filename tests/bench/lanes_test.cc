#include "bench/lanes.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "base/hash.h"
#include "bench/answers.h"
#include "bench/native_dialect.h"
#include "wire/wire.h"

using namespace grapevine;
using namespace grapevine::bench;

namespace {

Workload workload(std::uint64_t keys) {
    Workload made;
    made.keys = keys;
    made.value_size = 3;
    return made;
}

Request request_in(FrameReader& reader) {
    const auto frame = reader.next();
    REQUIRE(frame);
    REQUIRE(*frame);
    const auto message = decode_client_message((*frame)->payload);
    REQUIRE(message);
    return std::get<Request>(*message);
}

std::shared_ptr<NativeView> view_of(std::size_t partitions) {
    Ring ring;
    ring.epoch = Epoch{9};
    ring.table.resize(partitions);
    return native_view(ring);
}

}  // namespace

// Of the Redis Cluster specification and of CLUSTER KEYSLOT of Redis 7.
TEST_CASE("slots are those of Redis", "[lanes]") {
    CHECK(slot_of_key("123456789") == 12739);
    CHECK(slot_of_key("foo") == 12182);
    CHECK(slot_of_key("bar") == 5061);
    CHECK(slot_of_key("") == 0);
    CHECK(slot_of_key("{user1000}.following") == slot_of_key("user1000"));
    CHECK(slot_of_key("foo{{bar}}zap") == slot_of_key("{bar"));
    CHECK(slot_of_key("foo{bar}{zap}") == slot_of_key("bar"));
    CHECK(slot_of_key("foo{}{bar}") != slot_of_key("bar"));
}

TEST_CASE("each key is with the owner of its slot, once", "[lanes]") {
    Routes routes;
    routes.nodes.resize(3);
    for (std::uint32_t slot = 0; slot < slot_count; ++slot) {
        routes.owner.push_back(static_cast<std::uint16_t>(slot * 3 / slot_count));
    }
    const auto keys = keys_by_node(workload(1000), routes);
    REQUIRE(keys.size() == 3);
    std::set<std::uint32_t> numbers;
    for (std::size_t node = 0; node < 3; ++node) {
        CHECK(keys[node].size() > 250);
        for (const Key key : keys[node]) {
            CHECK(numbers.insert(key.number).second);
            CHECK(key.slot == slot_of_key(key_number(workload(1000), key.number)));
            CHECK(routes.owner[key.slot] == node);
        }
    }
    CHECK(numbers.size() == 1000);
}

TEST_CASE("flights are found while they last, whatever overtakes them", "[lanes]") {
    Flights flights(1);
    flights.begin(Time{}, {.number = 7, .slot = 0}, true);
    flights.begin(Time{}, {.number = 8, .slot = 0}, false);
    for (std::uint64_t sequence = 3; sequence < 1000; ++sequence) {
        CHECK(flights.begin(Time{}, {}, true).sequence == sequence);
        // The first put is not answered.
        CHECK(flights.floor_for(sequence) == 1);
        flights.end(sequence);
        CHECK(flights.find(sequence) == nullptr);
    }
    CHECK(flights.count() == 2);
    CHECK(flights.find(1)->key.number == 7);
    CHECK(flights.find(2)->key.number == 8);
    flights.end(1);
    flights.begin(Time{}, {}, true);
    // A get holds no floor.
    CHECK(flights.floor_for(1000) == 1000);
    flights.begin(Time{}, {}, true);
    CHECK(flights.floor_for(1001) == 1000);
    CHECK(flights.find(0) == nullptr);
    CHECK(flights.find(5000) == nullptr);
}

TEST_CASE("what Grapevine is asked, and asked again with a stamp", "[lanes]") {
    const auto view = view_of(16);
    NativeDialect dialect(view, ClientId{5}, "val");
    Answers answers;
    const Command put = answers.ask(true, "bench1");
    const Command get = answers.ask(false, "bench10");
    std::string out;
    dialect.say(out, put);
    dialect.say(out, get);
    FrameReader reader;
    reader.feed(out);
    const Request first = request_in(reader);
    CHECK(first.client == ClientId{5});
    CHECK(first.sequence == 1);
    CHECK(first.floor == 1);
    CHECK(first.stamp_ms == -1);
    CHECK(first.epoch == Epoch{9});
    CHECK(first.kind == OperationKind::put);
    CHECK(first.key == "bench1");
    CHECK(first.value == "val");
    const Request second = request_in(reader);
    CHECK(second.sequence == 2);
    CHECK(second.floor == 1);
    CHECK(second.kind == OperationKind::get);
    CHECK(second.key == "bench10");
    CHECK(second.value.empty());

    const Reply refusal{.sequence = 1, .status = Status::bad_stamp, .stamp_ms = 50};
    REQUIRE(dialect.hear(encode(ServerMessage(refusal)), answers));
    CHECK(answers.repeated == std::vector<std::uint64_t>{1});
    CHECK(answers.order.empty());
    out.clear();
    dialect.say(out, put);
    FrameReader again;
    again.feed(out);
    CHECK(request_in(again).stamp_ms == 50);
}

TEST_CASE("what Grapevine answers, in any order and cut anywhere", "[lanes]") {
    std::string stream;
    append_frame(stream, ServerMessage(Reply{.sequence = 2, .value = "val"}));
    append_frame(stream, ServerMessage(Reply{.sequence = 1, .stamp_ms = 70}));
    append_frame(stream, ServerMessage(Reply{.sequence = 4, .status = Status::not_found}));
    append_frame(stream, ServerMessage(Reply{.sequence = 3, .value = "other"}));
    append_frame(stream, ServerMessage(Reply{.sequence = 5, .status = Status::not_primary}));
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
        const auto view = view_of(16);
        NativeDialect dialect(view, ClientId{5}, "val");
        Answers answers;
        for (const bool put : {true, false, false, false, true}) answers.ask(put);
        REQUIRE(dialect.hear(stream.substr(0, cut), answers));
        REQUIRE(dialect.hear(stream.substr(cut), answers));
        CHECK(answers.order == std::vector<std::uint64_t>{2, 1, 4, 3, 5});
        CHECK(answers.defects == std::vector<std::string>{"", "", "a key was not found",
                                                          "a value of another size",
                                                          "refused: not the primary"});
        CHECK(view->stamps[0] == 70);
    }
}

TEST_CASE("a refusal of Grapevine ends the connection with its words", "[lanes]") {
    NativeDialect dialect(view_of(16), ClientId{5}, "val");
    Answers answers;
    const auto heard = dialect.hear(encode(Refusal{"another version"}), answers);
    REQUIRE_FALSE(heard);
    CHECK(heard.error().message == "another version");
    NativeDialect other(view_of(16), ClientId{5}, "val");
    CHECK_FALSE(other.hear(encode(ServerMessage(Reply{.sequence = 1})), answers));  // not asked
    NativeDialect third(view_of(16), ClientId{5}, "val");
    CHECK_FALSE(third.hear(encode(ServerMessage(StopReply{})), answers));
}
