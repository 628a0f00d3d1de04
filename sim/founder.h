#pragma once
// The operator of a simulated cluster, where its quorum is gone for good: asks whom it reaches for
// their state and ring, makes the plan that `client --force-ring` makes (coordinator/force.h), asks
// the survivors, and does so again until all of them are in one new cluster.
//
// What it says it has made sure of, as the promise wants it:
// - it founds nothing while those that live, paused or cut off, and a coordinator that could come
//   back with what it saved, can go on by themselves (sim/quorums.h). Where only such a coordinator
//   would make the difference, its disk is thrown away;
// - whom it has named once it never takes for dead while it lives: it waits until that one answers.
//
// Short of that it is as people are: it does not reach everybody, asks some of the survivors only,
// for one cluster or, as two people would, for two at once, gives up waiting, and one of the
// survivors may die at its hands in the middle. Who was left behind, and says so, it ends and
// starts again, empty.
//
// Draws from an Rng of its own, so that a list of faults says all that happens.

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/rng.h"
#include "coordinator/force.h"
#include "sim/inquiry.h"

namespace grapevine::sim {

class NodeHost;
class World;

class Founder {
public:
    Founder(World& world, Address address, std::uint64_t seed);

    // Begins, unless it is at it.
    void call();
    // Nothing else goes on any more: it reaches everybody, and kills nobody.
    void hurry() { is_hurried_ = true; }
    // Until everybody who lives is in one cluster that can go on.
    [[nodiscard]] bool is_busy() const { return is_busy_; }
    // It has found the quorum of the cluster gone for good, and is not done.
    [[nodiscard]] bool is_needed() const { return is_needed_; }

    // What it does, in sentences.
    using Tell = std::function<void(const std::string&)>;
    void on_tell(Tell tell) { tell_ = std::move(tell); }

private:
    // What was answered when it looked around.
    struct Seen {
        RingPtr ring;  // the newest that anybody has shown; null: none
        std::map<NodeId, StatusReply> statuses;
        std::map<Address, RingPtr> shown;
    };

    void look();
    void judge();
    void again();
    void found(const Seen& seen);
    void ask(const Ring& ring, const ForcePlan& plan);
    void kill_one(ClusterId old);
    void tidy(const Seen& seen);
    [[nodiscard]] Seen seen() const;
    // Somebody whom it has named is alive and does not answer in this cluster.
    [[nodiscard]] bool misses_somebody(const Seen& seen) const;
    [[nodiscard]] Duration patience(Duration longest);
    void say(const std::string& sentence);

    World& world_;
    Address address_;
    Rng rng_;
    Inquiry inquiry_;
    std::set<NodeId> named_;
    bool is_busy_ = false;
    bool is_hurried_ = false;
    bool is_needed_ = false;
    Tell tell_;
};

}  // namespace grapevine::sim
