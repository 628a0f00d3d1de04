// What arrives on the TCP port: frames, however the bytes are cut, and what is in them.
#include <algorithm>
#include <optional>

#include "base/hash.h"
#include "base/rng.h"
#include "fuzz/decoded.h"

namespace grapevine::fuzz {

namespace {

struct Taken {
    FrameKind kind;
    std::uint16_t protocol;
    std::string payload;
    bool operator==(const Taken&) const = default;
};

// All that a reader makes of a stream.
struct Reading {
    std::vector<Taken> frames;
    std::string error;         // empty: none
    std::size_t buffered = 0;  // of a frame that is not whole at the end
    bool operator==(const Reading&) const = default;
};

// Takes the frames of one piece; sometimes stops in the middle and goes on with a copy.
void take(FrameReader& reader, std::string_view piece, Rng& rng, Reading& out) {
    std::vector<Exact> copies;
    reader.feed(piece);
    for (;;) {
        const auto frame = reader.next();
        if (!frame) {
            out.error = frame.error().message;
            return;
        }
        if (!*frame) return;
        out.frames.push_back({(*frame)->kind, (*frame)->protocol, std::string((*frame)->payload)});
        if (rng.chance(1, 4)) {
            copies.emplace_back(reader.take_unread(), rng.below(8));
            reader.feed(copies.back().view());
        }
    }
}

// Pieces of up to `piece_max` bytes, each in a block of its own that ends with it.
Reading read(std::string_view stream, std::size_t frame_max, std::size_t piece_max, Rng& rng) {
    Reading out;
    FrameReader reader(frame_max);
    std::size_t fed = 0;
    do {
        const std::string_view piece =
            stream.substr(fed, piece_max == stream.size() ? piece_max : 1 + rng.below(piece_max));
        const Exact copy(piece, piece_max == stream.size() ? 0 : rng.below(8));
        take(reader, copy.view(), rng, out);
        fed += piece.size();
        // It grows with what came, by doubling, and never with what a header announces.
        ASSERT(reader.memory_bytes() <= 2 * fed + 2 * frame_header_size, "{} bytes kept of {}",
               reader.memory_bytes(), fed);
    } while (fed < stream.size());
    out.buffered = reader.buffered();
    return out;
}

// The frames of `bytes` as far as their sizes are plausible, each with its right checksum.
std::string repaired(std::string_view bytes) {
    std::string out;
    while (bytes.size() > frame_header_size) {
        const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
        const std::size_t size = byte(4) | std::size_t{byte(5)} << 8;
        const std::string_view rest = bytes.substr(frame_header_size);
        if (size == 0 || size > rest.size()) break;
        append_frame(out, static_cast<FrameKind>(byte(1)), rest.substr(0, size),
                     static_cast<std::uint16_t>(byte(2) | byte(3) << 8));
        bytes = rest.substr(size);
    }
    return out.append(bytes);
}

void decode(const Taken& frame) {
    switch (frame.kind) {
        case FrameKind::hello:
            return hello.run(frame.payload);
        case FrameKind::refusal:
            return refusal.run(frame.payload);
        case FrameKind::peer:
            return envelope.run(frame.payload);
        case FrameKind::client:
            return client_message.run(frame.payload);
        case FrameKind::server:
            return server_message.run(frame.payload);
        case FrameKind::saved:
            return;  // a target of its own
    }
    ASSERT(false, "a frame of kind {}", static_cast<int>(frame.kind));
}

// Whole, in pieces, and byte by byte: always the same. Its frames.
std::vector<Taken> frames_of(std::string_view stream) {
    Rng rng(hash64(stream));
    const std::size_t frame_max = rng.chance(1, 2) ? frame_size_max : 64 + rng.below(512);
    Reading whole = read(stream, frame_max, stream.size(), rng);
    for (const std::size_t piece_max : {std::size_t{200}, std::size_t{20}, std::size_t{1}}) {
        const Reading cut = read(stream, frame_max, piece_max, rng);
        ASSERT(cut == whole,
               "pieces of up to {} bytes give {} frames and \"{}\", not {} and \"{}\"", piece_max,
               cut.frames.size(), cut.error, whole.frames.size(), whole.error);
    }
    return std::move(whole.frames);
}

void run(std::string_view bytes) {
    for (const std::string& stream : {std::string(bytes), repaired(bytes)}) {
        for (const Taken& frame : frames_of(stream)) decode(frame);
    }
}

// Conversations: a hello, and some of what may follow.
std::vector<std::string> seeds(Samples& samples) {
    std::vector<std::string> out;
    for (int i = 0; i < 12; ++i) {
        std::string stream = encode(samples.make<Hello>());
        const auto add_some = [&](const auto& messages) {
            for (const auto& message : messages) {
                if (samples.rng().chance(1, 8)) append_frame(stream, message);
            }
        };
        add_some(samples.envelopes());
        add_some(samples.client_messages());
        add_some(samples.server_messages());
        if (i % 4 == 0) append_frame(stream, samples.make<Refusal>());
        out.push_back(std::move(stream));
    }
    return out;
}

}  // namespace

const Target stream{"stream", run, seeds, 8192};

}  // namespace grapevine::fuzz
