#include "client/peer_table.h"

#include <algorithm>
#include <utility>

namespace grapevine {

PeerTable::PeerTable(std::vector<Address> seeds, Backoff backoff, std::uint64_t seed)
    : backoff_(backoff), rng_(seed), seeds_(std::move(seeds)) {
    for (const Address address : seeds_) {
        if (peers_.try_emplace(address).second) order_.push_back(address);
    }
    seeds_ = order_;
}

std::vector<Address> PeerTable::adopt(const Ring& ring) {
    for (auto& [address, peer] : peers_) {
        peer.listed = std::ranges::find(seeds_, address) != seeds_.end();
    }
    order_ = seeds_;
    for (const Member& member : ring.members) {
        if (!member.is_up()) continue;
        Peer& peer = peers_[member.address];
        if (!std::exchange(peer.listed, true)) order_.push_back(member.address);
        // Another process on an old port starts with a clean sheet.
        if (peer.id != member.id) peer.ailment = {};
        peer.id = member.id;
        peer.name = member.name;
    }
    std::vector<Address> forgotten;
    std::erase_if(peers_, [&](const auto& item) {
        if (item.second.used && !item.second.listed) forgotten.push_back(item.first);
        return !item.second.listed;
    });
    // Not everybody asks the same member first.
    if (!order_.empty()) turn_ = rng_.below(order_.size());
    return forgotten;
}

void PeerTable::used(Address address) {
    if (Peer* const peer = find(address)) peer->used = true;
}

void PeerTable::heard(Address address) {
    if (Peer* const peer = find(address)) peer->ailment = {};
}

void PeerTable::answered(Time now, Address address) {
    if (Peer* const peer = find(address)) peer->answered_at = now;
}

Time PeerTable::answered_at(Address address) const {
    const Peer* const peer = find(address);
    return peer == nullptr ? Time::min() : peer->answered_at;
}

void PeerTable::failed(Time now, Address address) {
    Peer* const peer = find(address);
    if (peer == nullptr) return;
    peer->used = false;
    Ailment& ailment = peer->ailment;
    ailment.failed_at = now;
    ailment.blocked_until = now + backoff_.draw(rng_, ailment.failures++);
}

bool PeerTable::silent(Time now, Address address) {
    Peer* const peer = find(address);
    if (peer == nullptr) return false;
    Ailment& ailment = peer->ailment;
    if (now >= ailment.ask_after) {
        ailment.ask_after = now + backoff_.draw(rng_, ailment.silences++);
    }
    if (ailment.silent_since != never) return false;
    ailment.silent_since = now;
    return true;
}

Time PeerTable::blocked_until(Address address) const {
    const Peer* const peer = find(address);
    return peer == nullptr ? Time::min() : peer->ailment.blocked_until;
}

Time PeerTable::failed_at(Address address) const {
    const Peer* const peer = find(address);
    return peer == nullptr ? Time::min() : peer->ailment.failed_at;
}

Time PeerTable::silent_since(Address address) const {
    const Peer* const peer = find(address);
    return peer == nullptr ? never : peer->ailment.silent_since;
}

std::optional<Address> PeerTable::next_to_ask(Time now, const std::vector<Address>& taken) {
    for (const bool silent_too : {false, true}) {
        for (std::size_t i = 0; i < order_.size(); ++i) {
            const Address address = order_[(turn_ + i) % order_.size()];
            const Peer& peer = peers_.at(address);
            if (now < peer.may_ask_at() || (peer.ailment.silent_since != never && !silent_too))
                continue;
            if (std::ranges::find(taken, address) != taken.end()) continue;
            turn_ = (turn_ + i + 1) % order_.size();
            return address;
        }
    }
    return std::nullopt;
}

Time PeerTable::next_unblocked(Time now) const {
    Time next = never;
    for (const auto& [address, peer] : peers_) {
        if (peer.may_ask_at() > now) next = std::min(next, peer.may_ask_at());
    }
    return next;
}

NodeId PeerTable::id(Address address) const {
    const Peer* const peer = find(address);
    return peer == nullptr ? NodeId{} : peer->id;
}

std::string PeerTable::name(Address address) const {
    const Peer* const peer = find(address);
    return peer == nullptr ? std::string{} : peer->name;
}

std::string PeerTable::describe(Address address) const {
    const std::string known = name(address);
    return known.empty() ? to_string(address) : fmt::format("{} ({})", known, address);
}

const PeerTable::Peer* PeerTable::find(Address address) const {
    const auto found = peers_.find(address);
    return found == peers_.end() ? nullptr : &found->second;
}

PeerTable::Peer* PeerTable::find(Address address) {
    const auto found = peers_.find(address);
    return found == peers_.end() ? nullptr : &found->second;
}

}  // namespace grapevine
