#include "wire/frame.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <string_view>

#include "wire/samples.h"

using namespace grapevine;

namespace {

bool aligned(std::string_view bytes) {
    return reinterpret_cast<std::uintptr_t>(bytes.data()) % frame_alignment == 0;
}

// A frame's payload is the message with the padding.
bool holds(const Frame& frame, const std::string& message) {
    return frame.payload.starts_with(message) &&
           frame.payload.find_first_not_of('\0', message.size()) == std::string_view::npos &&
           frame.payload.size() - message.size() < frame_alignment;
}

// Takes every frame that is there; the stream must be good.
void take_all(FrameReader& reader, std::vector<std::string>& payloads) {
    for (;;) {
        const auto frame = reader.next();
        REQUIRE(frame.has_value());
        if (!*frame) return;
        CHECK(aligned((*frame)->payload));
        payloads.emplace_back((*frame)->payload);
    }
}

std::string message_of(const std::string& stream) {
    FrameReader reader;
    reader.feed(stream);
    const auto frame = reader.next();
    return frame ? "" : frame.error().message;
}

std::string one_frame(std::string_view message = "sixteen bytes...") {
    std::string out;
    append_frame(out, FrameKind::peer, message);
    return out;
}

}  // namespace

TEST_CASE("a stream cut anywhere gives the same frames", "[wire]") {
    Samples samples(11);
    for (int round = 0; round < 100; ++round) {
        std::vector<std::string> messages;
        std::string stream;
        for (int i = 0; i < 10; ++i) {
            messages.push_back("m" + samples.bytes(100));
            append_frame(stream, FrameKind::client, messages.back());
        }
        FrameReader reader;
        std::vector<std::string> payloads;
        // The first round goes byte by byte.
        for (std::size_t at = 0; at < stream.size();) {
            const std::size_t size = round == 0 ? 1 : 1 + samples.rng().below(200);
            const std::string piece = stream.substr(at, size);
            reader.feed(piece);
            take_all(reader, payloads);
            at += piece.size();
        }
        CHECK(reader.buffered() == 0);
        REQUIRE(payloads.size() == messages.size());
        for (std::size_t i = 0; i < messages.size(); ++i) {
            CHECK(holds({.kind = FrameKind::client, .protocol = 0, .payload = payloads[i]},
                        messages[i]));
        }
    }
}

TEST_CASE("whole aligned frames are handed out where they lie", "[wire]") {
    std::string stream;
    for (int i = 0; i < 3; ++i) append_frame(stream, FrameKind::peer, "message");
    FrameReader reader;
    reader.feed(stream);
    for (std::size_t i = 0; i < 3; ++i) {
        const auto frame = reader.next();
        REQUIRE((frame && *frame));
        CHECK((*frame)->payload.data() == stream.data() + i * 24 + frame_header_size);
    }
    CHECK_FALSE(reader.next().value().has_value());
}

TEST_CASE("an announced size takes no memory before its bytes arrive", "[wire]") {
    const std::string big = one_frame(std::string(32 * 1024 * 1024, 'x'));
    FrameReader reader;
    reader.feed(std::string_view(big).substr(0, frame_header_size));
    CHECK_FALSE(reader.next().value().has_value());
    CHECK(reader.memory_bytes() < 100);
    reader.feed(std::string_view(big).substr(frame_header_size, 100'000));
    CHECK_FALSE(reader.next().value().has_value());
    CHECK(reader.memory_bytes() < 250'000);
    reader.feed(std::string_view(big).substr(frame_header_size + 100'000));
    CHECK(reader.next().value().has_value());
    // And is given back.
    CHECK_FALSE(reader.next().value().has_value());
    CHECK(reader.memory_bytes() < 100'000);
}

TEST_CASE("each way in which a header can be wrong is named", "[wire]") {
    std::string frame = one_frame();
    frame[0] = 'G';
    CHECK(message_of(frame) == "a frame begins with 0x47, not 0xf9");
    frame = one_frame();
    frame[1] = 7;
    CHECK(message_of(frame) == "a frame is of an unknown kind, 7");
    frame = one_frame();
    frame[4] = 17;
    CHECK(message_of(frame) == "a frame's payload of 17 bytes is not a multiple of 8");
    frame[4] = 0;
    CHECK(message_of(frame) == "a frame's payload of 0 bytes is not a multiple of 8");
    frame = one_frame();
    frame[7] = 4;
    CHECK(message_of(frame) == "a frame of 67108896 bytes is over the limit of 67108864");
    frame = one_frame();
    frame[8] = static_cast<char>(frame[8] ^ 1);
    CHECK(message_of(frame).starts_with("a frame's checksum is "));
    CHECK(parse_frame("short").error().message == "5 bytes are less than a frame's header");
    CHECK(parse_frame(one_frame() + "12345678").error().message ==
          "a frame says that it has 32 bytes, 40 arrived");
}

TEST_CASE("a broken stream stays broken", "[wire]") {
    const std::string stream = one_frame() + "not a frame at all" + one_frame();
    FrameReader reader;
    reader.feed(stream);
    CHECK(reader.next().value().has_value());
    const auto error = reader.next();
    REQUIRE_FALSE(error.has_value());
    CHECK(reader.next().error().message == error.error().message);
    const std::string good = one_frame();
    reader.feed(good);
    CHECK(reader.next().error().message == error.error().message);
    CHECK(reader.memory_bytes() < 100);
}

TEST_CASE("a smaller limit is kept", "[wire]") {
    const std::string frame = one_frame(std::string(200, 'x'));
    FrameReader reader(128);
    reader.feed(frame);
    CHECK(reader.next().error().message == "a frame of 216 bytes is over the limit of 128");
}

TEST_CASE("every truncation and every changed byte of a frame is noticed", "[wire]") {
    Samples samples(12);
    for (const Envelope& envelope : samples.envelopes()) {
        const std::string good = encode(envelope);
        for (std::size_t size = 0; size < good.size(); ++size) {
            const std::string cut = good.substr(0, size);
            CHECK_FALSE(parse_frame(cut).has_value());
            FrameReader reader;
            reader.feed(cut);
            CHECK_FALSE(reader.next().value().has_value());
        }
        for (std::size_t at = 0; at < good.size(); ++at) {
            std::string bad = good;
            bad[at] = static_cast<char>(bad[at] ^ (1 << samples.rng().below(8)));
            CHECK_FALSE(parse_frame(bad).has_value());
            FrameReader reader;
            reader.feed(bad);
            const auto frame = reader.next();
            // An error, or a longer frame that is waited for.
            CHECK((!frame || !*frame));
        }
    }
}

TEST_CASE("garbage is no frame", "[wire]") {
    Samples samples(13);
    for (int round = 0; round < 5000; ++round) {
        std::string garbage = samples.bytes(200);
        if (!garbage.empty() && round % 2 == 0) garbage[0] = static_cast<char>(frame_magic);
        if (garbage.size() > 1 && round % 4 == 0) garbage[1] = 3;
        FrameReader reader;
        reader.feed(garbage);
        const auto frame = reader.next();
        CHECK((!frame || !*frame));
    }
}
