#include "ring/agreement.h"

#include <algorithm>

#include "base/assert.h"

namespace grapevine {

namespace {

// Rounds are counted one by one, a few in a second: one that is so far ahead was never reached, and
// to believe it would leave none above it.
constexpr std::uint64_t rounds_ahead_max = std::uint64_t{1} << 32;

// The highest round that a message is about.
template <class Body>
std::uint64_t round_of(const Body& body) {
    if constexpr (requires { body.promised; }) {
        return std::max(body.ballot.round, body.promised.round);
    } else {
        return body.ballot.round;
    }
}

}  // namespace

Agreement::Agreement(const AgreementConfig& config, NodeId self, std::uint64_t seed)
    : config_(config), self_(self), rng_(seed), backoff_(config.retry_min) {
    ASSERT(config.retry_min > 0us && config.retry_min <= config.retry_max);
}

void Agreement::adopt(const RingPtr& ring) {
    ring_ = ring;
    made_.reset();
    state_ = {.epoch = next(ring->epoch), .promised = {}, .accepted = {}};
    attempt_.reset();
    round_seen_ = 0;
    backoff_ = config_.retry_min;
    again_at_ = never;
    to_self_.clear();
    candidates_.clear();
    effects_ = {};
}

// Ballots go on above the promised one, so none is used twice.
void Agreement::resume(Time now, const AgreementState& promises) {
    ASSERT(ring_ && promises.epoch == state_.epoch, "{} {}", promises.epoch, state_.epoch);
    if (config_.bugs.has(Bug::forget_promises)) return;
    state_ = promises;
    round_seen_ = promises.promised.round;
    if (has_voted()) watch_over_vote(now);
}

void Agreement::propose(Time now, const Chooser& choose) {
    if (attempt_ || !ring_ || ring_->votes_of(self_) == 0) return;
    start_attempt(now);
    deliver_to_self(now, choose);
}

void Agreement::start_attempt(Time now) {
    const Ballot ballot{std::max(round_seen_, state_.promised.round) + 1, self_};
    attempt_ = Attempt{.ballot = ballot,
                       .phase = Preparing{},
                       .retry_at = now + backoff_ + rng_.between(0us, backoff_)};
    backoff_ = std::min(backoff_ * 2, config_.retry_max);
    again_at_ = never;
    broadcast(Prepare{state_.epoch, ballot});
    for (const NodeId id : witnesses()) send(id, Prepare{state_.epoch, ballot});
}

void Agreement::receive(Time now, NodeId from, const AgreementMessage& message,
                        const Chooser& choose) {
    if (!ring_ || (ring_->votes_of(from) == 0 && !is_witness(from, message))) return;
    const auto dispatch = [&](const auto& body) {
        if (body.epoch != state_.epoch) return;
        const std::uint64_t round = round_of(body);
        if (round > round_seen_ && round - round_seen_ > rounds_ahead_max) return;
        round_seen_ = std::max(round_seen_, round);
        if constexpr (requires { on(now, from, body, choose); }) {
            on(now, from, body, choose);
        } else {
            on(now, from, body);
        }
    };
    std::visit(dispatch, message);
    deliver_to_self(now, choose);
}

void Agreement::tick(Time now, const Chooser& choose) {
    if (attempt_ && now >= attempt_->retry_at) {
        if (Preparing* preparing = idle()) {
            preparing->promisers.all = true;
            choose_value(now, *preparing, choose);
        } else {
            start_attempt(now);
        }
    }
    if (!attempt_ && now >= again_at_) start_attempt(now);
    deliver_to_self(now, choose);
}

Time Agreement::next_deadline() const {
    return attempt_ ? attempt_->retry_at : again_at_;
}

Result<MadeRing> Agreement::successor(const RingChange& change) {
    if (made_ && *made_->change == change) return *made_;
    auto made = config_.make_ring ? config_.make_ring(ring_, change)
                                  : make_ring(*ring_, change, config_.bugs);
    if (made) made_ = *made;
    return made;
}

// --- acceptor ---

void Agreement::on(Time now, NodeId from, const Prepare& message) {
    static_cast<void>(now);
    if (message.ballot < state_.promised) {
        send(from, Rejected{state_.epoch, message.ballot, state_.promised});
        return;
    }
    state_.promised = message.ballot;
    effects_.state_changed = true;
    send(from, Promise{state_.epoch, message.ballot, state_.accepted,
                       std::vector<NodeId>(heard_.begin(), heard_.end())});
}

void Agreement::on(Time now, NodeId from, const Accept& message) {
    if (message.ballot < state_.promised) {
        send(from, Rejected{state_.epoch, message.ballot, state_.promised});
        return;
    }
    // Refused only for not being a legal step, never for an opinion: a value that some quorum may
    // have accepted must stay acceptable to every later quorum.
    if (const auto made = successor(message.change); !made) {
        effects_.refused = made.error().message;
        return;
    }
    if (config_.bugs.has(Bug::refuse_by_opinion) &&
        std::ranges::any_of(message.change.evicted, [&](NodeId id) { return heard_.contains(id); }))
        return;
    state_.promised = message.ballot;
    state_.accepted = AcceptedValue{message.ballot, message.change};
    effects_.state_changed = true;
    effects_.voted = true;
    if (!attempt_) watch_over_vote(now);
    send(from, Accepted{state_.epoch, message.ballot});
}

void Agreement::watch_over_vote(Time now) {
    again_at_ = now + rng_.between(config_.retry_max, config_.retry_max * 2);
}

// --- proposer ---

void Agreement::on(Time now, NodeId from, const Promise& message, const Chooser& choose) {
    if (!is_for_attempt(message.ballot)) return;
    auto* preparing = std::get_if<Preparing>(&attempt_->phase);
    if (preparing == nullptr) return;
    // No voter accepts what is not a legal step, so none can have accepted this.
    if (message.accepted && !successor(message.accepted->change)) return;
    Promisers& promisers = preparing->promisers;
    promisers.present.insert(from);
    promisers.hears.insert(message.hears.begin(), message.hears.end());
    if (message.accepted && ring_->votes_of(from) > 0 &&
        (!preparing->bound || preparing->bound->ballot < message.accepted->ballot)) {
        preparing->bound = message.accepted;
    }
    if (ring_->votes_of(promisers.present) < ring_->majority()) return;
    const auto promised = [&](NodeId id) { return promisers.present.contains(id); };
    promisers.all = std::ranges::all_of(ring_->voters, promised, &Voter::id) &&
                    std::ranges::all_of(witnesses(), promised);
    choose_value(now, *preparing, choose);
}

void Agreement::choose_value(Time now, Preparing& preparing, const Chooser& choose) {
    std::optional<RingChange> value =
        preparing.bound ? std::optional(preparing.bound->change) : choose(preparing.promisers);
    if (!value) {  // nothing to decide (any more), or not before others have promised
        preparing.is_idle = true;
        if (preparing.promisers.all) end_attempt(now);
        return;
    }
    ASSERT(value->epoch == state_.epoch, "{} {}", value->epoch, state_.epoch);
    attempt_->phase = Accepting{.change = *value};
    attempt_->retry_at = now + backoff_ + rng_.between(0us, backoff_);
    broadcast(Accept{state_.epoch, attempt_->ballot, *std::move(value)});
}

void Agreement::end_attempt(Time now) {
    attempt_.reset();
    if (has_voted()) watch_over_vote(now);
}

Agreement::Preparing* Agreement::idle() {
    auto* preparing = attempt_ ? std::get_if<Preparing>(&attempt_->phase) : nullptr;
    return preparing != nullptr && preparing->is_idle ? preparing : nullptr;
}

void Agreement::on(Time now, NodeId from, const Accepted& message) {
    static_cast<void>(now);
    if (!is_for_attempt(message.ballot)) return;
    auto* accepting = std::get_if<Accepting>(&attempt_->phase);
    if (accepting == nullptr) return;
    const bool is_new = accepting->accepted.insert(from).second;
    if (!is_new && config_.bugs.has(Bug::vote_counts_twice)) {
        accepting->doubled += ring_->votes_of(from);
    }
    if (ring_->votes_of(accepting->accepted) + accepting->doubled < ring_->majority()) return;
    effects_.decided = std::move(accepting->change);
    attempt_.reset();
}

void Agreement::on(Time now, NodeId from, const Rejected& message) {
    static_cast<void>(from);
    if (!attempt_ || message.ballot != attempt_->ballot) return;
    // Somebody else is at it: leave it a chance, then try above its ballot.
    attempt_->retry_at = std::min(attempt_->retry_at, now + rng_.between(backoff_ / 2, backoff_));
}

// --- sending ---

void Agreement::send(NodeId to, AgreementMessage message) {
    if (to == self_) {
        to_self_.push_back(std::move(message));
    } else {
        effects_.messages.emplace_back(to, std::move(message));
    }
}

void Agreement::broadcast(const AgreementMessage& message) {
    for (const Voter& voter : ring_->voters) send(voter.id, message);
}

void Agreement::deliver_to_self(Time now, const Chooser& choose) {
    while (!to_self_.empty()) {
        const AgreementMessage message = std::move(to_self_.front());
        to_self_.pop_front();
        receive(now, self_, message, choose);
    }
}

// Without a vote, and their presence matters: those who want to be let in, and when others leave
// those who stay, where these are so few that each of them may have a vote then, or a copy of all.
std::set<NodeId> Agreement::witnesses() const {
    std::set<NodeId> ids = candidates_;
    const auto staying = std::ranges::count_if(ring_->members, &Member::stays);
    const auto few = std::max<std::size_t>(storage_voters_max, ring_->copies_wanted);
    if (static_cast<std::size_t>(staying) <= few) {
        for (const Member& member : ring_->members) {
            if (member.stays()) ids.insert(member.id);
        }
    }
    std::erase_if(ids, [&](NodeId id) { return ring_->votes_of(id) > 0; });
    return ids;
}

bool Agreement::is_witness(NodeId from, const AgreementMessage& message) const {
    return std::holds_alternative<Promise>(message) && witnesses().contains(from);
}

bool Agreement::is_for_attempt(const Ballot& ballot) const {
    return attempt_ && ballot == attempt_->ballot;
}

}  // namespace grapevine
