#pragma once
// The simulated network between processes, which are known by the address they listen on.
//
// Datagrams are delayed independently (so they overtake each other), lost (each by itself or in
// bursts), doubled (the copy may come much later) and corrupted. Links are ordered byte pipes in
// both directions, as TCP is: they lose nothing while they live; a cut holds their bytes back until
// it heals; they end when a process dies, and then the last bytes that were under way may be lost.
// Two links know nothing of each other: what is sent later on one may arrive earlier. A dial to an
// address where nobody listens is refused, to a paused process it succeeds (its kernel answers),
// across a cut it times out.
//
// A way (from one process to another) can be obstructed:
//
//     obstacle   datagrams          bytes on links     dials
//     cut        are lost           wait               time out
//     clog       wait               wait               time out
//     hang       pass               wait               time out
//     mute       are lost           pass               succeed
//     refuse     pass               pass               are refused
//
// What waited arrives in one burst when the way is healed. A flapping way is cut and whole in turn.
//
// Every draw comes from one Rng, in the order of events: a run can be replayed.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "sim/delay.h"
#include "sim/event_log.h"
#include "sim/event_queue.h"

namespace grapevine::sim {

// A link between two processes, seen from both ends; never used again.
using LinkId = Id<struct LinkIdTag>;

enum class ArrivalKind : std::uint8_t {
    datagram,
    opened,   // somebody dialed this process
    up,       // this process's dial succeeded
    refused,  // nobody listens there
    timeout,  // no answer to the dial
    bytes,    // on a link, from its other end
    ended,    // the other end is gone; nothing follows on this link
};

struct Arrival {
    ArrivalKind kind;
    LinkId link;
    std::string bytes;
    bool corrupted = false;  // a datagram that is not what was sent; for checks
};

// A process, as the network sees it.
class Endpoint {
public:
    virtual ~Endpoint() = default;
    virtual void arrive(Arrival arrival) = 0;
};

struct NetworkConfig {
    Duration delay_min = 100us;  // one way; a local network
    Duration delay_max = 300us;
    Duration delay_tail{};  // see DelayPlan
    Duration dial_timeout = 1s;
    Duration death_notice = 1ms;             // until the kernel's reset reaches the other end
    std::uint32_t loss_percent = 0;          // of datagrams
    BurstPlan burst;                         // beside that
    std::uint32_t duplicate_per_mille = 1;   // datagrams
    Duration duplicate_late{};               // how much later than the first one at most
    std::uint32_t corrupt_percent = 0;       // of datagrams
    std::uint32_t straggle_per_mille = 1;    // datagrams that are late by up to straggle_max
    Duration straggle_max = 20ms;            //
    std::size_t link_bytes_max = 128 << 20;  // under way on a link; more: it breaks
    std::size_t clogged_max = 4096;          // datagrams that wait on a clogged way; more are lost
    bool operator==(const NetworkConfig&) const = default;
};

enum class Obstacle : std::uint8_t { cut = 1, clog = 2, hang = 4, refuse = 8, mute = 16 };

class Network {
public:
    Network(const NetworkConfig& config, EventQueue& queue, EventLog& log, std::uint64_t seed);

    // A process begins to listen / has died.
    void attach(Address address, Endpoint& endpoint);
    void detach(Address address);

    void datagram(Address from, Address to, std::string bytes);
    // up, refused or timeout tells the dialer what became of it.
    LinkId dial(Address from, Address to);
    // Bytes that are sent on a link that has ended vanish.
    void send(LinkId link, Address from, std::string bytes);
    void close(LinkId link, Address from);

    // From one to the other, until it is healed.
    void obstruct(Address from, Address to, Obstacle obstacle);
    void cut(Address from, Address to) { obstruct(from, to, Obstacle::cut); }
    // Cut, and whole again, for so long each.
    void flap(Address from, Address to, Duration span);
    void heal(Address from, Address to);
    void heal();  // everything
    // Ends all links between two processes, as a middlebox does that forgets them.
    void break_links(Address a, Address b);

    // Of everything that is sent from now on.
    void set_loss(std::uint32_t percent) { config_.loss_percent = percent; }
    void set_burst(const BurstPlan& plan) { config_.burst = plan; }
    void set_duplicates(std::uint32_t per_mille, Duration late);
    void set_corruption(std::uint32_t percent) { config_.corrupt_percent = percent; }
    void set_delay(const DelayPlan& plan);
    // Heals, and delays, loses and doubles as the network did at first.
    void calm();

    [[nodiscard]] bool is_cut(Address from, Address to) const {
        return is_obstructed(from, to, {Obstacle::cut});
    }
    // No obstacle, and no link of the way that flaps.
    [[nodiscard]] bool is_clear(Address from, Address to) const {
        return ways_.empty() || !ways_.contains({from, to});
    }
    // As it was at first, but for the obstacles.
    [[nodiscard]] bool is_calm() const { return config_ == calm_; }
    // What is delayed, lost, doubled now.
    [[nodiscard]] const NetworkConfig& config() const { return config_; }
    [[nodiscard]] std::uint64_t datagrams_corrupted() const { return datagrams_corrupted_; }
    [[nodiscard]] std::uint64_t datagrams_sent() const { return datagrams_sent_; }

private:
    struct Item {
        bool ends = false;
        std::string bytes;
    };
    // One direction of a link.
    struct Pipe {
        Address from;
        Address to;
        std::deque<Item> items;  // under way
        std::size_t bytes = 0;
        Time last;                // when the latest of them arrives: order is kept
        std::size_t stalled = 0;  // items that should have arrived but were held back by a cut
        bool closed = false;      // `to` was told that the link has ended, or has itself ended it
    };
    struct Link {
        Pipe forth;  // from the dialer
        Pipe back;
    };

    struct Datagram {
        Address from;
        Address to;
        std::string bytes;
        bool corrupted = false;
    };
    // What obstructs it, while anything does.
    struct Way {
        unsigned obstacles = 0;
        std::uint64_t flapping = 0;  // which flapping; 0: none
        std::vector<Datagram> waiting;
    };
    using Ends = std::pair<Address, Address>;  // from, to

    Duration draw_delay() {
        return draw(rng_, {config_.delay_min, config_.delay_max, config_.delay_tail});
    }
    [[nodiscard]] bool is_obstructed(Address from, Address to,
                                     std::initializer_list<Obstacle> any) const;
    [[nodiscard]] bool holds_bytes(Address from, Address to) const {
        return is_obstructed(from, to, {Obstacle::cut, Obstacle::clog, Obstacle::hang});
    }
    void flip(const Ends& ends, std::uint64_t flapping, Duration span);
    void release(const Ends& ends, Way& way);
    [[nodiscard]] bool is_lost(Address from, Address to);
    void send_copy(Datagram datagram, Duration later);
    void corrupt(Datagram& datagram);
    void deliver(Datagram& datagram);
    void dial_arrives(LinkId id, Address from, Address to, Time dialed);
    void push(LinkId id, Pipe& pipe, Item item, Duration delay);
    void schedule(LinkId id, bool forth, Time at);
    void pump(LinkId id, bool forth);
    void end_link(LinkId id, Link& link, Address by);
    void lose_tail(Pipe& pipe);
    void drop_if_closed(LinkId id);
    void hand(Address to, Arrival arrival);
    template <class Which>
    void resume_where(Which which);

    NetworkConfig config_;
    NetworkConfig calm_;
    EventQueue& queue_;
    EventLog& log_;
    Rng rng_;
    std::map<Address, Endpoint*> endpoints_;
    std::map<LinkId, Link> links_;
    std::map<Ends, Way> ways_;  // that are obstructed or flap
    std::map<Ends, BurstLoss> bursts_;
    std::uint64_t last_link_ = 0;
    std::uint64_t last_flapping_ = 0;
    std::uint64_t datagrams_sent_ = 0;
    std::uint64_t datagrams_corrupted_ = 0;
};

}  // namespace grapevine::sim
