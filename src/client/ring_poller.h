#pragma once
// Asks for rings: up to `polls_max` members at a time, each first with a question that is answered
// at once (which proves that it is well, and says whether the client's ring is the current one),
// then with a long poll, so that a new ring is heard of as soon as any of them has it. Part of the
// client core.

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/ids.h"
#include "base/time.h"
#include "client/messages.h"
#include "client/peer_table.h"

namespace grapevine {

class RingPoller {
public:
    struct Config {
        Duration answer_timeout = 250ms;
        Duration poll_wait = 1s;
        std::size_t polls_max = 3;  // one silent, one slow, one that answers
    };

    struct Need {
        bool wanted = false;  // a ring newer than `have`
        Epoch have;
        Time confirm_after =
            Time::min();  // or word that `have` is current, from this time or later
    };

    explicit RingPoller(const Config& config) : config_(config) {}

    // Sends what is missing. Called after every batch of inputs.
    std::vector<std::pair<Address, RingPoll>> ask(Time now, const Need& need, PeerTable& peers);

    // This one has a newer ring: ask it first.
    void hint(Address address) { hint_ = address; }
    // A RingReply came; newer: with a ring newer than the client's.
    void answered(Time now, Address from, bool newer);
    void dropped(Address address) { polls_.erase(address); }
    // The polls that were not answered in time end. Returns where.
    std::vector<Address> expire(Time now);

    // A member said at this time or later that there was no newer ring than the client's.
    [[nodiscard]] Time confirmed_at() const { return confirmed_at_; }
    [[nodiscard]] Time next_deadline() const { return next_deadline_; }

private:
    enum class Phase : std::uint8_t { asked, waiting, answered };
    struct Poll {
        Phase phase = Phase::asked;
        Epoch have;
        Time sent;
        Time due;  // answered: when to ask again; else when it is late
    };
    using Messages = std::vector<std::pair<Address, RingPoll>>;

    void send(Time now, Address to, Phase phase, Epoch have, Messages& messages);
    void renew(Time now, const Need& need, const PeerTable& peers, Messages& messages);
    [[nodiscard]] bool must_ask(const Need& need) const;

    Config config_;
    std::map<Address, Poll> polls_;
    std::optional<Address> hint_;
    Time confirmed_at_ = Time::min();
    Time next_deadline_ = never;
};

}  // namespace grapevine
