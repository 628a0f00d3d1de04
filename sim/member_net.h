#pragma once
// Very many members in one thread and virtual time: for the question how failure detection and
// agreement behave at scale.
//
// Each member is a whole production Node (node/node.h), not a composition of its cores made for
// this purpose: what is measured (settle time, rank of proposers, who is told of a ring, who
// fetches it) is for a good part how Node joins its cores, and a second version of that would prove
// nothing about the first. What makes it affordable: few partitions without data, one copy of each
// ring for all members (sim/shared_rings.h), and a network that is leaner than sim/network.h:
// - events are small values on a wheel; a datagram is the bytes that encode_datagram() made,
// decoded
//   when it arrives; so is a message on a link, except that whole rings and long changes are
//   encoded and decoded once for each content and then handed on (their bytes count for each
//   receiver).
// - a member takes turns, as in sim/process.h: a turn takes in everything that has arrived, and
// costs
//   time for itself, for each arrival and for each message sent, which leave one after the other.
//   So a member that is overrun answers late, and its socket's buffer overflows.
// - what is sent across a cut is lost on links too. Elsewhere it would wait; here no cut ever
// heals.
// - links carry messages from who dialed to who listens, as Node uses them.
// Delays, duplicates and stragglers are those of sim/network.h. Every draw comes from one Rng.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/rng.h"
#include "node/node.h"
#include "sim/event_wheel.h"
#include "sim/network.h"
#include "sim/shared_rings.h"
#include "store/memory_store.h"

namespace grapevine::sim {

// What one member has sent. Bytes without UDP, TCP and IP headers.
struct Traffic {
    std::uint64_t swim_datagrams = 0;
    std::uint64_t swim_bytes = 0;
    std::uint64_t lease_datagrams = 0;  // heartbeats
    std::uint64_t lease_bytes = 0;
    std::uint64_t link_messages = 0;  // rings, agreement, joins, replication, full-state exchange
    std::uint64_t link_bytes = 0;
    std::uint64_t overflowed = 0;  // datagrams that found its own receive buffer full
    std::uint64_t busy_us = 0;     // spent in turns
    Traffic operator-(const Traffic& earlier) const;
};

// As in sim/process.h; sending is as dear as receiving.
struct TurnCost {
    Duration turn = 10us;    // more than nothing
    Duration message = 2us;  // each that has arrived or is sent
};

// A member's number, from 0.
using MemberIndex = std::uint32_t;

class MemberNet {
public:
    MemberNet(const NetworkConfig& config, const TurnCost& cost, std::uint64_t seed);
    ~MemberNet();

    // Where the member of that number listens.
    static Address address_of(MemberIndex member);
    // The next number is the member's; it begins when time goes on. `config.self.address` is set.
    MemberIndex add(NodeConfig config);
    // As if a member had answered the question for a ring.
    void give_ring(MemberIndex member, const RingPtr& ring);

    // From one moment to the next: links end, and who dials is refused.
    void kill(MemberIndex member);
    // Nothing passes to or from it any more.
    void cut(MemberIndex member);
    // Frozen: what arrives waits, datagrams up to a socket's bound.
    void pause(MemberIndex member);
    void resume(MemberIndex member);
    void set_loss(std::uint32_t percent) { config_.loss_percent = percent; }

    // Carries out everything up to then, or up to the first event after which `stop` holds.
    void run_until(Time time);
    bool run_until(Time limit, const std::function<bool()>& stop);

    [[nodiscard]] std::size_t size() const { return hosts_.size(); }
    [[nodiscard]] Time now() const { return wheel_.now(); }
    [[nodiscard]] bool is_alive(MemberIndex member) const;
    [[nodiscard]] bool is_cut(MemberIndex member) const;
    [[nodiscard]] bool is_paused(MemberIndex member) const;
    [[nodiscard]] const Node& node(MemberIndex member) const;
    [[nodiscard]] const Traffic& traffic(MemberIndex member) const;
    [[nodiscard]] SharedRings& rings() { return rings_; }
    [[nodiscard]] Rng& rng() { return rng_; }
    [[nodiscard]] std::uint64_t events() const { return wheel_.events_done(); }
    // Of all arrivals, with their time: equal runs, equal hashes.
    [[nodiscard]] std::uint64_t hash() const { return hash_; }

    // A member adopted this ring.
    using OnRing = std::function<void(MemberIndex, const RingPtr&)>;
    void on_ring(OnRing listener) { on_ring_ = std::move(listener); }
    // What members say; none: nobody listens.
    using OnLog = std::function<void(MemberIndex, const LogLine&)>;
    void on_log(OnLog listener) { on_log_ = std::move(listener); }

private:
    struct Host;
    struct Payload {
        std::string bytes;
        std::unique_ptr<Envelope> whole;  // where the content is shared
        MemberIndex from = 0;
    };
    enum class Kind : std::uint8_t {
        wake,
        datagram,
        dial_arrives,
        up,
        refused,
        timeout,
        message,
        ended,    // the dialer of the link is told
        hung_up,  // its listener is
    };
    struct Event {
        Kind kind;
        std::uint32_t subject;      // wake, datagram: a member; else a link
        std::uint32_t payload = 0;  // datagram, message
    };

    // From who dialed to who listens; a number is never used again.
    struct Link {
        MemberIndex dialer;
        MemberIndex listener;
        Time dialed;
        Time last;  // when its latest message arrives
        bool up = false;
        bool closed = false;           // by the dialer, or its end has been told to it
        std::vector<Payload> waiting;  // until it is up
    };

    void happen(const Event& event);
    void arrive(MemberIndex to, const Event& event);
    void wake(Host& host, Time time);
    void take(Host& host, const Event& event);
    void take_datagram(Host& host, Payload payload);
    void take_message(Host& host, Payload payload);
    void take_dial_result(Host& host, const Event& event);
    void dial_arrives(std::uint32_t link);
    void turn(Host& host);
    void placed(Host& host);
    void carry_out(Host& host);
    void send_datagram(Host& host, MemberIndex to, const Envelope& envelope);
    void send_on_link(Host& host, MemberIndex to, const Envelope& envelope);
    void dial(Host& host, MemberIndex to);
    void hang_up(Host& host, MemberIndex to);
    void push(std::uint32_t link, Payload payload);
    void close(std::uint32_t link);
    Payload pack(Host& host, const Envelope& envelope);
    [[nodiscard]] bool separates(MemberIndex a, MemberIndex b) const;
    [[nodiscard]] Duration draw_delay() {
        return rng_.between(config_.delay_min, config_.delay_max);
    }
    std::uint32_t store(Payload payload);
    Payload unstore(std::uint32_t place);

    NetworkConfig config_;
    TurnCost cost_;
    Rng rng_;
    EventWheel<Event> wheel_;
    SharedRings rings_;
    std::pair<PlacementTask, Placement> placed_;  // last
    std::vector<std::unique_ptr<Host>> hosts_;
    std::vector<Link> links_;
    std::vector<Payload> payloads_;
    std::vector<std::uint32_t> free_;
    std::uint64_t hash_ = 0;
    OnRing on_ring_;
    OnLog on_log_;
};

}  // namespace grapevine::sim
