#include "node/heartbeats.h"

#include <algorithm>

namespace grapevine {

Heartbeat echo_of(const Heartbeat& request, Epoch epoch) {
    return {.epoch = epoch, .echo_epoch = request.epoch, .echo_us = request.sent_us};
}

void Heartbeats::adopt(Time now, Epoch epoch, const std::set<NodeId>& peers, std::size_t members) {
    forgive_after_stall(now);
    epoch_ = epoch;
    pace_.adopt(peers, members);
    asks_.clear();
    std::erase_if(peers_, [&](const auto& entry) { return !peers.contains(entry.first); });
    for (const NodeId id : peers) {
        const auto [entry, added] = peers_.try_emplace(id);
        Peer& peer = entry->second;
        if (added) peer.answered_at = now;
        peer.ask_at = now;
        peer.in_ring_sent = Time::min();
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
    if (peer.unanswered_since == never) peer.unanswered_since = now;
    peer.asked_at = now;
    ask_at(now + patience_, id, peer);
    return {.epoch = epoch_, .sent_us = to_us(now)};
}

// From a request to the next, where the first of them is answered.
Duration Heartbeats::interval(NodeId id, const Peer& peer) const {
    const Duration interval = pace_.interval(id);
    if (pace_.are_few() || peer.in_ring_sent != Time::min()) return interval;
    // Ids are drawn at random, so this is too, and the same for both of a pair.
    const auto half = static_cast<std::uint64_t>(to_us(pace_.period() / 2));
    return interval - Duration{static_cast<std::int64_t>((id.value ^ pace_.self().value) % half)};
}

Heartbeats::Received Heartbeats::take_echo(Time now, NodeId from, Peer& peer,
                                           const Heartbeat& message) {
    const Time sent = time_from_us(message.echo_us);
    if (message.echo_us == 0 || sent > now) return {};  // no echo, or none of ours
    peer.answered_sent = std::max(peer.answered_sent, sent);
    peer.answered_at = now;
    peer.round_trip = now - sent;
    // Who is in another ring grants nothing in this one, and is asked again as if it were silent.
    const bool counts = message.echo_epoch == epoch_ && message.epoch == epoch_;
    if (counts && peer.unanswered_since != never) {
        // Where requests were lost the next is sent when it would have been without that.
        ask_at(std::max(peer.unanswered_since + interval(from, peer), now + pace_.period() / 2),
               from, peer);
        peer.unanswered_since = never;
    }
    if (counts) peer.in_ring_sent = std::max(peer.in_ring_sent, sent);
    return {sent, message.echo_epoch, message.grants};
}

bool Heartbeats::rides(Time now, const Peer& peer) const {
    if (peer.unanswered_since == never) return peer.ask_at <= pace_.rides_until(now);
    return peer.ask_at <= now + patience_ / 2;  // or its answer may be under way
}

Heartbeats::Received Heartbeats::receive(Time now, NodeId from, const Heartbeat& message,
                                         bool grants) {
    forgive_after_stall(now);
    const auto found = peers_.find(from);
    Peer* const peer = found != peers_.end() ? &found->second : nullptr;
    const Received received = peer != nullptr ? take_echo(now, from, *peer, message) : Received{};
    if (message.sent_us == 0) return received;
    Heartbeat echo = echo_of(message, epoch_);
    // The answer carries our own request where that is due before long.
    if (peer != nullptr && rides(now, *peer)) echo.sent_us = request(now, from, *peer).sent_us;
    echo.grants = grants && message.epoch == epoch_;
    messages_.emplace_back(from, echo);
    if (peer != nullptr && from < pace_.self()) ask_along(now);
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

// Two requests were not answered, nor is the line so long that they could have been.
bool Heartbeats::is_missed(Time now, const Peer& peer) const {
    if (peer.unanswered_since == never) return false;
    const Duration under_way = std::clamp(peer.round_trip, patience_, pace_.period() / 2);
    return now >= std::max(peer.unanswered_since, peer.answered_at) + patience_ + under_way;
}

void Heartbeats::tick(Time now) {
    forgive_after_stall(now);
    std::vector<NodeId> due;
    for (const auto& [time, id] : asks_) {
        if (time > now) break;
        due.push_back(id);
    }
    std::ranges::sort(due);
    bool is_first = false;
    for (const NodeId id : due) {
        Peer& peer = peers_.at(id);
        is_first = is_first || peer.unanswered_since == never;
        if (is_missed(now, peer)) missed_.push_back(id);
        messages_.emplace_back(id, request(now, id, peer));
    }
    if (is_first) {
        ask_along(now);
        keep_step(now);
    }
}

// With few peers, those that this node asks first.
void Heartbeats::ask_along(Time now) {
    if (!pace_.are_few()) return;
    for (auto entry = peers_.upper_bound(pace_.self()); entry != peers_.end(); ++entry) {
        auto& [id, peer] = *entry;
        if (peer.unanswered_since != never || peer.ask_at > pace_.along_until(now)) continue;
        messages_.emplace_back(id, request(now, id, peer));
    }
}

// Whoever was asked too short a time ago to be asked along is, the next time.
void Heartbeats::keep_step(Time now) {
    if (!pace_.are_few()) return;
    for (auto entry = peers_.upper_bound(pace_.self()); entry != peers_.end(); ++entry) {
        auto& [id, peer] = *entry;
        if (peer.unanswered_since != never) continue;
        ask_at(pace_.in_step(now, id, peer.asked_at), id, peer);
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

std::set<NodeId> Heartbeats::answered_since(Time since, Time Peer::* sent) const {
    std::set<NodeId> answered;
    for (const auto& [id, peer] : peers_) {
        if (peer.*sent >= since && peer.*sent != Time::min()) answered.insert(id);
    }
    return answered;
}

}  // namespace grapevine
