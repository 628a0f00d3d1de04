#pragma once
// Failure detection: SWIM with Lifeguard's extensions. Finds evidence and spreads it; decides
// nothing: a member is out only when a ring says so (ring/agreement.h).
//
// The protocol, once per period (config.period): the next member of a shuffled round is pinged;
// with no answer within the probe time-out, `helpers` others are asked to ping it; with no answer
// by the end of the period the probe has failed. A member that was silent for `suspect_after` and
// failed a probe, or an outside probe (missed(), below), is suspected. A suspicion spreads as a
// rumor; others who find the same confirm it; after `suspicion_max`, shrinking with independent
// confirmations to `suspicion_min`, the member is held dead. The accused refutes with a higher
// incarnation, which only it may raise. Departures from the papers, with the reason:
// - The suspicion time does not grow with log n: confirmations carry the confidence, and failover
//   has to take a fraction of a second at any size.
// - Any answer counts as a probe's (heard()): lease heartbeats and replication acknowledgements are
//   more frequent than probes, and their silence is noticed sooner.
// - "Process gone" (gone(): links ended, reconnect refused) skips the suspicion time as soon as two
//   observers say so, or one where there is no second observer (two members).
//   A dead verdict by `gone` is as final as one by silence.
// - A node that is itself not well (local health > 0) withholds its own accusations: late ticks
//   (this loop stalled) restart every probe in flight and every suspicion clock that it would have
//   let expire; when half or more of its own probes fail it accuses nobody.
// - Membership is not gossiped: set_members() gives the list, from the agreed ring.
//
// Urgent rumors (suspect, dead, refutations) leave at once, to everybody in clusters of up to
// `urgent_fanout` members, else to that many at random; then they are piggybacked on whatever is
// sent, least-sent first, at most lambda * ceil(log2(n + 1)) times each.
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
    Duration probe_timeout = 60ms;   // direct probe, before helpers are asked
    std::size_t helpers = 3;         // indirect probes
    Duration suspect_after = 100ms;  // silence before a suspicion may begin
    // From suspicion to death. Pauses up to 300 ms go unpunished: silence of 100 ms + 300 ms, less
    // what was unanswered at the pause's beginning.
    Duration suspicion_min = 300ms;
    Duration suspicion_max = 300ms;
    std::size_t confirmations = 3;  // independent ones that shrink the time to the minimum
    std::uint32_t retransmit = 4;   // lambda
    std::size_t urgent_fanout = 32;
    Duration sync_period = 10s;    // full-state exchange with a random member
    std::uint32_t health_max = 8;  // Lifeguard's S
    Duration stall = 50ms;         // a tick this late means that the own loop stalled
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
    void set_members(Time now, const std::vector<NodeId>& members);

    void receive(Time now, NodeId from, const SwimMessage& message);
    void receive(Time now, NodeId from, const SwimSync& message);

    // An outside request was answered by the member (heartbeat, replication).
    void heard(Time now, NodeId member);
    // An outside request stayed unanswered for as long as a probe may.
    void missed(Time now, NodeId member);
    // This node's link to the member ended and a reconnect was refused.
    void gone(Time now, NodeId member);

    void tick(Time now);
    [[nodiscard]] SwimEffects take_effects();
    [[nodiscard]] Time next_deadline() const;

    // Alive for members that are not known.
    [[nodiscard]] Liveness liveness(NodeId member) const;
    // Last sign of life of the member as seen by this node itself; Time{} for none.
    [[nodiscard]] Time last_heard(NodeId member) const;
    // Members that this node or a rumor it believes holds dead.
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
