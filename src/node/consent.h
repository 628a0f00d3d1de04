#pragma once
// What this member has consented to: that a cluster is founded anew from the ring that it is in,
// and by whom that has to be said before it is so (DESIGN.md, "Founding anew"). While a consent
// stands it serves nothing and adopts no other ring, so what it holds is what it had when it
// consented. Internal to node/.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "client/messages.h"
#include "ring/found_anew.h"
#include "ring/ring.h"
#include "store/operation.h"

namespace grapevine {

class Consent {
public:
    // In a process that goes on as a voter that had consented: to nothing that high any more.
    // What stood is given again, and binds for good: what was before it is not known any more.
    void resume(Consents consents, bool stood) {
        consents_ = std::move(consents);
        binds_for_good_ = stood;
    }
    // It consents to what is above this alone.
    [[nodiscard]] FoundingBallot floor() const { return consents_.up_to; }
    [[nodiscard]] const Consents& consents() const { return consents_; }

    [[nodiscard]] bool stands() const { return made_ != nullptr; }
    // That which stands.
    [[nodiscard]] const Founding& founding() const { return founding_; }
    [[nodiscard]] const RingPtr& made() const { return made_; }
    [[nodiscard]] std::uint64_t digest() const { return digest_; }

    // Whether it may be consented to: it is above all that was, by no more than people ask.
    [[nodiscard]] bool is_open_to(const FoundingBallot& ballot) const;
    void give(NodeId self, const Founding& founding, RingPtr made, std::uint64_t digest);
    // Never to be given again, for the same ballot.
    void withdraw();
    // True: it never will be given, or once was; consents() tells which.
    bool decline(const FoundingBallot& ballot);
    // Nobody founds what names a member that neither has consented to it nor ever will.
    void declined(NodeId from, const Consents& consents);
    // Nobody can have founded anything by what was said here.
    [[nodiscard]] bool is_void() const { return is_void_ && earlier_.empty() && !binds_for_good_; }
    // Whose word counts: survivors of what stands, and of what was given before and is not void.
    [[nodiscard]] std::set<NodeId> concerned() const;
    // A new cluster: what was said in the old one counts no more.
    void begin_anew();

    // A survivor says the same.
    void heard(NodeId from, const Founding& founding, std::uint64_t digest);
    [[nodiscard]] std::vector<NodeId> missing() const;

    // A member of the old cluster said something, whatever it was.
    void spoke(Time now, NodeId member) { spoke_[member] = now; }
    // Votes of the ring that are there, those of this member included.
    [[nodiscard]] std::uint32_t votes_since(const Ring& ring, NodeId self, Time since) const;
    // When one of the other survivors of what stands last did; min(): none has.
    [[nodiscard]] Time survivors_spoke_at() const;

    // --- clients that wait until it is founded ---
    struct Due {
        ConnectionId connection;
        ForceRingReply reply;
    };
    void ask(Time now, ConnectionId connection, ClusterId cluster);
    void closed(ConnectionId connection) { waiting_.erase(connection); }
    std::vector<Due> take_due(Time now, const Ring& ring);
    [[nodiscard]] Time next_deadline() const;

private:
    struct Waiting {
        ClusterId cluster;
        Time until;
    };

    void remember(const FoundingBallot& ballot);
    void put_aside();

    Consents consents_;
    Founding founding_;
    RingPtr made_;  // null: none stands
    std::uint64_t digest_ = 0;
    std::set<NodeId> given_;
    bool is_void_ = false;           // what stands
    std::vector<Founding> earlier_;  // given before, and not void
    bool binds_for_good_ = false;    // something before these
    std::map<NodeId, Time> spoke_;
    std::map<ConnectionId, Waiting> waiting_;
};

}  // namespace grapevine
