#pragma once
// A handful of Replications in one process, their messages carried by hand: every message waits in
// a queue until deliver() or is dropped. One partition, rings made by apply().

#include <catch2/catch.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/time.h"
#include "replication/replication.h"
#include "ring/change.h"
#include "store/memory_store.h"

namespace grapevine {

// The first of the nodes.
inline constexpr NodeId a{1};
inline constexpr NodeId b{2};
inline constexpr NodeId c{3};
inline constexpr NodeId d{4};

struct Peer {
    Peer(const ReplicationConfig& config, NodeId self, LeaseExpiry lease)
        : replication(config, self, store, std::move(lease)) {}
    MemoryStore store;
    Replication replication;
    Time lease_until = never;
};

class Trio {
public:
    static constexpr PartitionId partition{0};

    // Nodes 1 ... `nodes`; the first `copies` hold the partition from genesis, 1 is the primary.
    using Configure = std::function<void(ReplicationConfig&)>;
    using ConfigureOne = std::function<void(NodeId, ReplicationConfig&)>;
    explicit Trio(
        std::uint32_t nodes = 3, std::uint32_t copies = 3,
        const Configure& configure = [](ReplicationConfig&) {},
        const ConfigureOne& configure_one = [](NodeId, ReplicationConfig&) {}) {
        configure(config);
        for (std::uint32_t i = 1; i <= nodes; ++i) add(NodeId{i}, configure_one);
        Member coordinator = member(NodeId{100});
        coordinator.role = Role::coordinator;
        ring_ = std::make_shared<const Ring>(found_ring(ClusterId{7}, coordinator, copies, 1));
        RingChange genesis{.epoch = next(ring_->epoch)};
        Arrangement first{.partition = partition};
        for (std::uint32_t i = 1; i <= nodes; ++i) {
            genesis.joined.push_back(member(NodeId{i}));
            if (i <= copies) first.copies.push_back(NodeId{i});
        }
        genesis.arrangements.push_back(first);
        change(genesis);
        deliver();  // the primary is active
    }

    static Member member(NodeId id) {
        Member member;
        member.id = id;
        member.name = "node" + std::to_string(id.value);
        member.address = {0x7f000001, static_cast<std::uint16_t>(7000 + id.value)};
        return member;
    }

    // Makes the next ring and gives it to those named (to all that live by default).
    void change(RingChange change, const std::set<NodeId>& to = {}) {
        change.epoch = next(ring_->epoch);
        auto made = apply(*ring_, change);
        INFO((made ? std::string() : made.error().message));
        REQUIRE(made.has_value());
        ring_ = std::make_shared<const Ring>(*std::move(made));
        for (auto& [id, peer] : peers_) {
            if (to.empty() || to.contains(id)) adopt(id);
        }
    }
    void adopt(NodeId id) {
        const Epoch before = adopted_[id];
        peers_.at(id)->replication.adopt(now, ring_, next(before) == ring_->epoch);
        adopted_[id] = ring_->epoch;
        collect(id);
    }
    void kill(NodeId id) {
        peers_.erase(id);
        std::erase_if(queue_, [id](const auto& m) { return m.to == id; });
    }

    // --- requests ---
    Request request(OperationKind kind, std::string key, std::string value = {}) {
        return {.client = ClientId{9},
                .sequence = ++sequence_,
                .floor = floor,
                .stamp_ms = 0,
                .epoch = ring_->epoch,
                .deadline_ms = 5000,
                .kind = kind,
                .condition = Condition::none,
                .expected = {},
                .key = std::move(key),
                .value = std::move(value)};
    }
    std::uint64_t ask(NodeId at, Request request) {
        const std::uint64_t sequence = request.sequence;
        peers_.at(at)->replication.request(now, ConnectionId{1}, std::move(request));
        collect(at);
        return sequence;
    }
    std::uint64_t put(NodeId at, const std::string& key, const std::string& value) {
        return ask(at, request(OperationKind::put, key, value));
    }
    std::uint64_t get(NodeId at, const std::string& key) {
        return ask(at, request(OperationKind::get, key));
    }
    // The last reply to this sequence; nothing: none yet.
    const Reply* reply(std::uint64_t sequence) const {
        const auto found = replies_.find(sequence);
        return found == replies_.end() ? nullptr : &found->second;
    }
    Status status(std::uint64_t sequence) const {
        REQUIRE(reply(sequence) != nullptr);
        return reply(sequence)->status;
    }
    // Delivered to the end: what is there under the key.
    std::string value(NodeId at, const std::string& key) {
        const auto sequence = get(at, key);
        deliver();
        REQUIRE(reply(sequence) != nullptr);
        if (reply(sequence)->status == Status::not_found) return "(none)";
        REQUIRE(reply(sequence)->status == Status::ok);
        return reply(sequence)->value;
    }

    // --- messages and time ---
    struct Queued {
        NodeId from, to;
        ReplicationMessage message;
    };
    using Filter = std::function<bool(const Queued&)>;

    // Delivers all, also what is sent in answer, but what `lost` says is lost.
    void deliver(const Filter& lost = [](const Queued&) { return false; }) {
        while (!queue_.empty()) {
            const Queued next_one = std::move(queue_.front());
            queue_.pop_front();
            if (lost(next_one) || !peers_.contains(next_one.to)) continue;
            Replication& receiver = peers_.at(next_one.to)->replication;
            std::visit([&](const auto& body) { receiver.receive(now, next_one.from, body); },
                       next_one.message);
            collect(next_one.to);
        }
    }
    void drop() { queue_.clear(); }
    // What this node's wall clock shows now.
    void set_wall(NodeId id, std::int64_t unix_ms) {
        peer(id).replication.wall_clock(now, unix_ms);
        collect(id);
    }
    void run_for(Duration span) {
        const Time end = now + span;
        while (now < end) {
            now += 1ms;
            for (auto& [id, peer] : peers_) {
                if (peer->replication.next_deadline() > now) continue;
                peer->replication.tick(now);
                collect(id);
            }
            deliver();
        }
    }
    void collect(NodeId id) {
        auto effects = peers_.at(id)->replication.take_effects(now);
        peers_.at(id)->replication.invariants();
        for (auto& [to, message] : effects.messages) queue_.push_back({id, to, std::move(message)});
        for (auto& each : effects.replies) {
            if (each.is_of_read || now < each.valid_until)
                replies_[each.reply.sequence] = std::move(each.reply);
        }
        ahead.insert(effects.ahead.begin(), effects.ahead.end());
        behind.insert(effects.behind.begin(), effects.behind.end());
    }

    Peer& peer(NodeId id) { return *peers_.at(id); }
    const Ring& ring() const { return *ring_; }
    const Entry& entry() const { return ring_->entry(partition); }
    bool serves(NodeId id) { return peer(id).replication.serves_until(now, partition) > now; }
    const std::deque<Queued>& queue() const { return queue_; }

    // Equal contents, order and remembered ids.
    bool same(NodeId one, NodeId other) {
        const auto dump = [&](NodeId id) {
            std::map<std::string, std::tuple<std::string, Version, std::int64_t>> all;
            peer(id).store.scan(partition, 0, ~std::size_t{0}, [&](const Record& record) {
                all[std::string(record.key)] = {std::string(record.value), record.version,
                                                record.expires_ms};
            });
            return all;
        };
        const Replica& mine = peer(one).replication.replica(partition);
        const Replica& theirs = peer(other).replication.replica(partition);
        return dump(one) == dump(other) && mine.memory.all() == theirs.memory.all() &&
               mine.log.held() == theirs.log.held() &&
               mine.log.watermark() == theirs.log.watermark();
    }

    Time now = time_from_us(1'000'000);
    ReplicationConfig config;
    std::uint64_t floor = 0;
    std::set<NodeId> ahead, behind;

private:
    void add(NodeId id, const ConfigureOne& configure) {
        ReplicationConfig own = config;
        configure(id, own);
        peers_[id] = std::make_unique<Peer>(
            own, id, [this, id](Time, Epoch) { return peers_.at(id)->lease_until; });
    }

    RingPtr ring_;
    std::map<NodeId, std::unique_ptr<Peer>> peers_;
    std::map<NodeId, Epoch> adopted_;
    std::deque<Queued> queue_;
    std::map<std::uint64_t, Reply> replies_;
    std::uint64_t sequence_ = 0;
};

inline bool is_ack(const Trio::Queued& queued) {
    const auto* message = std::get_if<Replicate>(&queued.message);
    return message != nullptr && !message->acks.empty();
}

}  // namespace grapevine
