#include "wire/samples.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace grapevine {

namespace {

OpPtr numbered(Op op, std::uint64_t counter) {
    op.version.counter = counter;
    return make_op(std::move(op));
}

}  // namespace

std::string Samples::bytes(std::size_t size_max) {
    std::string out(rng_.below(size_max + 1), '\0');
    for (char& c : out) c = static_cast<char>(rng_.next());
    return out;
}

Envelope Samples::envelope(PeerBody body) {
    Envelope out{.cluster = rng_.draw<ClusterId>(),
                 .from = rng_.draw<NodeId>(),
                 .from_address = {},
                 .to = rng_.draw<NodeId>(),
                 .epoch = Epoch{rng_.next()},
                 .body = std::move(body)};
    fill(out.from_address);
    return out;
}

void Samples::fill(RingPtr& ring_out) {
    ring_out.reset();
    if (rng_.chance(2, 3)) ring_out = std::make_shared<const Ring>(ring(1 + rng_.below(8), 32));
}

void Samples::fill(OpPtr& op) {
    Op made;
    fill(made);
    op = make_op(std::move(made));
}

void Samples::fit(Promise& message) {
    if (message.accepted) message.accepted->change.epoch = message.epoch;
}

void Samples::fit(Change& change) {
    change.kind = change.kind == OpKind::put ? OpKind::put : OpKind::erase;
}

void Samples::fit(Op& op) {
    if (op.kind != OpKind::batch) {
        if (op.more) op.more.edit().changes.clear();
    } else if (op.more->changes.empty()) {
        fill(op.more.edit().changes.emplace_back());
    }
}

void Samples::fit(Replicate& message) {
    if (message.parts.empty()) message.ops.clear();
    std::size_t left = message.ops.size();
    auto op = message.ops.begin();
    for (Replicate::Part& part : message.parts) {
        const bool is_last = &part == &message.parts.back();
        part.count = static_cast<std::uint32_t>(is_last ? left : rng_.below(left + 1));
        left -= part.count;
        part.previous >>= 1;
        std::uint64_t counter = part.previous;
        for (std::uint32_t i = 0; i < part.count; ++i, ++op) *op = numbered(**op, ++counter);
    }
}

void Samples::fit(Gathered::Part& part) {
    part.watermark >>= 1;
    std::uint64_t counter = part.watermark;
    for (OpPtr& op : part.unfinished) op = numbered(*op, counter += 1 + rng_.below(3));
}

void Samples::fit(FillChunk& chunk) {
    if (rng_.chance(1, 3)) {
        chunk.from = fill_base;
        chunk.to = fill_items;
        chunk.compare = false;
        chunk.items.clear();
    } else {
        chunk.from = fill_items + (chunk.from >> 1);
        chunk.to = chunk.from + 1 + (chunk.to >> 2);
        chunk.clients.clear();
    }
    if (!chunk.compare) return;
    for (FillItem& item : chunk.items) {
        item.value.clear();
        item.expires_ms = 0;
    }
}

void Samples::fit(FillAck& ack) {
    if (!ack.lacks.empty() && ack.lacks_to <= ack.next) std::swap(ack.next, ack.lacks_to);
    if (ack.lacks_to == ack.next) ack.lacks.clear();
}

void Samples::fit(Request& request) {
    request.floor %= request.sequence;
    request.deadline_ms %= static_cast<std::uint32_t>(deadline_max / 1ms);
    if (request.kind != OperationKind::put) request.condition = Condition::none;
    if (request.condition != Condition::version) request.expected = {};
    request.slot = is_program(request.kind) && rng_.chance(1, 2)
                       ? static_cast<std::int32_t>(rng_.below(slot_count))
                       : -1;
    if (rng_.chance(1, 4)) request.stamp_ms = -1;
}

void Samples::fit(Founding& founding) {
    if (founding.survivors.empty()) founding.survivors.push_back(rng_.draw<NodeId>());
}

// Names are for people.
Member Samples::plain_member(Member member) {
    for (std::string* text : {&member.name, &member.zone}) {
        for (char& c : *text) c = static_cast<char>('a' + static_cast<unsigned char>(c) % 26);
    }
    member.weight = 1 + member.weight % (1000 * weight_one);
    return member;
}

NodeList Samples::some_of(std::vector<NodeId> ids, std::size_t max) {
    rng_.shuffle(ids);
    ids.resize(1 + rng_.below(std::min(max, ids.size())));
    return NodeList(ids);
}

Entry Samples::entry(const std::vector<NodeId>& up, const std::vector<NodeId>& down) {
    Entry out;
    out.tenure = Epoch{10 + rng_.below(3)};
    out.since = Epoch{out.tenure.value + rng_.below(3)};
    out.generation = Generation{static_cast<std::uint32_t>(rng_.below(2))};
    if (!down.empty() && rng_.chance(1, 4)) {
        out.copies = some_of(down, 3);
        return out;
    }
    out.copies = some_of(up, 5);
    if (out.copies.size() < 2 || rng_.chance(1, 2)) return out;
    for (std::size_t fills = rng_.below(out.copies.size()); fills > 0; --fills) {
        out.fills.push_back({.id = out.copies.back(), .opened = out.since});
        out.copies.pop_back();
    }
    return out;
}

Ring Samples::ring(std::size_t storage, std::uint32_t partitions) {
    Ring out{.cluster = rng_.draw<ClusterId>(),
             .ancestors = {{rng_.draw<ClusterId>(), Epoch{1}}},
             .epoch = Epoch{20 + rng_.below(1000)},
             .genesis = Epoch{2},
             .copies_wanted = 3,
             .protocol = protocol_version,
             .last_server_number = static_cast<std::uint32_t>(storage),
             .members = {},
             .voters = {},
             .table = {}};
    std::vector<NodeId> up;
    std::vector<NodeId> down;
    for (std::size_t i = 0; i <= storage; ++i) {
        Member member = make<Member>();
        member.name = fmt::format("server{}", i);
        member.address.port = static_cast<std::uint16_t>(7000 + i);
        member.role = i == 0 ? Role::coordinator : Role::storage;
        if (i <= 1) member.state = MemberState::up;
        member.joined = Epoch{1 + rng_.below(20)};
        if (i > 0) (member.is_up() ? up : down).push_back(member.id);
        out.members.push_back(std::move(member));
    }
    std::ranges::sort(out.members, {}, &Member::id);
    out.voters = voters_for(out.members);
    for (std::uint32_t p = 0; p < partitions; ++p) out.table.push_back(entry(up, down));
    // Members that are down are listed because somebody waits for them.
    if (!down.empty())
        out.table.front() = {.copies = NodeList(down),
                             .fills = {},
                             .tenure = Epoch{10},
                             .since = Epoch{12},
                             .generation = {}};
    return out;
}

}  // namespace grapevine
