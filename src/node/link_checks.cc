#include "node/link_checks.h"

#include <algorithm>

namespace grapevine {

void LinkChecks::adopt(Time now, const std::set<NodeId>& peers) {
    forgive_after_stall(now);
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

void LinkChecks::tick(Time now) {
    if (!forgive_after_stall(now) && now < due_) return;
    for (auto& [id, peer] : peers_) {
        if (now < peer.ask_at) continue;
        peer.ask_at = now + period_;
        messages_.emplace_back(id, LinkCheck{.sent_us = to_us(now)});
    }
    find_due();
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
