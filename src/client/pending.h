#pragma once
// An operation that has no outcome yet. Part of the client core.

#include <algorithm>
#include <cstdint>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/ids.h"
#include "base/time.h"
#include "client/client.h"

namespace grapevine {

// What last kept an operation from its answer; for people.
enum class Trouble : std::uint8_t {
    none,
    no_ring,      // no ring yet
    no_storage,   // a ring without any storage member yet
    down,         // by the ring, no copy is up
    unreachable,  // the primary's link failed
    silent,       // the primary did not answer in time
    not_primary,  // refusals
    no_lease,
    unavailable,
    busy,
    bad_stamp,
    below_floor,
    full,
};

// Its latest attempt is at `to`.
struct PendingSent {
    Address to;
    Time silent_at;  // when it counts as silence
};

// For a newer ring, or for `retry_at`: then it is sent again if a member has confirmed the ring
// since `confirm_after` (Time::min(): whatever the ring).
struct PendingWaiting {
    Time retry_at = never;
    Time confirm_after = Time::min();
};

struct Pending {
    using Sent = PendingSent;
    using Waiting = PendingWaiting;

    // An attempt that neither an answer nor a refusal has come for, on a link that is up.
    struct Attempt {
        Address to;
        bool can_execute;  // a write, with a stamp
    };

    Operation operation;
    std::uint32_t slot = 0;
    Time started;
    Time deadline;
    std::variant<Waiting, Sent> state;
    Time due;                    // when tick() has to look at it
    std::vector<Attempt> open;   // oldest first
    Address last_to;             // where the latest attempt went
    bool lost = false;           // an attempt that can have been executed went with its link
    std::int64_t stamp_ms = -1;  // of the attempts
    std::uint32_t attempts = 0;  // all
    std::uint32_t pauses = 0;    // after refusals
    std::uint32_t silences = 0;  // of the same primary, in a row
    bool stamp_renewed = false;  // a bad_stamp was answered with the fresh one at once
    bool watches = false;        // wants a ring newer than `watches_since`
    Epoch watches_since;
    Trouble trouble = Trouble::none;

    [[nodiscard]] bool is_write() const { return !is_read(operation.kind); }
    [[nodiscard]] std::size_t bytes() const {
        return operation.key.size() + operation.value.size();
    }
    // An attempt may have been executed, or may still be.
    [[nodiscard]] bool uncertain() const {
        return lost || std::ranges::any_of(open, &Attempt::can_execute);
    }
    [[nodiscard]] bool open_at(Address to) const {
        return std::ranges::find(open, to, &Attempt::to) != open.end();
    }
    // A refusal came from there, or word that it can no longer vouch for its answer: forgets the
    // oldest open attempt. False where there is none.
    bool refused_by(Address from, bool lapsed) {
        const auto found = std::ranges::find(open, from, &Attempt::to);
        if (found == open.end()) return false;
        // It may be any of those that are open there.
        lost = lost || (lapsed && std::ranges::any_of(open, [&](const Attempt& attempt) {
                            return attempt.to == from && attempt.can_execute;
                        }));
        open.erase(found);
        return true;
    }
    // The link ended: nothing more can be learned of the attempts that went over it.
    void lose(Address at) {
        lost = lost || std::ranges::any_of(open, [&](const Attempt& attempt) {
                   return attempt.to == at && attempt.can_execute;
               });
        std::erase_if(open, [&](const Attempt& attempt) { return attempt.to == at; });
    }
};

}  // namespace grapevine
