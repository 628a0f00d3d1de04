#pragma once
// The simulated network between processes, which are known by the address they listen on.
//
// Datagrams are delayed independently (so they overtake each other), lost and doubled. Links are
// ordered byte pipes in both directions, as TCP is: they lose nothing while they live; a cut holds
// their bytes back until it heals, and so does a hung link; they end when a process dies, and then
// the last bytes that were under way may be lost. A dial to an address where nobody listens is
// refused, to a paused process it succeeds (its kernel answers), across a cut it times out.
//
// Every draw comes from one Rng, in the order of events: a run can be replayed.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "base/address.h"
#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
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
    Duration dial_timeout = 1s;
    Duration death_notice = 1ms;             // until the kernel's reset reaches the other end
    std::uint32_t loss_percent = 0;          // of datagrams
    std::uint32_t duplicate_per_mille = 1;   // datagrams
    std::uint32_t straggle_per_mille = 1;    // datagrams that are late by up to straggle_max
    Duration straggle_max = 20ms;            //
    std::size_t link_bytes_max = 128 << 20;  // under way on a link; more: it breaks
};

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

    // Nothing passes from one to the other.
    void cut(Address from, Address to);
    // What is sent on links from one to the other waits; dials and datagrams pass.
    void hang(Address from, Address to);
    // Ends both.
    void heal(Address from, Address to);
    void heal();  // everything
    // Ends all links between two processes, as a middlebox does that forgets them.
    void break_links(Address a, Address b);
    void set_loss(std::uint32_t percent) { config_.loss_percent = percent; }

    [[nodiscard]] bool is_cut(Address from, Address to) const {
        return !cuts_.empty() && cuts_.contains({from, to});
    }
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

    Duration draw_delay() { return rng_.between(config_.delay_min, config_.delay_max); }
    void deliver_datagram(Address from, Address to, const std::string& bytes);
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
    EventQueue& queue_;
    EventLog& log_;
    Rng rng_;
    std::map<Address, Endpoint*> endpoints_;
    std::map<LinkId, Link> links_;
    std::set<std::pair<Address, Address>> cuts_;
    std::set<std::pair<Address, Address>> hung_;
    std::uint64_t last_link_ = 0;
    std::uint64_t datagrams_sent_ = 0;
};

}  // namespace grapevine::sim
