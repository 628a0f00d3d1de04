#include <algorithm>

#include "replication/context.h"

namespace grapevine {

namespace {

std::size_t weight(const std::vector<Op>& ops) {
    std::size_t sum = 64;
    for (const Op& op : ops) sum += weight(op);
    return sum;
}
std::size_t weight(const Replicate::Part& part) {
    return weight(part.ops);
}
std::size_t weight(const Gathered::Part& part) {
    return weight(part.unfinished);
}

// Moves the parts of a batch out in messages of about `bytes`.
template <class Message>
void split(NodeId to, Message batch, std::size_t bytes,
           std::vector<std::pair<NodeId, ReplicationMessage>>& out) {
    Message message;
    std::size_t sum = 0;
    for (auto& part : batch.parts) {
        const std::size_t size = weight(part);
        if (!message.parts.empty() && sum + size > bytes) {
            out.emplace_back(to, std::exchange(message, {}));
            sum = 0;
        }
        sum += size;
        message.parts.push_back(std::move(part));
    }
    if (!message.parts.empty()) out.emplace_back(to, std::move(message));
}

}  // namespace

void ReplicationOutbox::send(NodeId to, ReplicateAck::Part part) {
    const auto [entry, inserted] = acks_[to].try_emplace(part.entry.partition, part);
    if (inserted) return;
    part.gap = part.gap || (entry->second.gap && entry->second.entry == part.entry);
    entry->second = part;
}

std::vector<std::pair<NodeId, ReplicationMessage>> ReplicationOutbox::take_messages(
    std::size_t bytes) {
    std::vector<std::pair<NodeId, ReplicationMessage>> out = std::exchange(single_, {});
    for (auto& [to, batch] : std::exchange(gather_, {})) out.emplace_back(to, std::move(batch));
    for (auto& [to, batch] : std::exchange(gathered_, {})) split(to, std::move(batch), bytes, out);
    for (auto& [to, parts] : std::exchange(acks_, {})) {
        ReplicateAck ack;
        for (const auto& [partition, part] : parts) ack.parts.push_back(part);
        out.emplace_back(to, std::move(ack));
    }
    for (auto& [to, batch] : std::exchange(replicate_, {})) split(to, std::move(batch), bytes, out);
    return out;
}

}  // namespace grapevine
