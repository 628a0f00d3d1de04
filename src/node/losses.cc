#include "node/losses.h"

#include <algorithm>

namespace grapevine {

namespace {

// Connections that may wait: a few people. Each keeps a list of what was down. Who is not heard
// asks another member when this one has not answered in time.
constexpr std::size_t waiting_max = 16;

}  // namespace

void Losses::ask(Time now, ConnectionId connection, Epoch epoch) {
    if (waiting_.size() >= waiting_max && !waiting_.contains(connection)) return;
    waiting_[connection] = {epoch, now + accept_loss_within, std::nullopt};
}

AcceptLossReply Losses::look(Waiting& waiting, const Ring& ring) {
    if (!waiting.down && ring.epoch >= waiting.epoch) {
        waiting.down.emplace();
        for (const PartitionId id : down_since(ring, waiting.epoch)) {
            waiting.down->emplace(id, ring.entry(id).generation);
        }
    }
    AcceptLossReply reply;
    if (!waiting.down) {  // nobody was told to give it up
        reply.left = static_cast<std::uint32_t>(down_since(ring, ring.epoch).size());
        return reply;
    }
    for (const auto& [id, generation] : *waiting.down) {
        const Entry& entry = ring.entry(id);
        if (entry.generation != generation) {
            ++reply.restarted;
        } else if (ring.is_down(entry)) {
            ++reply.left;
        }
    }
    return reply;
}

std::vector<Losses::Due> Losses::take_due(Time now, const RingPtr& ring) {
    std::vector<Due> due;
    if (!ring) return due;
    for (auto entry = waiting_.begin(); entry != waiting_.end();) {
        Waiting& waiting = entry->second;
        const AcceptLossReply reply = look(waiting, *ring);
        const bool done = waiting.down && reply.left == 0;
        if (!done && now < waiting.until) {
            ++entry;
        } else {
            due.push_back({entry->first, reply});
            entry = waiting_.erase(entry);
        }
    }
    return due;
}

std::optional<Epoch> Losses::accepted() const {
    std::optional<Epoch> latest;
    for (const auto& [connection, waiting] : waiting_) {
        // Not of a ring that is not known here and may never come: what goes down until then would
        // be meant too.
        if (waiting.down && (!latest || *latest < waiting.epoch)) latest = waiting.epoch;
    }
    return latest;
}

Time Losses::next_deadline() const {
    Time due = never;
    for (const auto& [connection, waiting] : waiting_) due = std::min(due, waiting.until);
    return due;
}

}  // namespace grapevine
