#include "wire/wire.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "wire/codecs.h"
#include "wire/direct.h"
#include "wire/rules.h"

namespace grapevine {

namespace {

using wire::Builder;
using wire::Unpacker;

// The encoder's buffer is kept from message to message, unless one has made it larger than this.
constexpr std::size_t builder_kept = std::size_t{1} << 20;

// Empty, with its memory.
Builder& fresh_builder() {
    thread_local Builder builder(4096);
    if (builder.GetSize() > builder_kept) builder.Reset();
    builder.Clear();
    return builder;
}

template <class Message>
void assert_well_formed(const Message& message) {
    const std::string defect = wire::defect(message);
    ASSERT(defect.empty(), "{}", defect);
}

template <class Table>
void append_finished(std::string& out, FrameKind kind, Builder& builder,
                     flatbuffers::Offset<Table> root) {
    builder.Finish(root);
    append_frame(out, kind,
                 {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()});
}

struct PackedBody {
    std::uint8_t number = 0;
    flatbuffers::Offset<void> table;
};

template <template <class> class Traits, class Body>
PackedBody pack_body(Builder& builder, const Body& body) {
    return std::visit(
        [&]<class Message>(const Message& message) -> PackedBody {
            const auto number = Traits<wire::TableOf<Message>>::enum_value;
            return {static_cast<std::uint8_t>(number), wire::pack(builder, message).Union()};
        },
        body);
}

bool never_direct(std::string_view) {
    return false;
}

// The root of a payload, verified: its offsets and sizes stay within it. `is_direct` may say so
// without a verifier.
template <class Root, bool is_direct(std::string_view) = never_direct>
Result<const Root*> verified(std::string_view payload) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(payload.data());
    if (reinterpret_cast<std::uintptr_t>(bytes) % frame_alignment != 0) {
        return fail("a message lies at an address that is not a multiple of {}", frame_alignment);
    }
    if (payload.size() > frame_size_max) {
        return fail("a message of {} bytes is over the limit of {}", payload.size(),
                    frame_size_max);
    }
    if (is_direct(payload)) return flatbuffers::GetRoot<Root>(bytes);
    // Ours nest six deep, and no table takes less than 8 bytes with the offset that leads to it.
    flatbuffers::Verifier verifier(
        bytes, payload.size(),
        {.max_depth = 16,
         .max_tables = static_cast<flatbuffers::uoffset_t>(payload.size() / 8 + 1)});
    if (!verifier.VerifyBuffer<Root>(nullptr)) {
        return fail("a message's {} bytes are not what its kind says", payload.size());
    }
    return flatbuffers::GetRoot<Root>(bytes);
}

// What was unpacked, if it is well-formed.
template <class Message>
Result<Message> judged(const Unpacker& unpacker, Message&& message) {
    if (!unpacker.defect().empty()) return fail("{}", unpacker.defect());
    if (const std::string defect = wire::defect(message); !defect.empty()) {
        return fail("{}", defect);
    }
    return std::forward<Message>(message);
}

}  // namespace

void append_frame(std::string& out, const Envelope& envelope) {
    assert_well_formed(envelope);
    if (wire::append_directly(out, envelope)) return;
    Builder& builder = fresh_builder();
    const auto [number, table] = pack_body<fb::PeerBodyTraits>(builder, envelope.body);
    const auto address = wire::pack(envelope.from_address);
    append_finished(out, FrameKind::peer, builder,
                    fb::CreateEnvelope(builder, envelope.cluster.value, envelope.from.value,
                                       &address, envelope.to.value, envelope.epoch.value,
                                       static_cast<fb::PeerBody>(number), table));
}

void append_frame(std::string& out, const ClientMessage& message) {
    assert_well_formed(message);
    if (wire::append_directly(out, message)) return;
    Builder& builder = fresh_builder();
    const auto [number, table] = pack_body<fb::ClientBodyTraits>(builder, message);
    append_finished(out, FrameKind::client, builder,
                    fb::CreateClientMessage(builder, static_cast<fb::ClientBody>(number), table));
}

void append_frame(std::string& out, const ServerMessage& message) {
    assert_well_formed(message);
    if (wire::append_directly(out, message)) return;
    Builder& builder = fresh_builder();
    const auto [number, table] = pack_body<fb::ServerBodyTraits>(builder, message);
    append_finished(out, FrameKind::server, builder,
                    fb::CreateServerMessage(builder, static_cast<fb::ServerBody>(number), table));
}

void append_frame(std::string& out, const Hello& hello) {
    assert_well_formed(hello);
    Builder& builder = fresh_builder();
    const auto address = wire::pack(hello.address);
    const auto ancestors = wire::pack(builder, hello.ancestors);
    append_finished(out, FrameKind::hello, builder,
                    fb::CreateHello(builder, hello.protocol, hello.cluster.value,
                                    static_cast<fb::Speaker>(hello.speaker), hello.from.value,
                                    &address, ancestors));
}

void append_frame(std::string& out, const Refusal& refusal) {
    Builder& builder = fresh_builder();
    const auto sentence = std::string_view(refusal.message).substr(0, sentence_size_max);
    append_finished(out, FrameKind::refusal, builder,
                    fb::CreateRefusal(builder, wire::pack_text(builder, sentence)));
}

void append_frame(std::string& out, const SavedState& state) {
    assert_well_formed(state);
    Builder& builder = fresh_builder();
    append_finished(out, FrameKind::saved, builder, wire::pack(builder, state));
}

Result<Envelope> decode_envelope(std::string_view payload) {
    const auto root = verified<fb::Envelope, wire::is_direct_envelope>(payload);
    if (!root) return std::unexpected(root.error());
    const fb::Envelope& in = **root;
    Unpacker unpacker(payload.size());
    Envelope envelope{.cluster = ClusterId{in.cluster()},
                      .from = NodeId{in.from()},
                      .from_address = wire::unpack(in.from_address()),
                      .to = NodeId{in.to()},
                      .epoch = Epoch{in.epoch()},
                      .body = {}};
    wire::unpack_body<fb::PeerBodyTraits>(unpacker, in.body_type(), in.body(), envelope.body);
    return judged(unpacker, std::move(envelope));
}

Result<ClientMessage> decode_client_message(std::string_view payload) {
    const auto root = verified<fb::ClientMessage, wire::is_direct_client_message>(payload);
    if (!root) return std::unexpected(root.error());
    Unpacker unpacker(payload.size());
    ClientMessage message;
    wire::unpack_body<fb::ClientBodyTraits>(unpacker, (*root)->body_type(), (*root)->body(),
                                            message);
    return judged(unpacker, std::move(message));
}

Result<ServerMessage> decode_server_message(std::string_view payload) {
    const auto root = verified<fb::ServerMessage, wire::is_direct_server_message>(payload);
    if (!root) return std::unexpected(root.error());
    Unpacker unpacker(payload.size());
    ServerMessage message;
    wire::unpack_body<fb::ServerBodyTraits>(unpacker, (*root)->body_type(), (*root)->body(),
                                            message);
    return judged(unpacker, std::move(message));
}

Result<std::optional<ReplyView>> view_reply(std::string_view payload) {
    const auto root = verified<fb::ServerMessage, wire::is_direct_server_message>(payload);
    if (!root) return std::unexpected(root.error());
    const fb::Reply* reply = (*root)->body_as_Reply();
    if (reply == nullptr) return std::nullopt;
    const fb::ReplyHead& head = *reply->head();
    ReplyView view{.sequence = head.sequence(),
                   .status = static_cast<Status>(head.status()),
                   .stamp_ms = head.stamp_ms(),
                   .epoch = Epoch{head.epoch()}};
    if (view.status > Status::full) return fail("a reply's status is unknown");
    if (const auto* value = reply->value(); value != nullptr) {
        view.value = {reinterpret_cast<const char*>(value->data()), value->size()};
    }
    return view;
}

Result<Hello> decode_hello(std::string_view payload) {
    const auto root = verified<fb::Hello>(payload);
    if (!root) return std::unexpected(root.error());
    const fb::Hello& in = **root;
    Unpacker unpacker(payload.size());
    return judged(unpacker, Hello{.protocol = in.protocol(),
                                  .cluster = ClusterId{in.cluster()},
                                  .speaker = static_cast<Speaker>(in.speaker()),
                                  .from = NodeId{in.from()},
                                  .address = wire::unpack(in.address()),
                                  .ancestors = wire::unpack(unpacker, in.ancestors())});
}

Result<Refusal> decode_refusal(std::string_view payload) {
    const auto root = verified<fb::Refusal>(payload);
    if (!root) return std::unexpected(root.error());
    Unpacker unpacker(payload.size());
    Refusal refusal{.message = unpacker.text((*root)->message())};
    if (refusal.message.size() > sentence_size_max) return fail("a refusal is too long");
    return refusal;
}

std::string encode_datagram(const Envelope& envelope) {
    ASSERT(is_datagram(envelope.body), "body {} travels on links", envelope.body.index());
    std::string datagram = encode(envelope);
    ASSERT(datagram.size() <= datagram_size_max, "{} bytes", datagram.size());
    return datagram;
}

Result<Envelope> decode_datagram(std::string_view bytes) {
    const auto frame = parse_frame(bytes, datagram_size_max);
    if (!frame) return std::unexpected(frame.error());
    if (frame->protocol != protocol_version) {
        return fail("this member speaks protocol version {}, the sender of a datagram version {}",
                    protocol_version, frame->protocol);
    }
    if (frame->kind != FrameKind::peer) return fail("a datagram is not from a peer");
    auto envelope = decode_envelope(frame->payload);
    if (envelope && !is_datagram(envelope->body)) {
        return fail("a message that travels on links came as a datagram");
    }
    return envelope;
}

Result<SavedState> decode_saved(std::string_view bytes) {
    const auto frame = parse_frame(bytes);
    if (!frame) return std::unexpected(frame.error());
    if (frame->kind != FrameKind::saved) return fail("it holds something else");
    if (frame->protocol != protocol_version) {
        return fail("it was saved by protocol version {}, this program speaks {}", frame->protocol,
                    protocol_version);
    }
    const auto root = verified<fb::SavedState>(frame->payload);
    if (!root) return std::unexpected(root.error());
    Unpacker unpacker(frame->payload.size());
    SavedState state = wire::unpack(unpacker, **root);
    return judged(unpacker, std::move(state));
}

std::string wire::defect(const Envelope& envelope) {
    const bool asks = std::holds_alternative<RingRequest>(envelope.body);
    const auto* answer = std::get_if<RingAnswer>(&envelope.body);
    const bool ringless = asks || std::holds_alternative<JoinRequest>(envelope.body) ||
                          (answer != nullptr && !answer->ring);
    if (!envelope.cluster && !ringless) return "a message comes from no cluster";
    if (!envelope.from || !envelope.from_address) return "a message comes from nobody";
    const bool to_anybody = asks || std::holds_alternative<Beacon>(envelope.body);
    if (!envelope.to && !to_anybody) return "a message is for nobody";
    return std::visit([](const auto& body) { return defect(body); }, envelope.body);
}

}  // namespace grapevine
