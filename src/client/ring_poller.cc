#include "client/ring_poller.h"

#include <algorithm>
#include <utility>

namespace grapevine {

std::vector<std::pair<Address, RingPoll>> RingPoller::ask(Time now, const Need& need,
                                                          PeerTable& peers) {
    Messages messages;
    if (!need.wanted) {
        std::erase_if(polls_, [](const auto& p) { return p.second.phase == Phase::answered; });
        hint_.reset();
    } else {
        if (hint_) {
            send(now, *std::exchange(hint_, std::nullopt), Phase::waiting, need.have, messages);
        }
        renew(now, need, peers, messages);
        std::vector<Address> taken;
        for (const auto& [address, poll] : polls_) taken.push_back(address);
        while (polls_.size() < config_.polls_max) {
            const auto next = peers.next_to_ask(now, taken);
            if (!next) break;
            send(now, *next, Phase::asked, need.have, messages);
            taken.push_back(*next);
        }
    }
    next_deadline_ =
        need.wanted && polls_.size() < config_.polls_max ? peers.next_unblocked(now) : never;
    for (const auto& [address, poll] : polls_) next_deadline_ = std::min(next_deadline_, poll.due);
    return messages;
}

// Goes on with those that answered, and has the others wait for what is wanted now.
void RingPoller::renew(Time now, const Need& need, const PeerTable& peers, Messages& messages) {
    for (const auto& [address, poll] : polls_) {
        const bool due = poll.phase == Phase::answered && poll.due <= now;
        const bool outdated = poll.phase == Phase::waiting && poll.have < need.have;
        // A question in place of the long poll, which is put again after the answer. Not to one
        // that is silent elsewhere: all would wait for it.
        const bool question = must_ask(need) && peers.silent_since(address) == never;
        if (!due && !outdated && !question) continue;
        send(now, address, question ? Phase::asked : Phase::waiting, need.have, messages);
    }
}

// One question at a time is enough: when it was put too early, its answer brings the next.
bool RingPoller::must_ask(const Need& need) const {
    return confirmed_at_ < need.confirm_after &&
           std::ranges::none_of(
               polls_, [](const auto& p) { return p.second.phase == Phase::asked; });
}

void RingPoller::send(Time now, Address to, Phase phase, Epoch have, Messages& messages) {
    const Duration wait = phase == Phase::waiting ? config_.poll_wait : Duration{};
    polls_[to] = {phase, have, now, now + wait + config_.answer_timeout};
    const auto wait_ms = std::chrono::duration_cast<std::chrono::milliseconds>(wait).count();
    messages.emplace_back(to, RingPoll{have, static_cast<std::uint32_t>(wait_ms)});
}

void RingPoller::answered(Time now, Address from, bool newer) {
    const auto found = polls_.find(from);
    if (found == polls_.end() || found->second.phase == Phase::answered) return;
    Poll& poll = found->second;
    confirmed_at_ = std::max(confirmed_at_, newer ? now : poll.sent);
    // "Nothing newer" long before the time is up: it does not wait, or the answer is to an earlier
    // poll. Asking again at once might go round and round.
    const bool early =
        !newer && poll.phase == Phase::waiting && now < poll.sent + config_.poll_wait / 2;
    poll.phase = Phase::answered;
    poll.due = early ? now + config_.answer_timeout / 10 : now;
}

std::vector<Address> RingPoller::expire(Time now) {
    std::vector<Address> late;
    for (const auto& [address, poll] : polls_) {
        if (poll.phase != Phase::answered && poll.due <= now) late.push_back(address);
    }
    for (const Address address : late) polls_.erase(address);
    return late;
}

}  // namespace grapevine
