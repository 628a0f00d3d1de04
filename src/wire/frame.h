#pragma once
// Frames: how messages lie on a connection and in a datagram.
//
//     0        1        2                 4                                8
//     +--------+--------+-----------------+--------------------------------+
//     |  magic |  kind  |    protocol     |          payload size          |
//     +--------+--------+-----------------+--------------------------------+
//     |          XXH3 of the payload, seeded with the 8 bytes above        |
//     +--------------------------------------------------------------------+
//     |          payload: one FlatBuffers message, padded with zeros       |
//     |          to a multiple of 8                                        |
//     +--------------------------------------------------------------------+
//
// Numbers are little-endian. The magic byte is above 0x7f and no text in UTF-8 holds it, so a text
// protocol can share the port. Sizes are multiples of 8, so that frames that follow each other stay
// aligned and a payload is read where it lies. The first frame on a connection is a Hello
// (wire/hello.h); a datagram is one frame of kind `peer`.
//
// The header says which protocol the sender speaks. Reading a frame does not judge that: a Hello
// and its Refusal must be readable across versions.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/result.h"

namespace grapevine {

inline constexpr std::uint8_t frame_magic = 0xf9;
inline constexpr std::size_t frame_header_size = 16;
inline constexpr std::size_t frame_alignment = 8;

enum class FrameKind : std::uint8_t {
    hello = 1,
    refusal = 2,
    peer = 3,    // Envelope
    client = 4,  // ClientMessage
    server = 5,  // ServerMessage
    saved = 6,   // SavedState: in a file, never on a connection
};

struct Frame {
    FrameKind kind = FrameKind::hello;
    std::uint16_t protocol = 0;
    std::string_view payload;  // padding included
};

// Appends a frame around `message`. `out` holds whole frames, or nothing.
void append_frame(std::string& out, FrameKind kind, std::string_view message,
                  std::uint16_t protocol = protocol_version);

// The same in two steps, for whoever writes the payload where it goes: makes room for a frame of at
// most `payload` bytes, whose first frame_header_size are written by close_frame(). `payload`, now
// what was written: a multiple of 8.
void open_frame(std::string& out, std::size_t payload);
void close_frame(std::string& out, std::size_t start, FrameKind kind, std::size_t payload,
                 std::uint16_t protocol = protocol_version);

// Writes the checksum of the last frame of `out`, which begins at `start`, into its header.
void seal_frame(std::string& out, std::size_t start);

// The one frame that `bytes` consists of, a datagram for example.
Result<Frame> parse_frame(std::string_view bytes, std::size_t frame_max = frame_size_max);

// Cuts a stream of bytes into frames. Feed it what arrived, then take frames until there is none:
//
//     reader.feed(bytes);
//     for (;;) {
//         auto frame = reader.next();
//         if (!frame) return hang_up(frame.error());
//         if (!*frame) break;
//         handle(**frame);
//     }
//
// A frame that lies whole and aligned in `bytes` is handed out where it is. The rest is copied into
// a buffer that grows with the bytes that arrive, never with what a header announces. After an
// error the stream has no frames any more: next() repeats the error.
class FrameReader {
public:
    explicit FrameReader(std::size_t frame_max = frame_size_max);

    // `bytes` must stay until next() has answered "none" or an error.
    void feed(std::string_view bytes);

    // Takes back what was fed and not looked at yet, for whoever has to stop in the middle: a copy
    // of it is fed again later.
    [[nodiscard]] std::string_view take_unread() { return std::exchange(fed_, {}); }

    // The next whole frame; none: feed more. The payload is valid until the next call.
    Result<std::optional<Frame>> next();

    // Of the begun frame that it waits for; zero: the stream may end here.
    [[nodiscard]] std::size_t buffered() const { return begun_.size() - handed_out_; }
    [[nodiscard]] std::size_t memory_bytes() const { return begun_.capacity(); }

private:
    Result<std::optional<Frame>> advance();
    [[nodiscard]] bool gather(std::size_t size);
    void drop_handed_out();

    std::size_t frame_max_;
    std::string_view fed_;        // not looked at yet
    std::string begun_;           // a frame of which a part has arrived
    std::size_t handed_out_ = 0;  // bytes of begun_ that the last next() handed out
    std::optional<Error> error_;
};

}  // namespace grapevine
