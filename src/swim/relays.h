#pragma once
// What this node owes to others as their helper: pings that it sent on their behalf (SWIM: k
// indirect probes), each answered by an Ack when the target answers, else by a Nack in time
// (Lifeguard, LHA-Probe). Bounded: beyond `max` requests are turned down.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace grapevine {

struct Relay {
    NodeId requester;
    std::uint64_t number = 0;  // the requester's
    NodeId target;
    Time nack_at;
};

class Relays {
public:
    static constexpr std::size_t max = 256;

    // False where there are too many. `own_number` is on the ping to the target.
    bool add(std::uint64_t own_number, const Relay& relay) {
        return relays_.size() < max && relays_.emplace(own_number, relay).second;
    }

    std::optional<Relay> answered(std::uint64_t own_number, NodeId target) {
        const auto found = relays_.find(own_number);
        if (found == relays_.end() || found->second.target != target) return std::nullopt;
        const Relay relay = found->second;
        relays_.erase(found);
        return relay;
    }

    std::vector<Relay> take_due(Time now) {
        std::vector<Relay> due;
        std::erase_if(relays_, [&](const auto& entry) {
            if (entry.second.nack_at > now) return false;
            due.push_back(entry.second);
            return true;
        });
        return due;
    }

    // Numbers are drawn in order and all wait equally long, so the first is due first.
    [[nodiscard]] Time next_deadline() const {
        return relays_.empty() ? never : relays_.begin()->second.nack_at;
    }

    // This node's loop stood still: nothing was due before now.
    void postpone(Time now) {
        for (auto& [number, relay] : relays_) relay.nack_at = std::max(relay.nack_at, now);
    }

private:
    std::map<std::uint64_t, Relay> relays_;  // by own number
};

}  // namespace grapevine
