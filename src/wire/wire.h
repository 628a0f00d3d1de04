#pragma once
// Messages to bytes and back. Encoding makes whole frames (wire/frame.h) and asserts that what it
// is given keeps the protocol's rules; decoding takes a frame's payload, believes nothing, and says
// what is wrong. Both check the same rules (defect() in wire/rules.h), so what one member can send
// another can read.
//
// A decoded message is well-formed in itself: enums known, sizes within base/limits.h, indexes in
// range, ids that must be there are, rings without ring_defect(). Whether it fits the receiver's
// state is the cores' business. Decoding takes time and memory in proportion to the bytes given.
//
// Payloads must lie at multiples of 8, as FrameReader gives them.

#include <optional>
#include <string>
#include <string_view>

#include "client/messages.h"
#include "node/messages.h"
#include "ring/agreement.h"
#include "wire/frame.h"
#include "wire/hello.h"

namespace grapevine {

// Append one frame to `out`, which holds whole frames or nothing.
void append_frame(std::string& out, const Envelope& envelope);
void append_frame(std::string& out, const ClientMessage& message);
void append_frame(std::string& out, const ServerMessage& message);
void append_frame(std::string& out, const Hello& hello);
void append_frame(std::string& out, const Refusal& refusal);
void append_frame(std::string& out, const SavedState& state);

// The frame alone.
template <class Message>
std::string encode(const Message& message) {
    std::string frame;
    append_frame(frame, message);
    return frame;
}

// From the payload of a frame of the kind.
Result<Envelope> decode_envelope(std::string_view payload);
Result<ClientMessage> decode_client_message(std::string_view payload);
Result<ServerMessage> decode_server_message(std::string_view payload);
// A Reply where it lies, as long as the payload does; nothing: the message is another one.
struct ReplyView {
    std::uint64_t sequence = 0;
    Status status = Status::ok;
    std::int64_t stamp_ms = -1;
    Epoch epoch;
    std::string_view value;
};
Result<std::optional<ReplyView>> view_reply(std::string_view payload);
Result<Hello> decode_hello(std::string_view payload);
Result<Refusal> decode_refusal(std::string_view payload);

// A datagram is a frame of its own: the header says the protocol version, the envelope the cluster.
std::string encode_datagram(const Envelope& envelope);
// `bytes` must lie at a multiple of 8. The cluster is for the Node to check, against its own.
Result<Envelope> decode_datagram(std::string_view bytes);

// A whole file: one frame. `bytes` must lie at a multiple of 8.
Result<SavedState> decode_saved(std::string_view bytes);

}  // namespace grapevine
