#include "wire/direct.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "wire/codecs.h"
#include "wire/layout.h"

namespace grapevine::wire {

namespace {

template <class Table>
std::string_view finished(Builder& builder, flatbuffers::Offset<Table> root) {
    builder.Finish(root);
    return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

// --- requests and replies: a struct and vectors of bytes in one table ---

template <std::size_t vectors>
class HeadLayout {
public:
    using Fields = std::array<flatbuffers::voffset_t, vectors>;

    HeadLayout(std::string_view model, const void* table, flatbuffers::voffset_t head,
               std::size_t head_size, const Fields& fields)
        : prefix_(model, table), head_at_(prefix_.vary(model, table, head, head_size)) {
        prefix_.expect_vtable(model, flatbuffers::GetRoot<flatbuffers::Table>(model.data()));
        for (std::size_t i = 0; i < vectors; ++i) {
            fields_[i] = prefix_.vary(model, table, fields[i], sizeof(Offset));
        }
    }

    template <class Head>
    void append(std::string& out, FrameKind kind, const Head& head,
                const std::array<std::string_view, vectors>& values) const {
        std::size_t size = 0;
        for (const std::string_view value : values) size += vector_size(value);
        Writer writer(out, prefix_, size);
        writer.fill(head_at_, head);
        for (std::size_t i = 0; i < vectors; ++i) writer.put_vector(fields_[i], values[i]);
        writer.finish(kind);
    }

    [[nodiscard]] bool matches(std::string_view payload) const {
        return prefix_.matches(payload) && std::ranges::all_of(fields_, [&](std::size_t field) {
                   return find_vector(payload, field, 1, 1).data != nullptr;
               });
    }

private:
    Prefix prefix_;
    std::size_t head_at_;
    std::array<std::size_t, vectors> fields_{};
};

HeadLayout<2> learn_request() {
    Builder builder;
    const Request model{.sequence = 1, .key = "key", .value = "value"};
    const auto table = wire::pack(builder, model).Union();
    const std::string_view payload =
        finished(builder, fb::CreateClientMessage(builder, fb::ClientBody::Request, table));
    return {payload,
            flatbuffers::GetRoot<fb::ClientMessage>(payload.data())->body(),
            fb::Request::VT_HEAD,
            sizeof(fb::RequestHead),
            {fb::Request::VT_KEY, fb::Request::VT_VALUE}};
}

HeadLayout<1> learn_reply() {
    Builder builder;
    const Reply model{.sequence = 1, .value = "value"};
    const auto table = wire::pack(builder, model).Union();
    const std::string_view payload =
        finished(builder, fb::CreateServerMessage(builder, fb::ServerBody::Reply, table));
    return {payload,
            flatbuffers::GetRoot<fb::ServerMessage>(payload.data())->body(),
            fb::Reply::VT_HEAD,
            sizeof(fb::ReplyHead),
            {fb::Reply::VT_VALUE}};
}

const HeadLayout<2>& request_layout() {
    static const HeadLayout<2> layout = learn_request();
    return layout;
}

const HeadLayout<1>& reply_layout() {
    static const HeadLayout<1> layout = learn_reply();
    return layout;
}

// --- Replicate: lists of structs, and a list of tables with a struct and two vectors each ---

class ReplicateLayout {
public:
    ReplicateLayout() : ReplicateLayout(Model()) {}

    void append(std::string& out, const Envelope& envelope, const Replicate& message) const;
    [[nodiscard]] bool matches(std::string_view payload) const;

private:
    struct Model {
        Model();
        Builder builder;
        std::string_view payload;
        const fb::Envelope* envelope = nullptr;
        const fb::Replicate* replicate = nullptr;
        const fb::Op* op = nullptr;
    };
    explicit ReplicateLayout(const Model& model);

    template <class Packed, class List>
    static void put_structs(Writer& writer, std::size_t field, const List& list);
    void put_op(Writer& writer, std::size_t vtable, const Op& op) const;
    [[nodiscard]] bool is_op(std::string_view payload, std::size_t table,
                             std::size_t& vtable_seen) const;

    Prefix prefix_;
    std::size_t cluster_at_;
    std::size_t from_at_;
    std::size_t address_at_;
    std::size_t to_at_;
    std::size_t epoch_at_;
    std::size_t acks_at_;
    std::size_t parts_at_;
    std::size_t ops_at_;
    std::string op_vtable_;
    std::size_t op_size_;  // of the table alone
    std::size_t op_head_;  // in it
    std::size_t op_key_;
    std::size_t op_value_;
};

// Nothing of it is zero: the builder leaves out what has its default.
ReplicateLayout::Model::Model() {
    Replicate message;
    message.acks.emplace_back();
    message.parts.push_back({.entry = {}, .count = 1});
    message.ops.push_back(make_op({.key = "key", .value = "value"}));
    const auto table = wire::pack(builder, message).Union();
    const fb::Address address(1, 1);
    payload = finished(
        builder, fb::CreateEnvelope(builder, 1, 1, &address, 1, 1, fb::PeerBody::Replicate, table));
    envelope = flatbuffers::GetRoot<fb::Envelope>(payload.data());
    replicate = envelope->body_as_Replicate();
    op = replicate->ops()->Get(0);
}

ReplicateLayout::ReplicateLayout(const Model& model)
    : prefix_(model.payload, model.replicate),
      op_size_(rounded(inline_size(model.op), sizeof(Offset))),
      op_head_(place_in_table(model.op, fb::Op::VT_HEAD)),
      op_key_(place_in_table(model.op, fb::Op::VT_KEY)),
      op_value_(place_in_table(model.op, fb::Op::VT_VALUE)) {
    const auto vary = [&](const void* table, flatbuffers::voffset_t field, std::size_t size) {
        return prefix_.vary(model.payload, table, field, size);
    };
    cluster_at_ = vary(model.envelope, fb::Envelope::VT_CLUSTER, 8);
    from_at_ = vary(model.envelope, fb::Envelope::VT_FROM, 8);
    address_at_ = vary(model.envelope, fb::Envelope::VT_FROM_ADDRESS, sizeof(fb::Address));
    to_at_ = vary(model.envelope, fb::Envelope::VT_TO, 8);
    epoch_at_ = vary(model.envelope, fb::Envelope::VT_EPOCH, 8);
    acks_at_ = vary(model.replicate, fb::Replicate::VT_ACKS, sizeof(Offset));
    parts_at_ = vary(model.replicate, fb::Replicate::VT_PARTS, sizeof(Offset));
    ops_at_ = vary(model.replicate, fb::Replicate::VT_OPS, sizeof(Offset));
    const auto* const vtable = reinterpret_cast<const char*>(table_of(model.op).GetVTable());
    op_vtable_.assign(vtable, number_at<flatbuffers::voffset_t>(vtable));
}

template <class Packed, class List>
void ReplicateLayout::put_structs(Writer& writer, std::size_t field, const List& list) {
    writer.align(alignof(Packed), sizeof(Offset));
    writer.point(field);
    writer.put_number(static_cast<Offset>(list.size()));
    for (const auto& each : list) writer.put_number(wire::pack(each));
}

void ReplicateLayout::put_op(Writer& writer, std::size_t vtable, const Op& op) const {
    writer.align(alignof(fb::OpHead), op_head_);
    const std::size_t table = writer.offset();
    writer.put_zeros(op_size_);
    writer.fill(table, static_cast<flatbuffers::soffset_t>(table - vtable));
    writer.fill(table + op_head_, pack_head(op));
    writer.put_vector(table + op_key_, op.key);
    writer.put_vector(table + op_value_, op.value);
}

void ReplicateLayout::append(std::string& out, const Envelope& envelope,
                             const Replicate& message) const {
    constexpr std::size_t gaps = 32;  // between the lists
    std::size_t size = message.acks.size() * sizeof(fb::ReplicateAck) +
                       message.parts.size() * sizeof(fb::ReplicatePart) + op_vtable_.size() + gaps;
    for (const OpPtr& op : message.ops) {
        size += sizeof(Offset) + op_size_ + vector_size(op->key) + vector_size(op->value) +
                alignof(fb::OpHead);
    }
    Writer writer(out, prefix_, size);
    writer.fill(cluster_at_, envelope.cluster.value);
    writer.fill(from_at_, envelope.from.value);
    writer.fill(address_at_, wire::pack(envelope.from_address));
    writer.fill(to_at_, envelope.to.value);
    writer.fill(epoch_at_, envelope.epoch.value);
    put_structs<fb::ReplicateAck>(writer, acks_at_, message.acks);
    put_structs<fb::ReplicatePart>(writer, parts_at_, message.parts);
    writer.align(sizeof(Offset));
    writer.point(ops_at_);
    writer.put_number(static_cast<Offset>(message.ops.size()));
    const std::size_t list = writer.offset();
    writer.put_zeros(message.ops.size() * sizeof(Offset));
    const std::size_t vtable = writer.offset();
    writer.put(op_vtable_);
    for (std::size_t i = 0; i < message.ops.size(); ++i) {
        writer.align(alignof(fb::OpHead), op_head_);
        writer.point(list + i * sizeof(Offset));
        put_op(writer, vtable, *message.ops[i]);
    }
    writer.finish(FrameKind::peer);
}

// `vtable_seen`: where one lies that was found to be as ours.
bool ReplicateLayout::is_op(std::string_view payload, std::size_t table,
                            std::size_t& vtable_seen) const {
    if ((table + op_head_) % alignof(fb::OpHead) != 0 || table + op_size_ > payload.size()) {
        return false;
    }
    const auto back = number_at<flatbuffers::soffset_t>(payload.data() + table);
    if (back < 0 || static_cast<std::size_t>(back) > table) return false;
    const std::size_t vtable = table - static_cast<std::size_t>(back);
    if (vtable != vtable_seen) {
        if (vtable % alignof(flatbuffers::voffset_t) != 0 ||
            payload.substr(vtable, op_vtable_.size()) != op_vtable_) {
            return false;
        }
        vtable_seen = vtable;
    }
    return find_vector(payload, table + op_key_, 1, 1).data != nullptr &&
           find_vector(payload, table + op_value_, 1, 1).data != nullptr;
}

bool ReplicateLayout::matches(std::string_view payload) const {
    if (!prefix_.matches(payload) ||
        find_vector(payload, acks_at_, sizeof(fb::ReplicateAck), alignof(fb::ReplicateAck)).data ==
            nullptr ||
        find_vector(payload, parts_at_, sizeof(fb::ReplicatePart), alignof(fb::ReplicatePart))
                .data == nullptr) {
        return false;
    }
    const Found ops = find_vector(payload, ops_at_, sizeof(Offset), sizeof(Offset));
    if (ops.data == nullptr) return false;
    const auto list = static_cast<std::size_t>(ops.data - payload.data());
    std::size_t vtable_seen = payload.size();
    for (std::size_t i = 0; i < ops.count; ++i) {
        const std::size_t field = list + i * sizeof(Offset);
        const std::size_t table = field + number_at<Offset>(payload.data() + field);
        if (!is_op(payload, table, vtable_seen)) return false;
    }
    return true;
}

const ReplicateLayout& replicate_layout() {
    static const ReplicateLayout layout;
    return layout;
}

}  // namespace

bool append_directly(std::string& out, const ClientMessage& message) {
    const auto* const request = std::get_if<Request>(&message);
    if (request == nullptr || request->slot != -1) return false;
    request_layout().append<fb::RequestHead>(out, FrameKind::client, pack_head(*request),
                                             {request->key, request->value});
    return true;
}

bool append_directly(std::string& out, const ServerMessage& message) {
    const auto* const reply = std::get_if<Reply>(&message);
    if (reply == nullptr) return false;
    reply_layout().append<fb::ReplyHead>(out, FrameKind::server, pack_head(*reply), {reply->value});
    return true;
}

// What programs leave behind is rarer, and goes the long way.
bool append_directly(std::string& out, const Envelope& envelope) {
    const auto* const replicate = std::get_if<Replicate>(&envelope.body);
    if (replicate == nullptr) return false;
    const auto has_more = [](const OpPtr& op) { return static_cast<bool>(op->more); };
    if (std::ranges::any_of(replicate->ops, has_more)) return false;
    replicate_layout().append(out, envelope, *replicate);
    return true;
}

bool is_direct_client_message(std::string_view payload) {
    return request_layout().matches(payload);
}

bool is_direct_server_message(std::string_view payload) {
    return reply_layout().matches(payload);
}

bool is_direct_envelope(std::string_view payload) {
    return replicate_layout().matches(payload);
}

}  // namespace grapevine::wire
