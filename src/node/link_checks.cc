#include "node/link_checks.h"

#include <algorithm>

namespace grapevine {

void LinkChecks::adopt(Time now, const std::set<NodeId>& peers, std::size_t members) {
    forgive_after_stall(now);
    pace_.adopt(peers, members);
    std::erase_if(peers_, [&](const auto& entry) { return !peers.contains(entry.first); });
    for (const NodeId id : peers) peers_.try_emplace(id, Peer{.ask_at = now, .answered_at = now});
    find_due();
}

bool LinkChecks::heard(Time now, NodeId peer) {
    const auto found = peers_.find(peer);
    if (found == peers_.end()) return false;
    found->second.answered_at = now;
    found->second.answered = true;
    return true;
}

bool LinkChecks::forgive_after_stall(Time now) {
    if (!stall_.look(now)) return false;
    for (auto& [id, peer] : peers_) peer.answered_at = now;
    return true;
}

LinkCheck LinkChecks::question(Time now, NodeId id, Peer& peer) const {
    peer.asked_at = now;
    peer.ask_at = now + pace_.interval(id);
    return {.sent_us = to_us(now)};
}

LinkCheck LinkChecks::answer(Time now, NodeId asker, std::int64_t asked_us) {
    LinkCheck answer;
    const auto found = peers_.find(asker);
    if (found != peers_.end() && found->second.ask_at <= pace_.rides_until(now)) {
        answer = question(now, asker, found->second);
    }
    answer.echo_us = asked_us;
    if (found != peers_.end() && asker < pace_.self()) ask_along(now);
    return answer;
}

void LinkChecks::tick(Time now) {
    if (!forgive_after_stall(now) && now < due_) return;
    bool is_first = false;
    for (auto& [id, peer] : peers_) {
        if (now < peer.ask_at) continue;
        messages_.emplace_back(id, question(now, id, peer));
        is_first = true;
    }
    if (is_first) {
        ask_along(now);
        keep_step(now);
    }
    find_due();
}

// With few peers, those that this node asks first.
void LinkChecks::ask_along(Time now) {
    if (!pace_.are_few()) return;
    for (auto entry = peers_.upper_bound(pace_.self()); entry != peers_.end(); ++entry) {
        auto& [id, peer] = *entry;
        if (peer.ask_at > pace_.along_until(now)) continue;
        messages_.emplace_back(id, question(now, id, peer));
    }
}

// Whoever was asked too short a time ago to be asked along is, the next time.
void LinkChecks::keep_step(Time now) {
    if (!pace_.are_few()) return;
    for (auto entry = peers_.upper_bound(pace_.self()); entry != peers_.end(); ++entry) {
        auto& [id, peer] = *entry;
        peer.ask_at = pace_.in_step(now, id, peer.asked_at);
    }
}

void LinkChecks::find_due() {
    due_ = never;
    for (const auto& [id, peer] : peers_) due_ = std::min(due_, peer.ask_at);
}

bool LinkChecks::answered(NodeId peer) const {
    const auto found = peers_.find(peer);
    return found != peers_.end() && found->second.answered;
}

std::map<NodeId, Duration> LinkChecks::silent(Time now, Duration at_least) const {
    std::map<NodeId, Duration> silent;
    for (const auto& [id, peer] : peers_) {
        if (now >= peer.answered_at + at_least) silent[id] = now - peer.answered_at;
    }
    return silent;
}

}  // namespace grapevine
