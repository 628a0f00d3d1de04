#include "base/assert.h"
#include "wire/codecs.h"
#include "wire/distinct.h"
#include "wire/rule_tools.h"

namespace grapevine::wire {

namespace {

// The arrangements of a change, while they are packed.
struct Arranged {
    Distinct<std::uint64_t> holders;
    std::vector<fb::Arrangement> arrangements;
    std::vector<std::uint16_t> indexes;
};

Arranged arranged(const RingChange& change) {
    Arranged out;
    const auto add = [&](NodeId id) {
        out.indexes.push_back(static_cast<std::uint16_t>(out.holders.index(id.value)));
    };
    for (const Arrangement& arrangement : change.arrangements) {
        out.arrangements.emplace_back(static_cast<std::uint16_t>(arrangement.partition.value),
                                      static_cast<std::uint8_t>(arrangement.copies.size()),
                                      static_cast<std::uint8_t>(arrangement.fills.size()));
        for (const NodeId id : arrangement.copies) add(id);
        for (const NodeId id : arrangement.fills) add(id);
    }
    ASSERT(out.holders.values().size() <= members_max, "{} holders", out.holders.values().size());
    return out;
}

class ArrangementUnpacker {
public:
    ArrangementUnpacker(Unpacker& unpacker, const fb::RingChange& in)
        : unpacker_(unpacker), in_(in), holders_(wire::unpack(unpacker, in.holders())) {
        indexes_ = unpacker.list(in.arranged(), [](std::uint16_t index) { return index; });
    }

    std::vector<Arrangement> unpack() {
        auto out = unpacker_.list(in_.arrangements(), [&](const fb::Arrangement* arrangement) {
            return Arrangement{.partition = PartitionId{arrangement->partition()},
                               .copies = take(arrangement->copies()),
                               .fills = take(arrangement->fills())};
        });
        if (next_ != indexes_.size()) unpacker_.fail("a ring change arranges no partition");
        return out;
    }

private:
    NodeList take(std::size_t count) {
        NodeList ids;
        for (; count > 0; --count) {
            if (next_ == indexes_.size() || indexes_[next_] >= holders_.size()) {
                unpacker_.fail("an arrangement names a member that is not listed");
                return {};
            }
            ids.push_back(holders_[indexes_[next_++]]);
        }
        return ids;
    }

    Unpacker& unpacker_;
    const fb::RingChange& in_;
    std::vector<NodeId> holders_;
    std::vector<std::uint16_t> indexes_;
    std::size_t next_ = 0;
};

}  // namespace

Packed<flatbuffers::Vector<std::uint64_t>> pack(Builder& builder, const std::vector<NodeId>& ids) {
    return pack_list(builder, ids, [](NodeId id) { return id.value; });
}

std::vector<NodeId> unpack(Unpacker& unpacker, const flatbuffers::Vector<std::uint64_t>* in) {
    return unpacker.list(in, [](std::uint64_t id) { return NodeId{id}; });
}

Packed<flatbuffers::Vector<const fb::FillReport*>> pack(Builder& builder,
                                                        const std::vector<FillReport>& reports) {
    return pack_list(builder, reports, [](const FillReport& report) {
        return fb::FillReport{report.since.value, report.opened.value, report.member.value,
                              report.partition.value};
    });
}

std::vector<FillReport> unpack(Unpacker& unpacker,
                               const flatbuffers::Vector<const fb::FillReport*>* in) {
    return unpacker.list(in, [](const fb::FillReport* report) {
        return FillReport{.partition = PartitionId{report->partition()},
                          .since = Epoch{report->since()},
                          .opened = Epoch{report->opened()},
                          .member = NodeId{report->member()}};
    });
}

Packed<fb::RingChange> pack(Builder& builder, const RingChange& change) {
    const auto completed = pack(builder, change.completed);
    const auto evicted = pack(builder, change.evicted);
    const auto joined = pack_list(builder, change.joined,
                                  [&](const Member& member) { return pack(builder, member); });
    const auto leaving = pack(builder, change.leaving);
    const auto departed = pack(builder, change.departed);
    const auto losses = pack_list(builder, change.losses, [](PartitionId id) { return id.value; });
    const Arranged columns = arranged(change);
    const auto holders = builder.CreateVector(columns.holders.values());
    const auto arrangements = builder.CreateVectorOfStructs(columns.arrangements);
    const auto indexes = builder.CreateVector(columns.indexes);
    const auto dropped = pack_list(builder, change.dropped, [](const Holding& holding) {
        return fb::Holding{holding.member.value, holding.partition.value};
    });
    return fb::CreateRingChange(builder, change.epoch.value, completed, evicted, joined, leaving,
                                departed, losses, holders, arrangements, indexes, dropped);
}

RingChange unpack(Unpacker& unpacker, const fb::RingChange& in) {
    const auto partition = [](std::uint32_t id) { return PartitionId{id}; };
    const auto holding = [](const fb::Holding* each) {
        return Holding{.partition = PartitionId{each->partition()},
                       .member = NodeId{each->member()}};
    };
    return {.epoch = Epoch{in.epoch()},
            .completed = unpack(unpacker, in.completed()),
            .evicted = unpack(unpacker, in.evicted()),
            .dropped = unpacker.list(in.dropped(), holding),
            .joined = unpacker.list(
                in.joined(), [&](const fb::Member* member) { return unpack(unpacker, *member); }),
            .leaving = unpack(unpacker, in.leaving()),
            .departed = unpack(unpacker, in.departed()),
            .losses = unpacker.list(in.losses(), partition),
            .arrangements = ArrangementUnpacker(unpacker, in).unpack()};
}

}  // namespace grapevine::wire
