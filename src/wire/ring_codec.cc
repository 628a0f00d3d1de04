#include <algorithm>
#include <tuple>

#include "base/assert.h"
#include "base/hash.h"
#include "wire/codecs.h"
#include "wire/distinct.h"

namespace grapevine::wire {

static_assert(static_cast<int>(fb::Role::MAX) == static_cast<int>(Role::coordinator));
static_assert(static_cast<int>(fb::MemberState::MAX) == static_cast<int>(MemberState::down));

namespace {

// Tenure, since, generation and number of copies of an entry.
using Head = std::tuple<std::uint64_t, std::uint64_t, std::uint32_t, std::uint8_t>;

// The table in columns, while it is packed.
struct Columns {
    Distinct<Head> heads;
    std::vector<std::uint16_t> head_of;
    std::vector<std::uint16_t> copies;
    std::vector<fb::Fill> fills;
    Distinct<std::uint64_t> fill_epochs;
};

std::uint16_t member_index(const Ring& ring, NodeId id) {
    const auto place =
        std::lower_bound(ring.members.begin(), ring.members.end(), id,
                         [](const Member& m, NodeId wanted) { return m.id < wanted; });
    ASSERT(place != ring.members.end() && place->id == id, "{} is not a member", id);
    return static_cast<std::uint16_t>(place - ring.members.begin());
}

Columns columns_of(const Ring& ring) {
    Columns out;
    for (std::size_t partition = 0; partition < ring.table.size(); ++partition) {
        const Entry& entry = ring.table[partition];
        const Head head{entry.tenure.value, entry.since.value, entry.generation.value,
                        static_cast<std::uint8_t>(entry.copies.size())};
        out.head_of.push_back(static_cast<std::uint16_t>(out.heads.index(head)));
        for (const NodeId id : entry.copies) out.copies.push_back(member_index(ring, id));
        for (const Fill& fill : entry.fills) {
            out.fills.emplace_back(
                static_cast<std::uint16_t>(partition), member_index(ring, fill.id),
                static_cast<std::uint32_t>(out.fill_epochs.index(fill.opened.value)));
        }
    }
    return out;
}

// Puts the columns together again. Each index is checked before it is followed.
class TableUnpacker {
public:
    TableUnpacker(Unpacker& unpacker, const fb::Ring& in, const std::vector<Member>& members)
        : unpacker_(unpacker), in_(in), members_(members) {
        const auto same = [](auto value) { return value; };
        heads_ = unpacker.list(in.heads(), [](const fb::EntryHead* head) { return *head; });
        fill_epochs_ = unpacker.list(in.fill_epochs(), same);
        fills_ = unpacker.list(in.fills(), [](const fb::Fill* fill) { return *fill; });
        copies_ = unpacker.list(in.copies(), same);
    }

    std::vector<Entry> unpack() {
        if (in_.head_of() != nullptr && in_.head_of()->size() > slot_count) {
            unpacker_.fail("a ring has too many partitions");
        }
        std::vector<Entry> table =
            unpacker_.list(in_.head_of(), [&](std::uint16_t head) { return entry(head); });
        if (next_copy_ != copies_.size()) unpacker_.fail("a ring lists copies of no partition");
        for (const fb::Fill& fill : fills_) add_fill(table, fill);
        return table;
    }

private:
    // The next entry, without its fills.
    Entry entry(std::uint16_t index) {
        if (index >= heads_.size() || heads_[index].copies() > copies_.size() - next_copy_) {
            unpacker_.fail("a ring's entry lacks its head or its copies");
            return {};
        }
        const fb::EntryHead& head = heads_[index];
        Entry out{.copies = {},
                  .fills = {},
                  .tenure = Epoch{head.tenure()},
                  .since = Epoch{head.since()},
                  .generation = Generation{head.generation()}};
        for (int i = 0; i < head.copies(); ++i) out.copies.push_back(id_at(copies_[next_copy_++]));
        return out;
    }

    void add_fill(std::vector<Entry>& table, const fb::Fill& fill) {
        if (fill.partition() >= table.size() || fill.opened() >= fill_epochs_.size()) {
            unpacker_.fail("a ring's fill is of no partition or epoch");
            return;
        }
        table[fill.partition()].fills.push_back(
            {.id = id_at(fill.member()), .opened = Epoch{fill_epochs_[fill.opened()]}});
    }

    NodeId id_at(std::uint16_t index) {
        if (index < members_.size()) return members_[index].id;
        unpacker_.fail("a ring's entry names a member that is not listed");
        return {};
    }

    Unpacker& unpacker_;
    const fb::Ring& in_;
    const std::vector<Member>& members_;
    std::vector<fb::EntryHead> heads_;
    std::vector<std::uint64_t> fill_epochs_;
    std::vector<fb::Fill> fills_;
    std::vector<std::uint16_t> copies_;
    std::size_t next_copy_ = 0;
};

std::vector<Voter> unpack_voters(Unpacker& unpacker, const fb::Ring& in,
                                 const std::vector<Member>& members) {
    return unpacker.list(in.voters(), [&](const fb::Voter* voter) {
        if (voter->member() >= members.size()) {
            unpacker.fail("a ring's voter is not listed as a member");
            return Voter{};
        }
        return Voter{.id = members[voter->member()].id, .votes = voter->votes()};
    });
}

}  // namespace

Packed<fb::Member> pack(Builder& builder, const Member& member) {
    const auto name = pack_text(builder, member.name);
    const auto zone = pack_text(builder, member.zone);
    const fb::Address address = pack(member.address);
    return fb::CreateMember(
        builder, member.id.value, name, &address, member.pid, static_cast<fb::Role>(member.role),
        static_cast<fb::MemberState>(member.state), zone, member.weight, member.joined.value);
}

Member unpack(Unpacker& unpacker, const fb::Member& in) {
    return {.id = NodeId{in.id()},
            .name = unpacker.text(in.name()),
            .address = unpack(in.address()),
            .pid = in.pid(),
            .role = static_cast<Role>(in.role()),
            .state = static_cast<MemberState>(in.state()),
            .zone = unpacker.text(in.zone()),
            .weight = in.weight(),
            .joined = Epoch{in.joined()}};
}

Packed<flatbuffers::Vector<const fb::Ancestor*>> pack(Builder& builder,
                                                      const Ancestors& ancestors) {
    return pack_list(builder, ancestors, [](const Ancestor& each) {
        return fb::Ancestor{each.cluster.value, each.last.value};
    });
}

Ancestors unpack(Unpacker& unpacker, const flatbuffers::Vector<const fb::Ancestor*>* in) {
    return unpacker.list(in, [](const fb::Ancestor* each) {
        return Ancestor{.cluster = ClusterId{each->cluster()}, .last = Epoch{each->last()}};
    });
}

Packed<fb::Ring> pack(Builder& builder, const Ring& ring) {
    const Columns columns = columns_of(ring);
    const auto members = pack_list(builder, ring.members,
                                   [&](const Member& member) { return pack(builder, member); });
    const auto voters = pack_list(builder, ring.voters, [&](const Voter& voter) {
        return fb::Voter{member_index(ring, voter.id), voter.votes};
    });
    const auto heads = pack_list(builder, columns.heads.values(), [](const Head& head) {
        return std::make_from_tuple<fb::EntryHead>(head);
    });
    const auto head_of = builder.CreateVector(columns.head_of);
    const auto copies = builder.CreateVector(columns.copies);
    const auto fills = builder.CreateVectorOfStructs(columns.fills);
    const auto fill_epochs = builder.CreateVector(columns.fill_epochs.values());
    const auto ancestors = pack(builder, ring.ancestors);
    return fb::CreateRing(builder, ring.cluster.value, ring.epoch.value, ring.genesis.value,
                          ring.copies_wanted, ring.protocol, ring.last_server_number, members,
                          voters, heads, head_of, copies, fills, fill_epochs, ancestors);
}

Ring unpack(Unpacker& unpacker, const fb::Ring& in) {
    Ring ring{.cluster = ClusterId{in.cluster()},
              .ancestors = unpack(unpacker, in.ancestors()),
              .epoch = Epoch{in.epoch()},
              .genesis = Epoch{in.genesis()},
              .copies_wanted = in.copies_wanted(),
              .protocol = in.protocol(),
              .last_server_number = in.last_server_number(),
              .members = {},
              .voters = {},
              .table = {}};
    ring.members = unpacker.list(
        in.members(), [&](const fb::Member* member) { return unpack(unpacker, *member); });
    ring.voters = unpack_voters(unpacker, in, ring.members);
    ring.table = TableUnpacker(unpacker, in, ring.members).unpack();
    return ring;
}

}  // namespace grapevine::wire
