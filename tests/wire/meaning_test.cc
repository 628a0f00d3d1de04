// What decoders do with payloads that frames let pass: verified or not, meant or not.
#include <catch2/catch.hpp>

#include <schema/client_generated.h>
#include <schema/peer_generated.h>

#include "wire/samples.h"

using namespace grapevine;

namespace {

using Builder = flatbuffers::FlatBufferBuilder;

// The payload of a frame around what was built, where FrameReader would put it.
template <class Table>
std::string payload_of(Builder& builder, flatbuffers::Offset<Table> root) {
    builder.Finish(root);
    std::string frame;
    append_frame(frame, FrameKind::peer,
                 {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()});
    return frame.substr(frame_header_size);
}

std::string payload_of(const std::string& frame) {
    return frame.substr(frame_header_size);
}

template <class T>
std::string error_of(const Result<T>& result) {
    return result ? "" : result.error().message;
}

// An envelope with all that it needs around a body.
template <class Table>
std::string envelope_error(Builder& builder, fb::PeerBody type, flatbuffers::Offset<Table> body) {
    const fb::Address address(0x7f000001, 7000);
    const auto root = fb::CreateEnvelope(builder, 1, 2, &address, 3, 4, type, body.Union());
    return error_of(decode_envelope(payload_of(builder, root)));
}

template <class Table>
std::string client_error(Builder& builder, fb::ClientBody type, flatbuffers::Offset<Table> body) {
    const auto root = fb::CreateClientMessage(builder, type, body.Union());
    return error_of(decode_client_message(payload_of(builder, root)));
}

std::string request_error(std::size_t key, std::size_t value, std::uint8_t kind,
                          std::uint8_t condition, std::int32_t slot = -1) {
    Builder builder;
    const auto key_bytes = builder.CreateVector(std::vector<std::uint8_t>(key, 'k'));
    const auto value_bytes = builder.CreateVector(std::vector<std::uint8_t>(value, 'v'));
    const fb::RequestHead head(1, 1, 1, -1, 1, fb::Version(0, 0), 1000,
                               static_cast<fb::OperationKind>(kind),
                               static_cast<fb::Condition>(condition));
    const auto request = fb::CreateRequest(builder, &head, key_bytes, value_bytes, slot);
    return client_error(builder, fb::ClientBody::Request, request);
}

// Builds the columns of a ring of two partitions, each of which a test can spoil.
struct RingColumns {
    std::vector<fb::EntryHead> heads{fb::EntryHead(1, 1, 0, 1)};
    std::vector<std::uint16_t> head_of{0, 0};
    std::vector<std::uint16_t> copies{0, 0};
    std::vector<fb::Fill> fills = {};
    std::vector<std::uint64_t> fill_epochs = {};
    std::vector<fb::Voter> voters{fb::Voter(0, 1)};
    std::uint32_t weight = weight_one;
    std::uint8_t role = 0;

    [[nodiscard]] std::string error() const {
        Builder builder;
        const fb::Address address(0x7f000001, 7000);
        const auto name = builder.CreateString("server1");
        const auto member =
            fb::CreateMember(builder, 5, name, &address, 0, static_cast<fb::Role>(role),
                             fb::MemberState::up, 0, weight, 1);
        const auto members = builder.CreateVector(&member, 1);
        const auto voters_at = builder.CreateVectorOfStructs(voters);
        const auto heads_at = builder.CreateVectorOfStructs(heads);
        const auto head_of_at = builder.CreateVector(head_of);
        const auto copies_at = builder.CreateVector(copies);
        const auto fills_at = builder.CreateVectorOfStructs(fills);
        const auto epochs_at = builder.CreateVector(fill_epochs);
        const auto ring = fb::CreateRing(builder, 1, 1, 1, 1, 1, 1, members, voters_at, heads_at,
                                         head_of_at, copies_at, fills_at, epochs_at);
        return envelope_error(builder, fb::PeerBody::RingAnswer,
                              fb::CreateRingAnswer(builder, ring));
    }
};

}  // namespace

TEST_CASE("absent and unknown bodies are refused", "[wire]") {
    const std::string sentence = "a message has no body that this version knows";
    Builder empty;
    CHECK(client_error(empty, fb::ClientBody::Request, flatbuffers::Offset<fb::Request>(0)) ==
          sentence);
    Builder none;
    CHECK(client_error(none, fb::ClientBody::NONE, fb::CreateStopRequest(none)) == sentence);
    Builder unknown;
    CHECK(client_error(unknown, static_cast<fb::ClientBody>(200), fb::CreateStopRequest(unknown)) ==
          sentence);
    Builder peer;
    CHECK(envelope_error(peer, static_cast<fb::PeerBody>(99), fb::CreateRingRequest(peer)) ==
          sentence);
}

TEST_CASE("enumerators, sizes and conditions are checked", "[wire]") {
    CHECK(request_error(3, 3, 1, 0).empty());
    CHECK(request_error(3, 3, 5, 0) == "a request is of an unknown kind");
    CHECK(request_error(3, 3, 1, 3) == "a condition is unknown");
    CHECK(request_error(3, 3, 2, 1) == "only a put can be conditional on absence");
    CHECK(request_error(key_size_max, 3, 1, 0).empty());
    CHECK(request_error(key_size_max + 1, 3, 1, 0) ==
          "a key of 65537 bytes is over the limit of 65536");
    CHECK(request_error(3, value_size_max + 1, 1, 0) ==
          "a value of 16777217 bytes is over the limit of 16777216");
}

TEST_CASE("programs name a slot or a key, and may be a little longer than a value", "[wire]") {
    for (const std::uint8_t kind : {std::uint8_t{3}, std::uint8_t{4}}) {
        CHECK(request_error(3, 3, kind, 0).empty());
        CHECK(request_error(0, 3, kind, 0, 0).empty());
        CHECK(request_error(0, 3, kind, 0, 16383).empty());
        CHECK(request_error(0, 3, kind, 0, 16384) == "there is no slot 16384");
        CHECK(request_error(0, 3, kind, 0, -2) == "there is no slot -2");
        CHECK(request_error(3, 3, kind, 2) == "a program has no condition");
        CHECK(request_error(3, program_size_max, kind, 0).empty());
        CHECK(request_error(3, program_size_max + 1, kind, 0) ==
              "a program of 17825793 bytes is over the limit of 17825792");
    }
    CHECK(request_error(3, 3, 1, 0, 5) == "only a program names a slot");
}

TEST_CASE("changes belong to batches, and replies to remembered answers", "[wire]") {
    const auto op_error = [](fb::OpKind kind, int changes, fb::OpKind change,
                             std::int64_t expires_ms) {
        Builder builder;
        const std::vector<std::uint8_t> key(1, 'k');
        std::vector<flatbuffers::Offset<fb::Change>> list;
        for (int i = 0; i < changes; ++i) {
            list.push_back(
                fb::CreateChange(builder, change, builder.CreateVector(key), 0, expires_ms));
        }
        const auto list_at = builder.CreateVector(list);
        const fb::OpHead head(fb::Version(1, 6), 0, 1, 1, 1, fb::Version(0, 0), kind,
                              fb::Status::ok);
        const auto op = fb::CreateOp(builder, &head, 0, 0, fb::CreateOpMore(builder, 0, list_at));
        const auto ops = builder.CreateVector(&op, 1);
        const fb::ReplicatePart part(fb::EntryRef(1, 3), 5, 5, 1);
        const auto parts = builder.CreateVectorOfStructs(&part, 1);
        return envelope_error(builder, fb::PeerBody::Replicate,
                              fb::CreateReplicate(builder, 0, parts, ops));
    };
    const std::string misplaced = "changes belong to a batch, and alone";
    CHECK(op_error(fb::OpKind::batch, 2, fb::OpKind::put, 7).empty());
    CHECK(op_error(fb::OpKind::batch, 0, fb::OpKind::put, 0) == misplaced);
    CHECK(op_error(fb::OpKind::put, 1, fb::OpKind::put, 0) == misplaced);
    CHECK(op_error(fb::OpKind::batch, 1, fb::OpKind::none, 0) == "a change is of an unknown kind");
    CHECK(op_error(fb::OpKind::batch, 1, fb::OpKind::put, -1) == "a key expires at -1 ms");

    Builder builder;
    const fb::Remembered answer(5, fb::Version(1, 6), fb::Status::ok);
    const auto answers = builder.CreateVectorOfStructs(&answer, 1);
    const auto text = builder.CreateVector(std::vector<std::uint8_t>(3, 'x'));
    const auto reply = fb::CreateRememberedReply(builder, 1, text);
    const auto replies = builder.CreateVector(&reply, 1);
    const auto client = fb::CreateClientMemory(builder, 9, 1, 0, answers, replies);
    const auto clients = builder.CreateVector(&client, 1);
    const fb::EntryRef entry(1, 3);
    const fb::FillSession session(1, 1);
    const fb::Version base(1, 6);
    const auto chunk =
        fb::CreateFillChunk(builder, &entry, &session, 0, 1, &base, 0, clients, 0, false);
    CHECK(envelope_error(builder, fb::PeerBody::FillChunk, chunk) ==
          "a reply belongs to no answer");
}

TEST_CASE("sentences have the length that encoding leaves them", "[wire]") {
    const auto error_of_sentence = [](std::size_t size) {
        Builder builder;
        const auto sentence = builder.CreateString(std::string(size, 'x'));
        const auto root = fb::CreateServerMessage(builder, fb::ServerBody::ErrorReply,
                                                  fb::CreateErrorReply(builder, sentence).Union());
        return error_of(decode_server_message(payload_of(builder, root)));
    };
    CHECK(error_of_sentence(sentence_size_max).empty());
    CHECK(error_of_sentence(sentence_size_max + 1) == "an error's sentence is too long");
}

TEST_CASE("who a message is from and for is checked", "[wire]") {
    const auto error = [](std::uint64_t cluster, std::uint64_t from, std::uint16_t port,
                          std::uint64_t to) {
        Builder builder;
        const fb::Address address(0x7f000001, port);
        const auto body = fb::CreateGather(builder);
        return error_of(decode_envelope(
            payload_of(builder, fb::CreateEnvelope(builder, cluster, from, &address, to, 1,
                                                   fb::PeerBody::Gather, body.Union()))));
    };
    CHECK(error(1, 2, 7000, 3).empty());
    CHECK(error(0, 2, 7000, 3) == "a message comes from no cluster");
    CHECK(error(1, 0, 7000, 3) == "a message comes from nobody");
    CHECK(error(1, 2, 0, 3) == "a message comes from nobody");
    CHECK(error(1, 2, 7000, 0) == "a message is for nobody");
}

TEST_CASE("a ring's columns must fit together", "[wire]") {
    CHECK(RingColumns{}.error().empty());
    const std::string lacks = "a ring's entry lacks its head or its copies";
    const std::string stranger = "a ring's entry names a member that is not listed";
    const std::string fill = "a ring's fill is of no partition or epoch";
    CHECK(RingColumns{.head_of = std::vector<std::uint16_t>(32768)}.error() ==
          "a ring has too many partitions");
    CHECK(RingColumns{.head_of = {0, 1}}.error() == lacks);
    CHECK(RingColumns{.copies = {0}}.error() == lacks);
    CHECK(RingColumns{.copies = {0, 0, 0}}.error() == "a ring lists copies of no partition");
    CHECK(RingColumns{.copies = {0, 1}}.error() == stranger);
    CHECK(RingColumns{.fills = {fb::Fill(2, 0, 0)}, .fill_epochs = {1}}.error() == fill);
    CHECK(RingColumns{.fills = {fb::Fill(0, 0, 1)}, .fill_epochs = {1}}.error() == fill);
    CHECK(RingColumns{.fills = {fb::Fill(0, 1, 0)}, .fill_epochs = {1}}.error() == stranger);
    CHECK(RingColumns{.voters = {fb::Voter(1, 1)}}.error() ==
          "a ring's voter is not listed as a member");
    CHECK(RingColumns{.head_of = {0}, .copies = {0}}.error().empty());
    CHECK(RingColumns{.head_of = {0, 0, 0}, .copies = {0, 0, 0}}.error() ==
          "a ring of 3 partitions");
}

TEST_CASE("a ring's own rules are checked", "[wire]") {
    CHECK_FALSE(
        RingColumns{.heads = {fb::EntryHead(1, 1, 0, 2)}, .copies = {0, 0, 0, 0}}.error().empty());
    CHECK_FALSE(RingColumns{.voters = {fb::Voter(0, 3)}}.error().empty());
    CHECK_FALSE(RingColumns{.weight = 0}.error().empty());
    CHECK(RingColumns{.role = 2}.error() == "a member's role is unknown");
}

TEST_CASE("arrangements name listed members only", "[wire]") {
    const auto error = [](std::uint16_t partition, const std::vector<std::uint16_t>& arranged) {
        Builder builder;
        const auto holders = builder.CreateVector(std::vector<std::uint64_t>{7, 8});
        const auto arrangements = builder.CreateVectorOfStructs(
            std::vector<fb::Arrangement>{fb::Arrangement(partition, 1, 1)});
        const auto indexes = builder.CreateVector(arranged);
        const auto change =
            fb::CreateRingChange(builder, 5, 0, 0, 0, 0, 0, 0, holders, arrangements, indexes);
        return envelope_error(builder, fb::PeerBody::Decided,
                              fb::CreateDecided(builder, change, 1));
    };
    const std::string stranger = "an arrangement names a member that is not listed";
    CHECK(error(0, {0, 1}).empty());
    CHECK(error(0, {0, 2}) == stranger);
    CHECK(error(0, {0}) == stranger);
    CHECK(error(0, {0, 1, 1}) == "a ring change arranges no partition");
    CHECK(error(16384, {0, 1}) == "there is no partition 16384");
}

TEST_CASE("an agreement's parts must be there and agree", "[wire]") {
    const fb::Ballot ballot(1, 2);
    Builder no_change;
    CHECK(
        envelope_error(no_change, fb::PeerBody::Accept, fb::CreateAccept(no_change, 5, &ballot)) ==
        "a change that makes ring 0 is proposed as ring 5");
    Builder no_ballot;
    CHECK(envelope_error(no_ballot, fb::PeerBody::Prepare, fb::CreatePrepare(no_ballot, 5)) ==
          "a ballot has no round or no proposer");
    Builder no_epoch;
    CHECK(envelope_error(no_epoch, fb::PeerBody::Prepare,
                         fb::CreatePrepare(no_epoch, 0, &ballot)) == "an agreement is on no epoch");
    Builder no_self;
    CHECK(envelope_error(no_self, fb::PeerBody::JoinRequest, fb::CreateJoinRequest(no_self)) ==
          "a member has no id");
}

TEST_CASE("clocks keep away from overflow", "[wire]") {
    const auto error = [](std::int64_t sent, std::int64_t echo) {
        Builder builder;
        return envelope_error(builder, fb::PeerBody::Heartbeat,
                              fb::CreateHeartbeat(builder, 1, sent, 1, echo, true));
    };
    CHECK(error(1, 1).empty());
    CHECK(error(-1, 1) == "a heartbeat at -1 us");
    CHECK(error(1, INT64_MAX) == "a heartbeat at 9223372036854775807 us");
}

TEST_CASE("replicated operations are in order", "[wire]") {
    const auto error = [](std::uint64_t second, std::uint8_t kind) {
        Builder builder;
        std::vector<flatbuffers::Offset<fb::Op>> ops;
        for (const std::uint64_t counter : {std::uint64_t{6}, second}) {
            const fb::OpHead head(fb::Version(1, counter), 0, 1, 1, 1, fb::Version(0, 0),
                                  static_cast<fb::OpKind>(kind), fb::Status::ok);
            ops.push_back(fb::CreateOp(builder, &head));
        }
        const auto ops_at = builder.CreateVector(ops);
        const fb::ReplicatePart part(fb::EntryRef(1, 3), 5, 5, 2);
        const auto parts_at = builder.CreateVectorOfStructs(&part, 1);
        return envelope_error(builder, fb::PeerBody::Replicate,
                              fb::CreateReplicate(builder, 0, parts_at, ops_at));
    };
    CHECK(error(7, 0).empty());
    CHECK(error(8, 0) == "operation 8 after 6");
    CHECK(error(6, 0) == "operation 6 after 6");
    CHECK(error(7, 4) == "an operation is of an unknown kind");
}

TEST_CASE("a small message cannot unpack to a huge one", "[wire]") {
    // 1,000 operations that are all the same one of 50,000 bytes.
    Builder builder;
    const auto value = builder.CreateVector(std::vector<std::uint8_t>(50'000, 'v'));
    const fb::OpHead op_head(fb::Version(1, 6), 1, 1, 1, 1, fb::Version(0, 0), fb::OpKind::put,
                             fb::Status::ok);
    const auto op = fb::CreateOp(builder, &op_head, 0, value);
    const auto ops = builder.CreateVector(std::vector(1'000, op));
    CHECK(
        envelope_error(builder, fb::PeerBody::Replicate, fb::CreateReplicate(builder, 0, 0, ops)) ==
        "a message unpacks to more than it holds");
}

TEST_CASE("misaligned messages and lists are refused", "[wire]") {
    const std::string payload = payload_of(encode(ClientMessage{StatusRequest{}}));
    for (std::size_t shift = 1; shift < frame_alignment; ++shift) {
        const std::string shifted = std::string(shift, '\0') + payload;
        CHECK(error_of(decode_client_message(std::string_view(shifted).substr(shift))) ==
              "a message lies at an address that is not a multiple of 8");
    }
    // The verifier lets a list of 8-byte ids pass at any multiple of 4: one of these two is off.
    int refused = 0;
    for (int padding = 0; padding < 2; ++padding) {
        Builder builder;
        // Built back to front: what follows the list, which as ids needs 48 bytes, comes first.
        for (int i = 0; i < 4; ++i) builder.PushElement(std::uint64_t{0});
        if (padding == 1) builder.PushElement(std::uint32_t{0});
        const auto ids = builder.CreateVector(std::vector<std::uint32_t>{7, 7, 7, 7, 7, 7}).o;
        const fb::Ballot ballot(1, 2);
        const auto promise = fb::CreatePromise(
            builder, 5, &ballot, 0, flatbuffers::Offset<flatbuffers::Vector<std::uint64_t>>(ids));
        refused +=
            envelope_error(builder, fb::PeerBody::Promise, promise) == "a list is misaligned";
    }
    CHECK(refused == 1);
}

TEST_CASE("changed payloads never do harm", "[wire]") {
    Samples samples(21);
    std::size_t decoded = 0;
    for (int round = 0; round < 40; ++round) {
        std::vector<std::string> frames;
        for (const auto& message : samples.envelopes()) frames.push_back(encode(message));
        for (const auto& message : samples.client_messages()) frames.push_back(encode(message));
        for (const auto& message : samples.server_messages()) frames.push_back(encode(message));
        for (const std::string& frame : frames) {
            for (int attempt = 0; attempt < 20; ++attempt) {
                std::string payload = payload_of(frame);
                for (std::uint64_t i = 1 + samples.rng().below(4); i > 0; --i) {
                    payload[samples.rng().below(payload.size())] =
                        static_cast<char>(samples.rng().next() >> samples.rng().below(64));
                }
                // Every decoder, whatever the frame was of; what is decoded encodes again.
                if (auto peer = decode_envelope(payload)) decoded += !encode(*peer).empty();
                if (auto client = decode_client_message(payload)) encode(*client);
                if (auto server = decode_server_message(payload)) encode(*server);
                (void)decode_hello(payload);
                (void)decode_refusal(payload);
            }
        }
    }
    // Most changes hit contents: the decoders were not merely refusing all.
    CHECK(decoded > 1000);
}

TEST_CASE("garbage and cut payloads are refused or read, never followed", "[wire]") {
    Samples samples(22);
    for (int round = 0; round < 20'000; ++round) {
        std::string garbage = samples.bytes(300);
        // Small numbers make plausible offsets.
        if (round % 2 == 0) {
            for (char& c : garbage)
                c = static_cast<char>(c & (samples.rng().chance(1, 4) ? 63 : 0));
        }
        (void)decode_envelope(garbage);
        (void)decode_client_message(garbage);
        (void)decode_server_message(garbage);
        (void)decode_hello(garbage);
        (void)decode_refusal(garbage);
    }
    for (const auto& message : samples.envelopes()) {
        const std::string payload = payload_of(encode(message));
        for (std::size_t size = 0; size < payload.size(); size += 4) {
            // Of its own size, so that a step past the end is seen.
            const std::vector<char> cut(payload.begin(),
                                        payload.begin() + static_cast<std::ptrdiff_t>(size));
            (void)decode_envelope({cut.data(), cut.size()});
        }
    }
}
