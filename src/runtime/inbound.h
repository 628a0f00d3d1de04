#pragma once
// Connections that others dialed: peers, that only send, and clients, that are answered. Which of
// them it is, is said by the Hello that a connection begins with. A client that begins with text
// instead is one of another protocol (runtime/text_client.h), where there are such here.
//
// Whoever sends bytes that make no sense is told what is wrong with them and loses the connection;
// so does (without a word) who says no Hello, or stops in the middle of a frame, for `patience`.
// Clients of text protocols may be silent from the beginning, so where there are such, so may all.
// Memory is bounded: a client is not read, and what was read of it waits, while its answers pile
// up, or, if it writes, while the node is overloaded; reads whose answers find no room all the same
// are answered `busy`. The answers of all clients together have a bound, and so have the half
// frames of all connections: those with the largest are closed where they stay over it. Who reads
// slowly pays for it alone: while answers pile up, each client may have an equal share of the
// bound. Who has said goodbye and takes nothing of what is left for `patience` is closed.
//
// Connections are bounded: of clients, and of those who have not said who they are, whoever has
// neither asked nor been answered for longest makes room for the next. A client that is idle loses
// nothing by it; its handle dials again when it has something to ask.
//
// Time is bounded too: what clients say in one turn is handled for `turn_budget`, what peers say
// for another, and the rest waits for the next turn, in the order in which it came to that. However
// many speak, this member answers heartbeats in between.

#include <uv.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "base/limits.h"
#include "base/time.h"
#include "node/node.h"
#include "runtime/frame_link.h"
#include "runtime/logger.h"
#include "runtime/text_client.h"

namespace grapevine {

struct InboundLimits {
    Duration patience = 10s;
    Duration goodbye = 1s;          // for a refused sender to read why, after it has all else
    Duration sweep_period = 250ms;  // how often patience is looked at
    std::size_t client_queue_pause = 1024 * 1024;      // above: not read
    std::size_t client_queue_resume = 512 * 1024;      // below: read again
    std::size_t client_queue_busy = 32 * 1024 * 1024;  // above: reads are answered `busy`
    std::size_t client_queue_max = 64 * 1024 * 1024;   // above: closed
    // The same for clients that speak text: they send thousands of commands before they read the
    // first answer, and if they were not read meanwhile, they would never come to that.
    std::size_t text_queue_pause = 64 * 1024 * 1024;
    std::size_t text_queue_resume = 32 * 1024 * 1024;
    // What is queued is what the other side has not taken; of what it has, as much again may be
    // kept until the whole write that it is of has ended.
    std::size_t text_queue_max = 256 * 1024 * 1024;
    // Of all clients. Above: who has more than an equal share of it is not read.
    std::size_t all_queues_pause = 256 * 1024 * 1024;
    Duration all_queues_patience = 2s;  // above `pause` for so long: some are closed
    // With what text clients are owed. Above: reads are answered `busy`, and some are closed at
    // once.
    std::size_t all_queues_busy = 512 * 1024 * 1024;
    std::size_t half_frames_max = 256 * 1024 * 1024;  // of all connections together
    std::size_t strangers_max = 50'000;               // connections that are no peers', at least 1
    Duration turn_budget = 10ms;                      // each, a small part of a lease
    // Messages after which the node is asked for its answers, so that these do not all pile up in
    // memory before the first is written. A client whose answers filled its queue starts at one
    // again and doubles: nobody knows beforehand how large an answer will be.
    std::size_t messages_per_batch = 32;
};

class Inbound {
public:
    struct Events {
        std::function<ClusterId()> cluster;  // that this process is in; zero: none yet
        // Those that it was founded anew from.
        std::function<Ancestors()> ancestors = [] { return Ancestors{}; };
        std::function<void(const Envelope&)> envelope;
        std::function<void(Address)> peer_hung_up;
        // `arrived`: read from the clock after its bytes had.
        std::function<void(Time arrived, ConnectionId, ClientMessage&&)> client_message;
        // These come next.
        std::function<void(std::span<const ClientMessage>)> prefetch = [](auto) {};
        std::function<void(ConnectionId)> client_closed;
        std::function<void()> batch_full;
        // Somebody begins with text. Empty: that is refused.
        std::function<std::unique_ptr<TextClient>(ConnectionId, Address peer)> text{};
    };

    Inbound(Loop& loop, Outbox& outbox, Logger& log, Events events, InboundLimits limits = {});

    void accept(uv_stream_t* listener);
    // Ignored where the connection is gone. `is_of_read`: nothing was changed for it, so where too
    // much waits to be sent already it may be refused in its stead.
    void answer(ConnectionId connection, const ServerMessage& message, bool is_of_read = false);
    // Of a client that speaks text; all four are ignored where the connection is gone.
    void write(ConnectionId connection, std::string bytes);
    void go_on(ConnectionId connection);   // TextClient::next() has something again
    void finish(ConnectionId connection);  // what was written leaves, nothing more is read
    void hang_up(ConnectionId connection);
    // Once per turn, after the answers were written. While the node is overloaded, clients that
    // write are not read.
    void check_limits(Time now, bool overloaded);
    [[nodiscard]] Time next_deadline() const {
        return clients_.turned_away.empty() && peers_.turned_away.empty() ? sweep_at_ : Time{};
    }

    [[nodiscard]] std::size_t connections() const { return connections_.size(); }

private:
    struct Connection final : FrameLinkOwner {
        Connection(Inbound& all, ConnectionId its_id);

        void before_frame(FrameLink&) override { inbound.before_frame(*this); }
        void frame(FrameLink&, const Frame& frame) override { inbound.on_frame(*this, frame); }
        void frames_taken(FrameLink&) override { inbound.hand_in(*this); }
        void garbled(FrameLink&, const std::string& why) override { inbound.refuse(*this, why); }
        void ended(FrameLink&, int) override {
            if (!dropped) inbound.drop(*this);
        }
        bool takes_text(FrameLink&) override { return inbound.begin_text(*this); }
        void text(FrameLink&, std::string_view bytes) override { inbound.on_text(*this, bytes); }
        bool next_text(FrameLink&) override { return inbound.next_text(*this); }
        [[nodiscard]] bool is_client() const {
            return text_client != nullptr || (hello && hello->speaker == Speaker::client);
        }
        [[nodiscard]] bool has_begun() const { return text_client != nullptr || hello; }
        // Of what has arrived and was not handled.
        [[nodiscard]] std::size_t input_bytes() const {
            return text_client ? text_client->input_bytes() : frames.begun_bytes();
        }
        // Of what it is owed, and has not taken.
        [[nodiscard]] std::size_t output_bytes() const {
            return frames.stream().queued() + (text_client ? text_client->owed_bytes() : 0);
        }

        Inbound& inbound;
        ConnectionId id;
        FrameLink frames;
        Time opened_at;
        std::optional<Hello> hello;
        std::unique_ptr<TextClient> text_client;  // null: it speaks frames, or nothing yet
        bool finishing = false;                   // nothing more is read, or taken to be written
        std::optional<Time> ends_since;           // or since it last read some of what it is owed
        std::size_t owed_then = 0;
        std::optional<std::list<ConnectionId>::iterator> stranger;  // where in strangers_
        bool paused = false;
        bool writes = false;       // has sent a write, since the node was last overloaded
        bool turned_away = false;  // paused for this turn: its slice is spent
        bool watched = false;      // in watched_
        bool dropped = false;      // it waits in the graveyard
        // Of a group that was handed in when its slice was spent: comes first in a later turn.
        std::vector<ClientMessage> left;
        std::size_t batch = 4;  // requests until the node is asked for answers
    };

    // The time that one kind of sender has in a turn.
    struct Slice {
        Time began = never;            // with the first message of the turn
        std::size_t until_looked = 0;  // messages after which the clock is looked at
        std::deque<ConnectionId> turned_away;
    };

    void make_room();
    void before_frame(Connection& connection);
    void on_frame(Connection& connection, const Frame& frame);
    void on_hello(Connection& connection, const Frame& frame);
    void on_peer(Connection& connection, const Frame& frame);
    void on_client(Connection& connection, const Frame& frame);
    void hand_in(Connection& connection);
    void after_batch(Connection& connection);
    bool begin_text(Connection& connection);
    void on_text(Connection& connection, std::string_view bytes);
    bool next_text(Connection& connection);
    // Null where it is gone, or finishes, or does not speak text.
    [[nodiscard]] Connection* find_text(ConnectionId id);
    void refuse(Connection& connection, const std::string& why);
    void touch(Connection& connection);
    void no_stranger(Connection& connection);
    void watch(Connection& connection);
    void drop(Connection& connection);
    void sweep(Time now);
    void look_at_queues(Time now);
    void drop_who_reads_nothing();
    [[nodiscard]] bool look_whether_gone(Connection& connection, Time now) const;
    void close_largest_half_frame();
    void close_largest_outputs(std::size_t all);
    [[nodiscard]] Slice& slice_of(const Connection& connection) {
        return connection.is_client() ? clients_ : peers_;
    }
    [[nodiscard]] std::size_t pause_bound(const Connection& connection) const;
    [[nodiscard]] bool is_spent(Slice& slice) const;
    void turn_away(Connection& connection);
    void let_in_again(Slice& slice);
    void hold_writers(bool hold);
    std::string_view frame_of(const RingReply& reply);
    // False where nothing is left to watch.
    bool keep_in_bounds(Connection& connection);

    Loop& loop_;
    Outbox& outbox_;
    Logger& log_;
    Events events_;
    InboundLimits limits_;
    std::unordered_map<ConnectionId, std::unique_ptr<Connection>> connections_;
    std::list<ConnectionId> strangers_;  // who was heard last comes last
    std::vector<Connection*> watched_;   // answered lately, or paused; each once
    std::uint64_t last_id_ = 0;
    // Of the connection that is read: decoded, and handed in together, so that what they touch can
    // be prefetched.
    std::vector<ClientMessage> group_;
    std::size_t requests_in_batch_ = 0;
    std::size_t envelopes_in_batch_ = 0;
    Slice clients_;
    Slice peers_;
    bool held_ = false;           // no client is read that has sent a write
    std::size_t all_queued_ = 0;  // bytes of answers that wait, of all clients
    Time crowded_since_ = never;  // more of them than all_queues_pause
    std::size_t share_ = 0;       // of all_queues_pause, while it is crowded
    Time sweep_at_ = never;
    Time crowded_said_at_ = Time::min();  // when it was last said that there is no room
    Graveyard<Connection> graveyard_;
    RingPtr told_ring_;  // the last that a client was told, and the frame that tells it
    std::string told_frame_;
};

}  // namespace grapevine
