#pragma once
// The parts of a Node and how they are wired. Internal to node/; split over node.cc (the public
// face, time and effects), clients.cc (what clients ask), peers.cc (what other members say), and
// one file for each thing that it does about rings.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/rng.h"
#include "node/consent.h"
#include "node/governor.h"
#include "node/heartbeats.h"
#include "node/link_checks.h"
#include "node/links.h"
#include "node/losses.h"
#include "node/node.h"
#include "node/obstacle.h"
#include "node/readmission.h"
#include "node/reminder.h"
#include "node/ring_budget.h"
#include "node/ring_history.h"
#include "node/ring_polls.h"
#include "replication/replication.h"

namespace grapevine {

struct Node::State {
    State(NodeConfig given, Store* given_store, std::uint64_t seed, Time now);

    // --- peers.cc ---
    void receive(Time now, const Envelope& envelope);
    [[nodiscard]] bool belongs(const Envelope& envelope) const;
    void answer_for_predecessor(Time now, const Envelope& envelope);
    void answer_joiner(Time now, const Envelope& envelope, const Heartbeat& message);
    void compare_epochs(Time now, const Envelope& envelope);
    void on(Time now, const Envelope& envelope, const SwimMessage& message);
    void on(Time now, const Envelope& envelope, const SwimSync& message);
    void on(Time now, const Envelope& envelope, const Heartbeat& message);
    void on(Time now, const Envelope& envelope, const RingRequest& message);
    void on(Time now, const Envelope& envelope, const RingAnswer& message);
    void on(Time now, const Envelope& envelope, const Decided& message);
    void on(Time now, const Envelope& envelope, const Beacon& message);
    void on(Time now, const Envelope& envelope, const JoinRequest& message);
    void on(Time now, const Envelope& envelope, const FillReports& message);
    void on(Time now, const Envelope& envelope, const LinkReports& message);
    void on(Time now, const Envelope& envelope, const LossAccepted& message);
    void on(Time now, const Envelope& envelope, const LeaveNotice& message);
    void on(Time now, const Envelope& envelope, const LinkCheck& message);
    void on(Time now, const Envelope& envelope, const FoundAnew& message);
    // As a voter, what a member reports; this one too.
    void heed(Time now, NodeId from, const FillReports& reports);
    void heed(Time now, NodeId from, const LinkReports& reports);
    void heed(Time now, NodeId from, const LossAccepted& message);
    void heed(Time now, NodeId from, const LeaveNotice& message);
    void on_agreement(Time now, NodeId from, const AgreementMessage& message);
    template <class Message>
    void on_replication(Time now, NodeId from, const Message& message);

    // --- rings.cc ---
    // `made.change` is null where the ring came whole.
    void adopt(Time now, const MadeRing& made);
    void look_whether_active(Time now);
    void note_coordinator(Address address);
    void enter(Time now);
    void fall_out(Time now);
    // Brings a member that showed an older epoch up to date; fetches from one with a newer.
    void tell_ring(Time now, Address to, NodeId id, Epoch have);
    bool send_ring(Time now, Address to, NodeId id, Epoch have);
    void fetch_ring(Time now, Address from, NodeId id);
    [[nodiscard]] RingRequest ring_request() const;
    void announce(Time now, const Ring& before);
    void found(Time now);
    void send_beacons(Time now);

    // --- proposing.cc ---
    // How much later than the first voter others look for what a ring leaves to be done.
    static constexpr Duration followers_look_after = 500ms;
    [[nodiscard]] bool leaves_it_to_the_first(Time now) const;
    void consider(Time now, Duration settle);
    void propose(Time now);
    void ask_for_placement();
    void placed(Time now, PlacementTask task, Placement computed);
    [[nodiscard]] std::optional<RingChange> choose(Time now, const Promisers& promisers);
    // What it has to know before it gives promises or asks for them.
    void brief_agreement(Time now);
    [[nodiscard]] std::set<NodeId> heirs(Time now) const;
    [[nodiscard]] bool waits_for_heirs(Time now) const;
    [[nodiscard]] bool lacks_heirs(Observations seen, const std::optional<RingChange>& change);
    [[nodiscard]] bool waits_to_accuse(Observations seen, const RingChange& change);
    [[nodiscard]] bool waits_for_placement(Time now, const std::optional<RingChange>& change);
    [[nodiscard]] Observations observe(Time now, std::set<NodeId> dead) const;
    [[nodiscard]] bool waits_for_another(Time now, const Observations& seen,
                                         const RingChange& change);

    // --- joining.cc ---
    void ask_again(Time now);
    void ask_to_join(Time now);
    // Whom this node needs before it asks to be admitted: dials, and looks what passes.
    struct JoinLinks {
        bool enough = true;
        bool awaited = false;         // a partition waits for what this node holds
        bool majority_heard = false;  // by datagram
        std::vector<NodeId> missing;  // members that do not answer yet by a link
        std::vector<NodeId> unheard;  // and by datagram
        std::uint32_t votes = 0;      // of those that answer by links
    };
    [[nodiscard]] JoinLinks link_before_joining(Time now);
    [[nodiscard]] bool may_ask(Time now, const JoinLinks& reached) const;
    // As which member: without a name that the ring gave and somebody else has by now.
    [[nodiscard]] Member joiner() const;
    void look_for_obstacle(Time now, const Member& joiner);
    void look_for_joiners_links(Time now, const JoinLinks& links);
    // Whether it is out for good, as it wanted.
    [[nodiscard]] bool has_left() const;
    void part(Time now);
    void withdraw(Time now);
    void end_withdrawn();
    void look_who_is_in(const Envelope& envelope);

    // --- reports.cc ---
    static constexpr Duration report_period = 100ms;  // until it shows in a ring
    template <class Reports>
    void tell_voters(Time now, const Reports& reports);
    void report_fills(Time now);
    void report_links(Time now);
    void report_loss(Time now);
    void report_leaving(Time now);
    // Tells people who wait for a cluster that cannot go on by itself.
    void look_for_majority(Time now);

    // --- founding.cc ---
    void on_force(Time now, ConnectionId connection, const ForceRing& message);
    // Empty: it consents, or will when it is asked again and has the ring that this is about.
    // Otherwise why it does not.
    std::string consent_to(Time now, const Founding& founding);
    [[nodiscard]] std::string objection_to(Time now, const Founding& founding) const;
    void resume_consent(Time now, const Founding& founding);
    // Whether it never will consent.
    [[nodiscard]] bool declines(Time now, const Founding& founding);
    [[nodiscard]] std::uint32_t votes_heard(Time now) const;
    void tell_consent(Time now);
    void repeat_consent(Time now);
    void withdraw_consent(Time now, std::string_view why);
    void look_whether_founded(Time now);
    void answer_founders(Time now);
    void move_to(Time now, RingPtr to);
    void receive_foreign(Time now, const Envelope& envelope);
    void on_heir(Time now, NodeId from, const RingPtr& newer);
    void warn_of_heir(Time now, ClusterId cluster);
    [[nodiscard]] bool is_left_alone(Time now) const;
    void be_superseded(Time now, const RingPtr& by);
    void call_left_behind(Time now);

    // --- clients.cc ---
    void receive(Time now, ConnectionId connection, const ClientMessage& message);  // no Request
    void leave(Time now);
    void warn_of_last_keys(Time now);
    void on_leave(Time now, ConnectionId connection);
    void on_loss(Time now, ConnectionId connection, const AcceptLoss& message);
    void answer_losses(Time now);
    void on_request(Time now, ConnectionId connection, Request&& request);
    [[nodiscard]] StatusReply status(Time now);
    // Of the partitions that it is primary of; a coordinator too.
    [[nodiscard]] bool serves_all(Time now);
    // StatusReply::unserved_ms.
    [[nodiscard]] std::uint64_t unserved_ms(Time now);

    // --- node.cc ---
    void tick(Time now);
    // After each input: carries what the parts have to say to each other and into `effects`. What
    // replication has to say waits for the end of the turn.
    void settle(Time now);
    bool drain_swim(Time now);
    bool drain_agreement(Time now);
    void drain_replication(Time now);
    [[nodiscard]] NodeEffects::ToClient to_client(ReplicationReply&& answer) const;
    void drain_heartbeats(Time now);
    void drain_links();
    [[nodiscard]] Time next_deadline() const;

    void send(Time now, NodeId to, PeerBody body);  // to a member
    void send(Time now, Address address, NodeId to, PeerBody body);
    void reply(ConnectionId connection, ServerMessage message, Time valid_until = never);
    void log(LogLevel level, std::string text);
    [[nodiscard]] std::set<NodeId> dead_members() const;
    [[nodiscard]] std::string name_of(NodeId id) const;
    // "server2 (127.0.0.1:7002), server3 (127.0.0.1:7003)"; of many the first and how many more.
    [[nodiscard]] std::string names_of(const std::vector<NodeId>& ids) const;
    [[nodiscard]] bool is_member() const { return ring && !heir && ring->is_up(self.id); }
    // What clients are shown.
    [[nodiscard]] const RingPtr& shown() const { return heir ? heir : ring; }

    NodeConfig config;
    Member self;
    Rng rng;
    Store* store;  // null for a coordinator
    RingPtr ring;
    std::shared_ptr<const RingChange> last_change;  // that made `ring`, for those one behind; null:
                                                    // it came whole
    std::uint64_t ring_digest = 0;                  // known where last_change is

    Swim swim;
    Lease lease;
    Agreement agreement;
    Links links;
    Heartbeats heartbeats;
    LinkChecks link_checks;
    Governor governor;
    PlacementCache placement;
    bool is_placing = false;      // somebody computes what it has asked for
    Time unplaced_since = never;  // a ring waits for that; never: none does
    RingPolls polls;
    RingBudget ring_budget;  // for members and joiners; clients have one of their own
    Losses losses;
    Consent consent;
    RingPtr heir;  // of the cluster that was founded anew from this one, without this node; null:
                   // there is none that it knows of
    std::map<NodeId, Address>
        left_behind;                // of those that it went over from, and not heard here yet
    NodeId called_last;             // of these
    std::set<ClusterId> warned_of;  // heirs that it could not judge, while the consent stands
    Time warned_at;                 // when it heard of the first of these
    Time consent_at = never;        // when the consent that stands is said again
    RingHistory history;
    std::optional<Replication> replication;  // a coordinator has none

    Time heirs_missed_at = Time::min();    // since then something waits for who inherits
    std::map<NodeId, Address> candidates;  // who was to be asked for a promise to let it in
    std::map<NodeId, std::pair<Epoch, Time>> told;  // who was told which ring when
    Time fetched_at = Time::min();
    Epoch fetched_for;
    bool needs_whole_ring = false;  // what was told as a change did not lead to the ring
    Time active_at = never;         // when to look whether all is active (again)
    Time found_at = never;          // when to found the cluster, if none shows up until then
    Time beacon_at = never;         // when to send beacons (again)
    Address last_coordinator;  // where the latest coordinator of this cluster listened; zero: none
    std::vector<Address> coordinators_before;  // as in StatusReply
    Time unbroken_since = Time::min();         // it was in every ring from then on
    Time join_at = never;                      // when to ask for admission (again)
    Readmission readmission;
    bool leaving = false;            // what it holds moves to others, then it goes
    Time leave_at = never;           // when to say so (again)
    Time asked_at = Time::min();     // when it last asked to be let in
    Time withdrawn_until = never;    // until then that may still happen, though it leaves
    std::set<NodeId> in_without_us;  // voters of the ring that we have left
    Obstacles obstacles;
    Reminder join_links_missing{5s, 10s};
    Reminder majority_missing{2s, 10s};
    Time report_at = never;       // when to report completed fills (again)
    Time link_report_at = never;  // when to look for bad links (again)
    Time loss_report_at = never;  // when to tell what an operator gave up (again)
    Time review_at = never;  // when the first in rank looks whether the ring is as it should be
    Time last_input_at;
    NodeEffects effects;
};

}  // namespace grapevine
