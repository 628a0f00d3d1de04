#include "wire/request_form.h"

#include <catch2/catch.hpp>
#include <string>

#include "wire/wire.h"

using namespace grapevine;

namespace {

Request model() {
    return {.client = ClientId{7},
            .sequence = 1,
            .floor = 1,
            .deadline_ms = 30'000,
            .kind = OperationKind::put,
            .key = "????????",
            .value = "a value"};
}

}  // namespace

TEST_CASE("a form that is filled in is the frame of the same request", "[wire]") {
    const RequestForm form(model());
    std::string frames;
    std::string expected;
    for (std::uint64_t i = 0; i < 3; ++i) {
        Request request = model();
        request.sequence = 0x0102030405060708 + i;
        request.floor = 3 + i;
        request.stamp_ms = static_cast<std::int64_t>(1000 * i);
        request.epoch = Epoch{5 + i};
        request.key = "bench12" + std::to_string(i);
        append_frame(expected, ClientMessage(request));
        form.append(frames, {.sequence = request.sequence,
                             .floor = request.floor,
                             .stamp_ms = request.stamp_ms,
                             .epoch = request.epoch,
                             .key = request.key});
    }
    CHECK(frames == expected);
}

TEST_CASE("a form without a stamp says so", "[wire]") {
    std::string bytes;
    RequestForm(model()).append(
        bytes, {.sequence = 9, .floor = 8, .stamp_ms = -1, .epoch = Epoch{2}, .key = "12345678"});
    const auto frame = parse_frame(bytes);
    REQUIRE(frame);
    const auto message = decode_client_message(frame->payload);
    REQUIRE(message);
    const Request& request = std::get<Request>(*message);
    CHECK(request.stamp_ms == -1);
    CHECK(request.key == "12345678");
    CHECK(request.value == "a value");
    CHECK(request.client == ClientId{7});
}

TEST_CASE("a form takes empty keys and values", "[wire]") {
    Request get{.client = ClientId{1}, .sequence = 1, .floor = 1};
    std::string bytes;
    RequestForm(get).append(bytes, {.sequence = 2, .floor = 1, .stamp_ms = 5, .epoch = Epoch{1}});
    get.sequence = 2;
    get.stamp_ms = 5;
    get.epoch = Epoch{1};
    CHECK(bytes == encode(ClientMessage(get)));
}

TEST_CASE("a reply is read where it lies", "[wire]") {
    const std::string bytes = encode(ServerMessage(Reply{.sequence = 12,
                                                         .status = Status::bad_stamp,
                                                         .epoch = Epoch{4},
                                                         .stamp_ms = 77,
                                                         .value = "here"}));
    const auto frame = parse_frame(bytes);
    REQUIRE(frame);
    const auto view = view_reply(frame->payload);
    REQUIRE(view);
    REQUIRE(*view);
    CHECK((*view)->sequence == 12);
    CHECK((*view)->status == Status::bad_stamp);
    CHECK((*view)->stamp_ms == 77);
    CHECK((*view)->epoch == Epoch{4});
    CHECK((*view)->value == "here");
    CHECK((*view)->value.data() > bytes.data());
    CHECK((*view)->value.data() < bytes.data() + bytes.size());
}

TEST_CASE("what is no reply is none", "[wire]") {
    const std::string stop = encode(ServerMessage(StopReply{}));
    const auto frame = parse_frame(stop);
    REQUIRE(frame);
    const auto view = view_reply(frame->payload);
    REQUIRE(view);
    CHECK_FALSE(*view);
    alignas(8) const char garbage[16] = "nothing of this";
    CHECK_FALSE(view_reply({garbage, 16}));
}
