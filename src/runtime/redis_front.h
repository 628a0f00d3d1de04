#pragma once
// Redis clients of a storage node: their connections (resp/session.h) on one side, the client core
// on the other, which has their programs executed by the primaries, with its deadlines, retries and
// request ids. What this node is the primary of reaches it without a socket.
//
// Owned and driven by NodeHost: connections are handed bytes as these arrive; work() makes requests
// of what has gathered, and writes what was answered.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/address.h"
#include "base/ids.h"
#include "base/time.h"
#include "replication/at_once.h"
#include "resp/front.h"
#include "resp/session.h"
#include "runtime/client_host.h"
#include "runtime/inbound.h"
#include "runtime/loop.h"
#include "runtime/text_client.h"

namespace grapevine {

class RedisFront {
public:
    // What it needs of its node and of its connections.
    struct Outside {
        std::function<resp::Facts()> facts;
        std::function<void(ClientMessage&&)> deliver;  // to the node
        // Node::execute
        std::function<std::optional<AtOnce>(Time, const AtOnceCommand&, command::Reply&)> execute;
        std::function<void(std::span<const std::string_view> keys)> prefetch;
        std::function<void(ConnectionId, std::string&&)> write;
        std::function<void(ConnectionId)> go_on;
        std::function<void(ConnectionId)> finish;
        std::function<void(ConnectionId)> hang_up;
        std::function<void(const std::string&)> note;  // for a log
    };

    RedisFront(Loop& loop, resp::FrontConfig config, Address self, Outside outside);
    ~RedisFront();
    RedisFront(const RedisFront&) = delete;
    RedisFront& operator=(const RedisFront&) = delete;

    // A connection begins.
    std::unique_ptr<TextClient> open(ConnectionId id, Address peer);
    // The node has adopted it.
    void set_ring(Time now, const RingPtr& ring);
    // The node answered what deliver() handed over.
    void receive(ServerMessage message);

    // What the node is handed by work() in one turn of its loop takes 10 ms, about, as what other
    // clients say does, what it executes at once included; the rest waits for the next one.
    void begin_turn() {
        spent_ = {};
        steps_ = 0;
    }
    void work();
    [[nodiscard]] bool has_work() const {
        return !stirred_.empty() || client_->has_work() || (!to_node_.empty() && !is_spent());
    }
    [[nodiscard]] bool has_left() const { return !to_node_.empty(); }

private:
    class Connection;

    [[nodiscard]] bool is_spent() const {
        constexpr std::uint64_t steps_per_us = 1000;
        const Duration at_once{static_cast<std::int64_t>(steps_ / steps_per_us)};
        return spent_ + at_once >= InboundLimits{}.turn_budget;
    }
    std::optional<Time> execute(Time now, const AtOnceCommand& command, command::Reply& reply);
    void queue(ClientMessage&& message);
    void deliver_some();
    void make_client();
    void stir(Connection& connection);
    void serve(Connection& connection);
    void submit(ConnectionId connection, resp::Run&& run);
    void finished(ConnectionId connection, PartitionId partition, Outcome&& outcome);

    Loop& loop_;
    Address self_;
    Outside outside_;
    resp::Front front_;
    std::unique_ptr<ClientHost> client_;
    std::unordered_map<ConnectionId, Connection*> connections_;
    std::deque<ClientMessage> to_node_;
    std::unordered_set<std::uint64_t> waiting_;  // the sequences of requests in it
    Duration spent_{};                           // by this turn on what was delivered
    std::uint64_t steps_ = 0;                    // of what this turn executed at once
    std::vector<ConnectionId> stirred_;  // something happened on them since work(); each once
};

}  // namespace grapevine
