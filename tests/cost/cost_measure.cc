// What the cores and the codec cost for each operation, without a kernel: a whole cluster in one
// process, in virtual time, every message encoded and decoded as the hosts do it. To be counted in
// instructions, which noise does not move:
//
//   cost_measure [COPIES [BATCH [OPERATIONS]]]      (3 copies, 16 requests a node and turn, 100000)
//   valgrind --tool=callgrind --toggle-collect='*Cluster::measure*' cost_measure 3 16 20000
//
// Prints nanoseconds of processor time and allocations for each operation, those of the client's
// side included.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "allocations.h"
#include "base/assert.h"
#include "base/hash.h"
#include "base/rng.h"
#include "node/node.h"
#include "store/memory_store.h"
#include "wire/wire.h"

namespace grapevine {

namespace {

constexpr std::size_t nodes = 7;
constexpr std::uint64_t keys = 100'000;
constexpr std::size_t clients = 7;  // handles, each with a connection to every node

Address address_of(std::size_t index) {
    return {0x7f000001, static_cast<std::uint16_t>(7000 + index)};
}

struct Peer {
    Peer(const NodeConfig& config, bool stores, std::size_t index)
        : node(config, stores ? &store : nullptr, index + 1, Time{} + 1s) {}
    MemoryStore store;
    Node node;
    std::map<Address, std::string> inbox;         // frames of links, by sender
    std::map<ConnectionId, std::string> asked;    // frames of clients
    std::map<ConnectionId, std::string> answers;  // frames to clients
    std::vector<std::pair<Address, std::string>> datagrams;
};

// What a client core keeps for each handle, in short.
struct Handle {
    ClientId id;
    std::uint64_t sequence = 0;
    std::map<std::uint32_t, std::int64_t> stamps;  // by partition
    std::map<std::uint64_t, Request> pending;
};

class Cluster {
public:
    Cluster(std::uint32_t copies, std::size_t batch) : batch_(batch) {
        for (std::size_t i = 0; i <= nodes; ++i) add(i, copies);
        for (std::size_t i = 0; i < clients; ++i) handles_[i].id = ClientId{i + 1};
        const auto settled = [&] {
            for (const auto& peer : peers_) {
                if (!peer->node.serving(now_)) return false;
            }
            const Ring& ring = *peers_[0]->node.ring();
            for (const Entry& entry : ring.table) {
                if (entry.copies.size() != copies || !entry.fills.empty()) return false;
            }
            return true;
        };
        for (int turns = 0; !settled(); ++turns) {
            ASSERT(turns < 1'000'000, "the cluster does not settle");
            turn();
        }
        ring_ = peers_[0]->node.ring();
    }

    // The same as run(): a name for what is to be counted.
    [[gnu::noinline]] void measure(std::uint64_t operations) { run(operations); }

    // So many answers.
    void run(std::uint64_t operations) {
        const std::uint64_t until = answered_ + operations;
        while (answered_ < until) {
            for (std::size_t i = 0; i < clients; ++i) submit(i);
            turn();
            for (auto& peer : peers_) take_answers(*peer);
        }
    }

private:
    void add(std::size_t index, std::uint32_t copies) {
        NodeConfig config;
        config.self.id = NodeId{index + 1};
        config.self.address = address_of(index);
        config.self.role = index == 0 ? Role::coordinator : Role::storage;
        config.found = index == 0;
        config.cluster = ClusterId{index == 0 ? 9U : 0U};
        config.copies_wanted = copies;
        config.genesis_members = nodes;
        if (index > 0) config.seeds = {address_of(0)};
        peers_.push_back(std::make_unique<Peer>(config, index > 0, index));
        by_address_[address_of(index)] = index;
    }

    void submit(std::size_t index) {
        Handle& handle = handles_[index];
        while (handle.pending.size() < batch_ * nodes / clients) {
            Request request{.client = handle.id,
                            .sequence = ++handle.sequence,
                            .epoch = ring_->epoch,
                            .deadline_ms = 5000,
                            .kind = rng_.below(2) == 0 ? OperationKind::get : OperationKind::put,
                            .key = fmt::format("bench{}", rng_.below(keys))};
            if (request.kind == OperationKind::put) request.value.assign(100, 'v');
            send(handle, handle.pending.emplace(request.sequence, request).first->second);
        }
    }

    void send(Handle& handle, Request& request) {
        const PartitionId partition = partition_of_key(request.key, ring_->partitions());
        const auto stamp = handle.stamps.find(partition.value);
        request.stamp_ms = stamp == handle.stamps.end() ? -1 : stamp->second;
        request.floor = handle.pending.begin()->first;
        const NodeId primary = ring_->entry(partition).primary();
        Peer& peer = *peers_[primary.value - 1];
        append_frame(peer.asked[ConnectionId{handle.id.value}], ClientMessage{request});
    }

    void take_answers(Peer& peer) {
        for (auto& [connection, bytes] : peer.answers) {
            each_frame(bytes, [&, &connection = connection](const Frame& frame) {
                const auto message = decode_server_message(frame.payload);
                const auto& reply = std::get<Reply>(*message);
                Handle& handle = handles_[connection.value - 1];
                const auto found = handle.pending.find(reply.sequence);
                ASSERT(found != handle.pending.end(), "{}", reply.sequence);
                const PartitionId id = partition_of_key(found->second.key, ring_->partitions());
                if (reply.stamp_ms >= 0) handle.stamps[id.value] = reply.stamp_ms;
                if (reply.status == Status::bad_stamp) return send(handle, found->second);
                ASSERT(is_answer(reply.status), "status {}", static_cast<int>(reply.status));
                handle.pending.erase(found);
                ++answered_;
            });
        }
    }

    template <class Handle>
    static void each_frame(std::string& bytes, const Handle& handle) {
        FrameReader reader;
        reader.feed(bytes);
        for (;;) {
            const auto frame = reader.next();
            ASSERT(frame.has_value(), "{}", frame.error().message);
            if (!*frame) break;
            handle(**frame);
        }
        bytes.clear();
    }

    void turn() {
        now_ += 200us;
        for (auto& peer : peers_) take_in(*peer);
        for (auto& peer : peers_) carry_out(*peer);
    }

    void take_in(Peer& peer) {
        for (auto& [from, bytes] : std::exchange(peer.datagrams, {})) {
            peer.node.receive(now_, *decode_datagram(bytes));
        }
        for (auto& [from, bytes] : peer.inbox) {
            each_frame(bytes, [&](const Frame& frame) {
                peer.node.receive(now_, *decode_envelope(frame.payload));
            });
        }
        for (auto& [connection, bytes] : peer.asked) {
            std::vector<ClientMessage> group;
            each_frame(bytes, [&](const Frame& frame) {
                group.push_back(*decode_client_message(frame.payload));
            });
            peer.node.prefetch(group);
            for (ClientMessage& message : group) {
                peer.node.receive(now_, connection, std::move(message));
            }
        }
        if (now_ >= peer.node.next_deadline()) peer.node.tick(now_);
    }

    void carry_out(Peer& peer) {
        NodeEffects effects = peer.node.take_effects();
        const Address self = peer.node.self().address;
        for (const auto& [to, envelope] : effects.datagrams) {
            at(to).datagrams.emplace_back(self, encode_datagram(envelope));
        }
        for (const auto& [to, envelope] : effects.links) {
            append_frame(at(to).inbox[self], envelope);
        }
        for (const Address to : effects.dials) peer.node.link_up(now_, to);
        for (const auto& reply : effects.replies) {
            append_frame(peer.answers[reply.connection], reply.message);
        }
    }

    Peer& at(Address address) { return *peers_[by_address_.at(address)]; }

    std::size_t batch_;
    Time now_ = Time{} + 1s;
    Rng rng_{5};
    std::vector<std::unique_ptr<Peer>> peers_;
    std::map<Address, std::size_t> by_address_;
    Handle handles_[clients];
    RingPtr ring_;
    std::uint64_t answered_ = 0;
};

std::uint64_t number(int argc, char** argv, int at, std::uint64_t otherwise) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
}

int main(int argc, char** argv) {
    const auto copies = static_cast<std::uint32_t>(number(argc, argv, 1, 3));
    const auto batch = static_cast<std::size_t>(number(argc, argv, 2, 16));
    const std::uint64_t operations = number(argc, argv, 3, 100'000);
    auto cluster = std::make_unique<Cluster>(copies, batch);
    cluster->run(keys);
    const std::uint64_t allocations_before = allocations();
    const std::clock_t before = std::clock();
    cluster->measure(operations);
    const double seconds = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    const auto count = static_cast<double>(operations);
    fmt::print("{} copies, batches of {}: {:.0f} ns, {:.1f} allocations an operation\n", copies,
               batch, seconds * 1e9 / count,
               static_cast<double>(allocations() - allocations_before) / count);
    return 0;
}

}  // namespace

}  // namespace grapevine

int main(int argc, char** argv) {
    return grapevine::main(argc, argv);
}
