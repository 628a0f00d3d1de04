#pragma once
// Failure detection: SWIM with Lifeguard's extensions. Finds evidence and spreads it; decides
// nothing: a member is out only when a ring says so (ring/agreement.h).
//
// The protocol:
// 1. Once per period the next member of a shuffled round is pinged. Unanswered for probe_timeout,
//    it is pinged again and again and `helpers` others are asked to ping it. Nothing for another
//    probe_timeout, and the probe has failed.
// 2. A member whose probe failed and that was silent for `suspect_after` is suspected. This spreads
//    as a rumor; whoever hears it looks for itself, and says so if it finds the same.
// 3. After `suspicion_max`, shrinking with independent confirmations to `suspicion_min`, those who
//    found the member silent themselves, and still do, hold it dead. The others believe them.
// 4. The accused learns of it, by broadcast and by every packet that is sent to it (Buddy System),
//    and refutes with a higher incarnation, which only it may raise. Nothing else lifts a suspicion
//    or a death: hearing a member only postpones this node's own verdict. So a member that runs and
//    can talk is never stuck, not even dead, and one that is no more stays dead whatever old
//    messages still arrive.
//
// "Process gone" (gone(): links ended, reconnect refused) is the word of the other's kernel, not
// the lack of one. Where this node and another observer say so of the same member, it is dead at
// once. A lone word is a suspicion like others; in a list of two there is never a second one. A
// dead verdict by `gone` is as final as one by silence.
//
// Departures from the papers, with the reason:
// - The suspicion time does not grow with log n: confirmations carry the confidence, and failover
//   has to take a fraction of a second at any size.
// - Any answer counts as a probe's (heard()): lease heartbeats and replication acknowledgements are
//   more frequent than probes, and their silence is noticed sooner: missed() goes straight to the
//   helpers. Only answers count: from a member that sends and does not receive nothing follows.
// - Only who has evidence of its own passes a verdict. In SWIM everybody's clock kills, so that one
//   lost refutation anywhere kills a member that all others hear.
// - A death can be refuted, since it is not final before a ring says so.
// - Membership is not gossiped: set_members() gives the list, from the agreed ring. Rumors by and
//   about others count nothing.
//
// A node that is itself not well keeps its accusations by silence to itself:
// - Its loop stalled (an input finds a deadline passed by more than `stall`): probes in flight
//   start again, and so does every suspicion whose verdict it slept through.
// - local_health() > 0 (it stalled, had to refute, or its helpers stayed silent): it waits longer
//   before a probe counts as failed (LHA-Probe).
// - It hears nobody else: it accuses nobody. It hears fewer than it does not: it waits as long as a
//   suspicion lasts, then speaks, for most may really have failed at once.
//
// Urgent rumors (own accusations, verdicts and refutations) leave with the next effects, to
// everybody in clusters of up to `urgent_fanout` members, else to that many at random, and to the
// accused. Then they go on in rounds of `helpers` packets each gossip_period, and on whatever else
// is sent, least-sent first, at most lambda * ceil(log2(n + 1)) times each.
//
// Bounded: outstanding probes, requests served as a helper, rumors per member and per packet.
//
// Thread rules: none; one owner, as for every core.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/time.h"
#include "swim/messages.h"

namespace grapevine {

struct SwimConfig {
    Duration period = 200ms;         // one probe each
    Duration probe_timeout = 60ms;   // direct probe, and as long again with helpers
    std::size_t helpers = 3;         // indirect probes, and packets of a gossip round
    Duration suspect_after = 100ms;  // silence before a suspicion may begin
    // From suspicion to death. Pauses up to 300 ms go unpunished: silence of 100 ms + 300 ms, less
    // what was unanswered at the pause's beginning.
    Duration suspicion_min = 300ms;
    Duration suspicion_max = 300ms;
    std::size_t confirmations = 3;  // independent ones that shrink the time to the minimum
    std::uint32_t retransmit = 4;   // lambda
    std::size_t urgent_fanout = 32;
    Duration gossip_period = 20ms;  // between rounds, while there are rumors to spread
    Duration sync_period = 10s;     // full-state exchange with a random member
    std::uint32_t health_max = 8;   // Lifeguard's S
    Duration stall = 50ms;          // a tick this late means that the own loop stalled
};

struct SwimEvent {
    NodeId member;
    Liveness liveness;
    Evidence evidence;
};

struct SwimEffects {
    std::vector<std::pair<NodeId, SwimMessage>> datagrams;
    std::vector<std::pair<NodeId, SwimSync>> links;  // on the reliable link
    std::vector<SwimEvent> events;                   // changes of this node's belief, in order
    LogLines log;
};

class Swim {
public:
    Swim(const SwimConfig& config, NodeId self, std::uint64_t seed);
    ~Swim();
    Swim(Swim&&) noexcept;
    Swim& operator=(Swim&&) noexcept;

    // The members to watch, without or with this node. Known ones keep what is believed of them.
    void set_members(Time now, std::vector<NodeId> members);

    void receive(Time now, NodeId from, const SwimMessage& message);
    void receive(Time now, NodeId from, const SwimSync& message);

    // An outside request was answered by the member (heartbeat, replication).
    void heard(Time now, NodeId member);
    // An outside request stayed unanswered for as long as a probe may (probe_timeout).
    void missed(Time now, NodeId member);
    // This node's link to the member ended and a reconnect was refused. To be said again whenever
    // a later reconnect is refused: the member may have been heard or have refuted in between.
    void gone(Time now, NodeId member);

    // Only after everything that has arrived was handed in: silence is judged here.
    void tick(Time now);
    [[nodiscard]] SwimEffects take_effects();
    [[nodiscard]] Time next_deadline() const;

    // Alive for members that are not known.
    [[nodiscard]] Liveness liveness(NodeId member) const;
    // When the member last answered this node itself; Time{} for never.
    [[nodiscard]] Time last_heard(NodeId member) const;
    // Members that this node or a rumor it believes holds dead, by rising id.
    [[nodiscard]] std::vector<NodeId> dead() const;
    // 0: well ... health_max.
    [[nodiscard]] std::uint32_t local_health() const;

    // Aborts where the state contradicts itself. For tests and the simulator.
    void invariants() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace grapevine
