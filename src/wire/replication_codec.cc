#include "wire/codecs.h"

namespace grapevine::wire {

static_assert(static_cast<int>(fb::OpKind::MAX) == static_cast<int>(OpKind::batch));

fb::OpHead pack_head(const Op& op) {
    return {pack(op.version),
            op.stamp_ms,
            op.client.value,
            op.sequence,
            op.floor,
            pack(op.answer.version),
            static_cast<fb::OpKind>(op.kind),
            static_cast<fb::Status>(op.answer.status)};
}

fb::EntryRef pack(const EntryRef& entry) {
    return {entry.since.value, entry.partition.value};
}

fb::ReplicateAck pack(const Replicate::Ack& ack) {
    return {pack(ack.entry), ack.held, ack.gap, ack.full};
}

fb::ReplicatePart pack(const Replicate::Part& part) {
    return {pack(part.entry), part.previous, part.watermark, part.count};
}

namespace {

EntryRef unpack(const fb::EntryRef* in) {
    if (in == nullptr) return {};
    return {.partition = PartitionId{in->partition()}, .since = Epoch{in->since()}};
}

fb::FillSession pack(const FillSession& session) {
    return {session.tenure.value, session.opened.value};
}

FillSession unpack(const fb::FillSession* in) {
    if (in == nullptr) return {};
    return {.tenure = Epoch{in->tenure()}, .opened = Epoch{in->opened()}};
}

Packed<fb::Change> pack(Builder& builder, const Change& change) {
    const auto key = pack_bytes(builder, change.key);
    const auto value = pack_bytes(builder, change.value);
    return fb::CreateChange(builder, static_cast<fb::OpKind>(change.kind), key, value,
                            change.expires_ms);
}

Change unpack(Unpacker& unpacker, const fb::Change& in) {
    return {.kind = static_cast<OpKind>(in.kind()),
            .key = unpacker.bytes(in.key()),
            .value = unpacker.bytes(in.value()),
            .expires_ms = in.expires_ms()};
}

OpMore unpack(Unpacker& unpacker, const fb::OpMore& in) {
    const auto one = [&](const fb::Change* change) { return unpack(unpacker, *change); };
    return {.expires_ms = in.expires_ms(),
            .changes = unpacker.list(in.changes(), one),
            .reply = unpacker.bytes(in.reply())};
}

Packed<fb::OpMore> pack(Builder& builder, const OpMore& more) {
    const auto changes = pack_list(builder, more.changes,
                                   [&](const Change& change) { return pack(builder, change); });
    const auto reply = pack_bytes(builder, more.reply);
    return fb::CreateOpMore(builder, more.expires_ms, changes, reply);
}

Packed<fb::Op> pack(Builder& builder, const Op& op) {
    const auto key = pack_bytes(builder, op.key);
    const auto value = pack_bytes(builder, op.value);
    const fb::OpHead head = pack_head(op);
    const Packed<fb::OpMore> more = op.more ? pack(builder, *op.more) : 0;
    return fb::CreateOp(builder, &head, key, value, more);
}

Op unpack(Unpacker& unpacker, const fb::Op& in) {
    const fb::OpHead& head = *in.head();
    return {.version = wire::unpack(&head.version()),
            .kind = static_cast<OpKind>(head.kind()),
            .stamp_ms = head.stamp_ms(),
            .client = ClientId{head.client()},
            .sequence = head.sequence(),
            .floor = head.floor(),
            .answer = {.status = static_cast<Status>(head.status()),
                       .version = wire::unpack(&head.answer_version())},
            .key = unpacker.bytes(in.key()),
            .value = unpacker.bytes(in.value()),
            .more = in.more() == nullptr ? Rare<OpMore>() : Rare(unpack(unpacker, *in.more()))};
}

auto pack(Builder& builder, const std::vector<OpPtr>& ops) {
    return pack_list(builder, ops, [&](const OpPtr& op) { return pack(builder, *op); });
}

std::vector<OpPtr> unpack(Unpacker& unpacker,
                          const flatbuffers::Vector<flatbuffers::Offset<fb::Op>>* in) {
    return unpacker.list(in, [&](const fb::Op* op) { return make_op(unpack(unpacker, *op)); });
}

Packed<fb::ClientMemory> pack(Builder& builder, const ClientMemory& memory) {
    const auto answers =
        pack_list(builder, memory.answers, [](const ClientMemory::Remembered& remembered) {
            return fb::Remembered{remembered.sequence, wire::pack(remembered.answer.version),
                                  static_cast<fb::Status>(remembered.answer.status)};
        });
    std::vector<Packed<fb::RememberedReply>> replies;
    for (std::uint32_t i = 0; i < memory.answers.size(); ++i) {
        const std::string& reply = memory.answers[i].reply;
        if (reply.empty()) continue;
        const auto bytes = pack_bytes(builder, reply);
        replies.push_back(fb::CreateRememberedReply(builder, i, bytes));
    }
    const auto packed_replies = pack_list(builder, replies, [](const auto& each) { return each; });
    return fb::CreateClientMemory(builder, memory.client.value, memory.floor, memory.stamp_ms,
                                  answers, packed_replies);
}

void unpack_replies(Unpacker& unpacker, const fb::ClientMemory& in,
                    std::vector<ClientMemory::Remembered>& answers) {
    unpacker.list(in.replies(), [&](const fb::RememberedReply* reply) {
        const bool fits = reply->answer() < answers.size();
        if (fits) answers[reply->answer()].reply = unpacker.bytes(reply->reply());
        if (!fits) unpacker.fail("a reply belongs to no answer");
        return 0;
    });
}

ClientMemory unpack(Unpacker& unpacker, const fb::ClientMemory& in) {
    const auto remembered = [](const fb::Remembered* answer) {
        return ClientMemory::Remembered{.sequence = answer->sequence(),
                                        .answer = {.status = static_cast<Status>(answer->status()),
                                                   .version = wire::unpack(&answer->version())},
                                        .reply = {}};
    };
    ClientMemory memory{.client = ClientId{in.client()},
                        .floor = in.floor(),
                        .stamp_ms = in.stamp_ms(),
                        .answers = unpacker.list(in.answers(), remembered)};
    unpack_replies(unpacker, in, memory.answers);
    return memory;
}

Packed<fb::FillItem> pack(Builder& builder, const FillItem& item) {
    const auto key = pack_bytes(builder, item.key);
    const auto value = pack_bytes(builder, item.value);
    const fb::Version version = wire::pack(item.version);
    return fb::CreateFillItem(builder, &version, key, value, item.expires_ms);
}

FillItem unpack(Unpacker& unpacker, const fb::FillItem& in) {
    return {.version = wire::unpack(in.version()),
            .key = unpacker.bytes(in.key()),
            .value = unpacker.bytes(in.value()),
            .expires_ms = in.expires_ms()};
}

}  // namespace

Packed<fb::Replicate> pack(Builder& builder, const Replicate& message) {
    const auto one = [](const auto& in) { return pack(in); };
    const auto acks = pack_list(builder, message.acks, one);
    const auto parts = pack_list(builder, message.parts, one);
    return fb::CreateReplicate(builder, acks, parts, pack(builder, message.ops));
}

Replicate unpack(Unpacker& unpacker, const fb::Replicate& in) {
    const auto ack = [](const fb::ReplicateAck* each) {
        return Replicate::Ack{.entry = unpack(&each->entry()),
                              .held = each->held(),
                              .gap = each->gap(),
                              .full = each->full()};
    };
    const auto part = [](const fb::ReplicatePart* each) {
        return Replicate::Part{.entry = unpack(&each->entry()),
                               .previous = each->previous(),
                               .watermark = each->watermark(),
                               .count = each->count()};
    };
    return {.acks = unpacker.list(in.acks(), ack),
            .parts = unpacker.list(in.parts(), part),
            .ops = unpack(unpacker, in.ops())};
}

Packed<fb::Gather> pack(Builder& builder, const Gather& message) {
    const auto entry = [](const EntryRef& in) { return pack(in); };
    return fb::CreateGather(builder, pack_list(builder, message.entries, entry));
}

Gather unpack(Unpacker& unpacker, const fb::Gather& in) {
    const auto entry = [](const fb::EntryRef* entry_in) { return unpack(entry_in); };
    return {.entries = unpacker.list(in.entries(), entry)};
}

Packed<fb::Gathered> pack(Builder& builder, const Gathered& message) {
    const auto part = [&](const Gathered::Part& in) {
        const auto unfinished = pack(builder, in.unfinished);
        const fb::EntryRef entry = pack(in.entry);
        return fb::CreateGatheredPart(builder, &entry, in.watermark, unfinished, in.stepped_down);
    };
    return fb::CreateGathered(builder, pack_list(builder, message.parts, part));
}

Gathered unpack(Unpacker& unpacker, const fb::Gathered& in) {
    const auto part = [&](const fb::GatheredPart* part_in) {
        return Gathered::Part{.entry = unpack(part_in->entry()),
                              .watermark = part_in->watermark(),
                              .unfinished = unpack(unpacker, part_in->unfinished()),
                              .stepped_down = part_in->stepped_down()};
    };
    return {.parts = unpacker.list(in.parts(), part)};
}

Packed<fb::FillChunk> pack(Builder& builder, const FillChunk& message) {
    const auto clients =
        pack_list(builder, message.clients, [&](const auto& in) { return pack(builder, in); });
    const auto items =
        pack_list(builder, message.items, [&](const auto& in) { return pack(builder, in); });
    const fb::EntryRef entry = pack(message.entry);
    const fb::FillSession session = pack(message.session);
    const fb::Version base = wire::pack(message.base);
    return fb::CreateFillChunk(builder, &entry, &session, message.from, message.to, &base,
                               message.base_stamp_ms, clients, items, message.compare);
}

FillChunk unpack(Unpacker& unpacker, const fb::FillChunk& in) {
    const auto one = [&](const auto* element) { return unpack(unpacker, *element); };
    return {.entry = unpack(in.entry()),
            .session = unpack(in.session()),
            .from = in.from(),
            .to = in.to(),
            .base = wire::unpack(in.base()),
            .base_stamp_ms = in.base_stamp_ms(),
            .clients = unpacker.list(in.clients(), one),
            .compare = in.compare(),
            .items = unpacker.list(in.items(), one)};
}

Packed<fb::FillAck> pack(Builder& builder, const FillAck& message) {
    const auto lacks = pack_list(builder, message.lacks, [&](const std::string& key) {
        return fb::CreateLackedKey(builder, pack_bytes(builder, key));
    });
    const fb::EntryRef entry = pack(message.entry);
    const fb::FillSession session = pack(message.session);
    return fb::CreateFillAck(builder, &entry, &session, message.next, message.compares,
                             message.lacks_to, lacks);
}

FillAck unpack(Unpacker& unpacker, const fb::FillAck& in) {
    const auto key = [&](const fb::LackedKey* lacked) { return unpacker.bytes(lacked->key()); };
    return {.entry = unpack(in.entry()),
            .session = unpack(in.session()),
            .next = in.next(),
            .compares = in.compares(),
            .lacks_to = in.lacks_to(),
            .lacks = unpacker.list(in.lacks(), key)};
}

}  // namespace grapevine::wire
