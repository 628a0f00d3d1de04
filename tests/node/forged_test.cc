// Envelopes that decode and that no member would send: whatever they say, the process goes on.
#include <catch2/catch.hpp>
#include <limits>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "effort.h"
#include "node/node.h"
#include "store/memory_store.h"
#include "wire/rules.h"
#include "wire/samples.h"

using namespace grapevine;

namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

Member member(std::uint64_t id, Role role = Role::storage) {
    Member made;
    made.id = NodeId{id};
    made.name = role == Role::coordinator ? "coordinator" : "server" + std::to_string(id);
    made.address = {0x7f000001, static_cast<std::uint16_t>(7000 + id)};
    made.role = role;
    return made;
}

// Node 1 of a cluster, and whoever speaks in the others' names.
struct Victim {
    explicit Victim(std::uint64_t seed, Role role = Role::storage) {
        NodeConfig config;
        config.self = member(1, role);
        config.found = true;
        config.cluster = ClusterId{7};
        config.partitions = 16;
        node = std::make_unique<Node>(config, role == Role::storage ? &store : nullptr, seed, now);
        Ring ring = *node->ring();
        RingChange change{.epoch = next(ring.epoch), .joined = {member(2), member(3), member(4)}};
        if (!ring.genesis) {
            for (std::uint32_t i = 0; i < 16; ++i) {
                change.arrangements.push_back(
                    {PartitionId{i}, {NodeId{2 + i % 3}, NodeId{2 + (i + 1) % 3}}, {}});
            }
        }
        ring = *apply(ring, change);
        if (role == Role::storage) share(ring.table);
        hear(RingAnswer{std::make_shared<const Ring>(ring)}, NodeId{2});
        REQUIRE(node->ring()->epoch == Epoch{2});
    }

    // Every role that node 1 can have.
    static void share(std::vector<Entry>& table) {
        for (std::size_t i = 0; i < table.size(); ++i) {
            Entry& entry = table[i];
            entry.since = Epoch{2};
            if (i % 4 == 0) entry.copies = {NodeId{1}, NodeId{2}};
            if (i % 4 == 1) entry.copies = {NodeId{2}, NodeId{1}};
            if (i % 4 == 2) entry.copies = {NodeId{3}, NodeId{2}};
            if (i % 4 == 2) entry.fills = {{NodeId{1}, Epoch{2}}};
            if (i % 4 == 3) entry.fills = {{NodeId{3}, Epoch{2}}};
            if (i % 4 != 3) entry.tenure = Epoch{2};
        }
    }

    // As it would come from the wire; false: it would not.
    bool hear(PeerBody body, NodeId from, Epoch epoch = Epoch{2}) {
        const Envelope envelope{.cluster = ClusterId{7},
                                .from = from,
                                .from_address = {0x7f000001, 7002},
                                .to = NodeId{1},
                                .epoch = epoch,
                                .body = std::move(body)};
        if (!wire::defect(envelope).empty()) return false;
        const std::string bytes = encode(envelope);
        const auto decoded = decode_envelope(parse_frame(bytes).value().payload);
        REQUIRE(decoded.has_value());
        node->receive(now, *decoded);
        carry_out();
        return true;
    }
    void pass(Duration time) {
        for (const Time end = now + time; now < end;) {
            now = std::min(end, std::max(now + 1ms, node->next_deadline()));
            node->tick(now);
            carry_out();
        }
    }
    // What it says has to be well-formed: encoding anything else aborts.
    void carry_out() {
        NodeEffects effects = node->take_effects();
        for (const auto& [to, envelope] : effects.datagrams) encode_datagram(envelope);
        for (const auto& [to, envelope] : effects.links) {
            encode(envelope);
            if (std::holds_alternative<RingAnswer>(envelope.body)) ++rings_told;
        }
        for (const auto& reply : effects.replies) encode(reply.message);
        for (const Address peer : effects.dials) node->link_up(now, peer);
        node->invariants();
    }

    Time now = time_from_us(1'000'000);
    MemoryStore store{1};
    std::unique_ptr<Node> node;
    std::size_t rings_told = 0;
};

// Puts what this cluster knows, or the ends of the range, into fields of sample messages.
class Forger {
public:
    Forger(std::uint64_t seed, const Ring& ring) : samples_(seed), ring_(ring) {}

    PeerBody body() {
        auto all = samples_.envelopes();
        PeerBody chosen = std::move(all[samples_.rng().below(all.size())].body);
        bend(chosen);
        return chosen;
    }
    NodeId id() { return NodeId{2 + samples_.rng().below(3)}; }
    Epoch epoch() {
        const std::uint64_t now = ring_.epoch.value;
        const std::uint64_t likely[] = {now, now + 1, now, now + 1, 1, 0, most, most - 1, now + 2};
        return Epoch{likely[samples_.rng().below(std::size(likely))]};
    }
    Rng& rng() { return samples_.rng(); }

private:
    template <class T>
    void bend(T& value) {
        constexpr bool is_plain =
            std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, std::string>;
        if constexpr (std::is_same_v<T, std::uint64_t>) {
            const std::uint64_t likely[] = {value, 1, 2, most, most - 1, 0, most / 2};
            value = likely[rng().below(std::size(likely))];
        } else if constexpr (!is_plain) {
            std::apply([&](auto&... field) { (bend(field), ...); }, fields(value));
            fit(value);
        }
    }
    void bend(NodeId& value) {
        if (rng().chance(4, 5)) value = rng().chance(1, 8) ? NodeId{1} : id();
    }
    void bend(Epoch& value) { value = epoch(); }
    void bend(OpPtr& value) {
        Op op = *value;
        bend(op);
        value = make_op(std::move(op));
    }
    template <class T>
    void bend(Rare<T>& value) {
        if (value) bend(value.edit());
    }
    void bend(PartitionId& value) {
        value.value = static_cast<std::uint32_t>(rng().below(rng().chance(1, 20) ? 64 : 16));
    }
    template <class Tag, class Rep>
    void bend(Id<Tag, Rep>& value) {
        const std::uint64_t likely[] = {value.value, 0, 1, most};
        value.value = static_cast<Rep>(likely[rng().below(4)]);
    }
    template <class T>
    void bend(std::vector<T>& list) {
        for (T& item : list) bend(item);
    }
    template <class T, std::uint32_t in_place>
    void bend(ShortList<T, in_place>& list) {
        for (T& item : list) bend(item);
    }
    template <class T>
    void bend(std::optional<T>& value) {
        if (value) bend(*value);
    }
    template <class... T>
    void bend(std::variant<T...>& value) {
        std::visit([&](auto& alternative) { bend(alternative); }, value);
    }
    void bend(Address& address) {
        if (rng().chance(1, 2)) address.ip = 0x7f000001;
        if (rng().chance(1, 2)) address.port = static_cast<std::uint16_t>(7001 + rng().below(5));
    }
    void bend(RingPtr& ring) {
        if (!ring) return;
        Ring other = rng().chance(1, 4) ? *ring : ring_;
        if (rng().chance(1, 2)) other = samples_.ring(1 + rng().below(5), 1u << rng().below(6));
        other.cluster = ring_.cluster;
        if (rng().chance(1, 2)) other.epoch = epoch();
        ring = std::make_shared<const Ring>(std::move(other));
    }
    template <class T>
    void fit(T&) {}
    void fit(Accept& message) { message.change.epoch = message.epoch; }
    void fit(Promise& message) {
        if (message.accepted) message.accepted->change.epoch = message.epoch;
    }
    void fit(RingChange& change) {
        if (rng().chance(1, 2)) {
            change = {.epoch = change.epoch};
            if (rng().chance(1, 2)) change.evicted = {id()};
        }
    }
    void fit(Replicate& message) {
        std::span<OpPtr> ops = message.ops;
        for (Replicate::Part& part : message.parts) {
            const bool is_last = &part == &message.parts.back();
            const std::size_t count = is_last ? ops.size() : rng().below(ops.size() + 1);
            part.count = static_cast<std::uint32_t>(count);
            number(ops.first(count), part.previous, 1);
            ops = ops.subspan(count);
        }
        if (message.parts.empty()) message.ops.clear();
    }
    void fit(Gathered::Part& part) { number(part.unfinished, part.watermark, 2); }
    void number(std::span<OpPtr> ops, std::uint64_t after, std::uint64_t step) {
        for (OpPtr& each : ops) {
            Op op = *each;
            op.version.counter = after += 1 + rng().below(step);
            each = make_op(std::move(op));
        }
    }

    Samples samples_;
    Ring ring_;
};

}  // namespace

TEST_CASE("whatever forged envelopes say, a member goes on", "[forged]") {
    for (const Role role : {Role::storage, Role::coordinator}) {
        for (std::uint64_t seed = 1; seed <= testing::effort(20U, 8U); ++seed) {
            Victim victim(seed, role);
            Rng rng(seed);
            std::size_t heard = 0;
            for (int i = 0; i < 300; ++i) {
                Forger forger(seed * 1000 + static_cast<std::uint64_t>(i), *victim.node->ring());
                const NodeId from = forger.id();
                const Epoch epoch = forger.epoch();
                INFO(seed << ", message " << i);
                heard += victim.hear(forger.body(), from, epoch) ? 1 : 0;
                if (rng.chance(1, 4)) victim.pass(rng.between(1ms, 60ms));
            }
            CHECK(heard > 100);
            victim.pass(2s);
        }
    }
}

TEST_CASE("after the last ballot there is another", "[forged]") {
    for (const PeerBody& body :
         std::vector<PeerBody>{Prepare{Epoch{3}, {most, NodeId{2}}},
                               Rejected{Epoch{3}, {1, NodeId{1}}, {most, NodeId{2}}}}) {
        Victim victim(1);
        REQUIRE(victim.hear(body, NodeId{2}));
        victim.pass(3s);  // the others are silent, and this node proposes to go on without them
        CHECK(victim.node->ring() != nullptr);
    }
}

TEST_CASE("a forged report of what is committed makes nobody primary, and ends nobody",
          "[forged]") {
    Victim victim(1);
    Gathered forged;
    for (std::uint32_t id = 0; id < 16; id += 4) {
        forged.parts.push_back({.entry = {PartitionId{id}, Epoch{2}}, .watermark = 99});
    }
    REQUIRE(victim.hear(forged, NodeId{2}));
    victim.pass(1s);
    Gathered honest;
    for (std::uint32_t id = 0; id < 16; id += 4) {
        honest.parts.push_back({.entry = {PartitionId{id}, Epoch{2}}});
    }
    REQUIRE(victim.hear(honest, NodeId{2}));
    victim.pass(1s);
    CHECK(victim.node->ring() != nullptr);
}

TEST_CASE("a ring of the last epoch is not believed", "[forged]") {
    Victim victim(1);
    for (const std::uint64_t epoch : {most, most - 1}) {
        Ring last = *victim.node->ring();
        last.epoch = Epoch{epoch};
        victim.hear(RingAnswer{std::make_shared<const Ring>(last)}, NodeId{2}, last.epoch);
    }
    victim.pass(3s);
    CHECK(victim.node->ring()->epoch == Epoch{2});
}

TEST_CASE("a ring with another number of partitions is not this cluster's", "[forged]") {
    for (const std::size_t size : {1, 4, 64}) {
        Victim victim(1);
        Ring other = *victim.node->ring();
        other.epoch = Epoch{9};
        other.table.resize(size, other.table.front());
        victim.hear(RingAnswer{std::make_shared<const Ring>(other)}, NodeId{2}, other.epoch);
        CHECK(victim.node->ring()->epoch == Epoch{2});
    }
}

// Each was answered with the whole ring at the end of the turn, which took a second.
TEST_CASE("who asks for the ring thousands of times is told some of them", "[node]") {
    Victim victim(1);
    for (std::uint64_t i = 0; i < 10'000; ++i) {
        CHECK(victim.hear(RingRequest{}, NodeId{100 + i % 100}));
    }
    const std::size_t of_strangers = victim.rings_told;
    CHECK(of_strangers > 0);
    CHECK(of_strangers < 2'000);
    // They leave something to members.
    CHECK(victim.hear(RingRequest{}, NodeId{3}));
    CHECK(victim.rings_told == of_strangers + 1);
    victim.pass(10ms);
    const std::size_t before = victim.rings_told;
    CHECK(victim.hear(RingRequest{}, NodeId{100}));
    CHECK(victim.rings_told == before + 1);
}

TEST_CASE("what was read is told whenever it leaves, what was written under its lease", "[node]") {
    constexpr Time lease = time_from_us(1'000'000);
    NodeEffects::ToClient answer{ConnectionId{1}, Reply{}, lease};
    CHECK_FALSE(answer.must_be_refused(lease - 1us));
    CHECK(answer.must_be_refused(lease));
    answer.is_of_read = true;
    CHECK_FALSE(answer.must_be_refused(lease + 1s));
    CHECK_FALSE(NodeEffects::ToClient{ConnectionId{1}, Reply{}}.must_be_refused(lease + 1s));
}
