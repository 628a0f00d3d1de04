#include "node/heartbeats.h"

#include <algorithm>

namespace grapevine {

void Heartbeats::adopt(Time now, Epoch epoch, const std::set<NodeId>& peers) {
    forgive_after_stall(now);
    epoch_ = epoch;
    asks_.clear();
    std::erase_if(peers_, [&](const auto& entry) { return !peers.contains(entry.first); });
    for (const NodeId id : peers) {
        const auto [entry, added] = peers_.try_emplace(id);
        if (added) entry->second.answered_at = now;
        entry->second.ask_at = now;
        entry->second.asked = false;
        asks_.emplace_hint(asks_.end(), now, id);
    }
}

void Heartbeats::ask_at(Time time, NodeId id, Peer& peer) {
    auto entry = asks_.extract({peer.ask_at, id});
    peer.ask_at = time;
    entry.value().first = time;
    asks_.insert(std::move(entry));
}

Heartbeat Heartbeats::request(Time now, NodeId id, Peer& peer) {
    // Ids are drawn at random, so this is too, and the same for both of a pair.
    const auto half = static_cast<std::uint64_t>(to_us(period_ / 2));
    const Duration spread{static_cast<std::int64_t>((id.value ^ self_.value) % half)};
    ask_at(now + period_ - (peer.asked ? Duration{} : spread), id, peer);
    peer.asked = true;
    return {.epoch = epoch_, .sent_us = to_us(now)};
}

Heartbeats::Received Heartbeats::receive(Time now, NodeId from, const Heartbeat& message,
                                         bool grants) {
    Received received;
    const auto found = peers_.find(from);
    if (found != peers_.end() && message.echo_us != 0) {
        Peer& peer = found->second;
        const Time sent = time_from_us(message.echo_us);
        if (sent <= now) {  // no echo of ours otherwise
            peer.answered_sent = std::max(peer.answered_sent, sent);
            peer.answered_at = now;
            received = {sent, message.echo_epoch, message.grants};
        }
    }
    if (message.sent_us == 0) return received;
    // The answer carries our own request where that is due before long.
    Heartbeat echo{.epoch = epoch_};
    if (found != peers_.end()) {
        Peer& peer = found->second;
        if (now >= peer.ask_at - period_ / 2) echo = request(now, from, peer);
        if (from < self_) ask_at(now + period_ + period_ / 4, from, peer);
    }
    echo.echo_epoch = message.epoch;
    echo.echo_us = message.sent_us;
    echo.grants = grants && message.epoch == epoch_;
    messages_.emplace_back(from, echo);
    return received;
}

void Heartbeats::refused(NodeId peer) {
    const auto found = peers_.find(peer);
    if (found != peers_.end()) found->second.answered_sent = Time::min();
}

void Heartbeats::forgive_after_stall(Time now) {
    if (!stall_.look(now)) return;
    for (auto& [id, peer] : peers_) peer.answered_at = now;
}

void Heartbeats::tick(Time now) {
    forgive_after_stall(now);
    std::vector<NodeId> due;
    for (const auto& [time, id] : asks_) {
        if (time > now) break;
        due.push_back(id);
    }
    std::ranges::sort(due);
    for (const NodeId id : due) {
        Peer& peer = peers_.at(id);
        if (now >= peer.answered_at + period_ * 2) missed_.push_back(id);
        messages_.emplace_back(id, request(now, id, peer));
    }
}

std::vector<std::pair<NodeId, Heartbeat>> Heartbeats::take_messages() {
    return std::exchange(messages_, {});
}

std::vector<NodeId> Heartbeats::take_missed() {
    return std::exchange(missed_, {});
}

std::map<NodeId, Duration> Heartbeats::silent(Time now, Duration at_least) const {
    std::map<NodeId, Duration> silent;
    for (const auto& [id, peer] : peers_) {
        if (now >= peer.answered_at + at_least) silent[id] = now - peer.answered_at;
    }
    return silent;
}

std::set<NodeId> Heartbeats::heard_since(Time since) const {
    std::set<NodeId> heard;
    for (const auto& [id, peer] : peers_) {
        if (peer.answered_sent >= since && peer.answered_sent != Time::min()) heard.insert(id);
    }
    return heard;
}

}  // namespace grapevine
