#pragma once
// Planted bugs: rules of the protocol that a test can switch off, one by one, to see that the
// simulator's checks notice (tests/planted). Handed to the cores in their configs, where they are
// none by default; no program sets any, on whatever command line. A new rule of the protocol brings
// its planted bug along.

#include <cstdint>
#include <initializer_list>

namespace grapevine {

enum class Bug : std::uint8_t {
    // Leases.
    skip_lease_wait,    // a new primary does not wait for its predecessor's lease to end
    attest_unserved,    // a primary that never could serve says "stepped down" to its successor
    answer_past_lease,  // a write's lease is looked at when it commits, not when its answer leaves
    own_vote_after_voting,    // one's own vote counts towards the lease after the vote for the next
                              // ring
    request_renews_lease,     // a voter's heartbeat that echoes nothing renews the lease
    echo_counts_twice,        // an echo that arrives twice counts as two voters'
    ack_without_lease_alone,  // a primary that is its whole write set acknowledges without a lease

    // Rings.
    refuse_by_opinion,        // an accept that evicts a member that the voter hears is refused
    forget_promises,          // a voter that restarts with its state forgets what it promised
    vote_counts_twice,        // an answer to an accept that arrives twice counts as two voters'
    evict_before_completion,  // evictions are applied before the completed fills of the same ring
    accuse_in_haste,          // of a failure that spreads the first that is seen is judged
    accuse_last_copy,         // who has no lease is evicted, though it is somewhere the last copy
    links_unheard,            // voters do not hear of bad links
    undo_fills,               // a voter that lacks the news of a bad link undoes what others do
                              // about it
    fills_restless,           // rings that change only fills follow each other without a rest
    heirs_unheard,            // what others held is left to those alone who may be dead
    evict_promisers,          // who promises is evicted all the same if it was held for dead
    admit_unheard,            // joiners are let in who may be dead, and the majority with them
    leave_unheard,            // who left ends although the others may not know the ring without it
    leave_to_the_dead,        // a leaver's copies and votes go to members that may be dead
    trims_never_alone,        // what can wait for another ring waits for ever where none is made
    distrust_returned_copy,   // an evicted copy that returns with its state is not let in
    answer_for_predecessor,   // a new process on an old port answers whether its predecessor is
                              // there
    consent_to_lower,         // a consent gives way to whatever is asked last
    found_alone,   // who consents founds the cluster anew without waiting for the others' consent
    parent_alone,  // only what was founded anew from one's own cluster at once is heard of

    // Writes.
    told_before_copied,      // a command is executed at once although others hold copies
    answer_before_last_ack,  // a write is committed when all of the write set but one have it
    drop_own_unfinished,     // a new primary does not re-send its own unfinished writes
    gap_unnoticed,  // a copy acknowledges a write although one before it was lost with a link
    keep_stale_unfinished,  // unfinished writes outlive the eviction of their holder

    // Backfill.
    discard_in_session,       // a fill drops its unfinished writes in a ring that keeps its session
    report_before_active,     // a primary streams and reports fills before it is activated
    session_by_tenure_alone,  // a fill that missed the ring that ended its session keeps it
    chunk_resurrects,         // a chunk brings back a key that a live operation deleted
    orphan_survives,          // what a fill held from before its session stays
    fill_without_ids,         // a fill is not told the remembered request ids
    compare_blindly,          // a fill takes what it held before for what the primary has
    fill_without_expiry,      // what a fill is sent never expires there

    // Exactly once.
    refusal_not_remembered,  // a refused condition is answered at once, not ordered and remembered
    refused_though_done,     // a request is refused by who has executed it when it came before
    old_route_accepted,      // a write is executed that was routed before the primary's tenure
    stamp_unchecked,         // a request may be older than what is remembered
    stamp_told_early,        // a client is told a stamp that may be lost with the primary
    duplicate_answered_early,  // a duplicate is answered before its original commits
    duplicate_runs_again,      // a program that comes twice is executed twice
    reply_forgotten,           // what a program answered is not remembered with its id

    // Programs and expiry.
    batch_in_part,    // a copy makes the first of several changes that belong together
    expired_is_read,  // a key whose time has come is shown while it is not erased
    foreign_cursor,   // a part of FLUSHALL goes on where another primary's order would

    count_
};

class PlantedBugs {
public:
    constexpr PlantedBugs() = default;
    constexpr PlantedBugs(std::initializer_list<Bug> bugs) {
        for (const Bug bug : bugs) bits_ |= bit(bug);
    }
    [[nodiscard]] constexpr bool has(Bug bug) const { return (bits_ & bit(bug)) != 0; }
    constexpr bool operator==(const PlantedBugs&) const = default;

private:
    static constexpr std::uint64_t bit(Bug bug) {
        return std::uint64_t{1} << static_cast<std::uint8_t>(bug);
    }
    static_assert(static_cast<std::uint8_t>(Bug::count_) <= 64);

    std::uint64_t bits_ = 0;
};

}  // namespace grapevine
