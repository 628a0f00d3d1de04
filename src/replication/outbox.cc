#include <algorithm>

#include "replication/context.h"

namespace grapevine {

namespace {

std::size_t weight(const std::vector<OpPtr>& ops) {
    std::size_t sum = 64;
    for (const OpPtr& op : ops) sum += weight(*op);
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
    const std::size_t partition = part.entry.partition.value;
    if (ack_of_.size() <= partition) ack_of_.resize(partition + 1);
    std::size_t& place = ack_of_[partition];
    if (place == 0 || acks_[place - 1].first != to) {
        acks_.emplace_back(to, part);
        place = acks_.size();
        return;
    }
    ReplicateAck::Part& before = acks_[place - 1].second;
    part.gap = part.gap || (before.gap && before.entry == part.entry);
    before = part;
}

std::vector<std::pair<NodeId, ReplicationMessage>> ReplicationOutbox::take_messages(
    std::size_t bytes) {
    std::vector<std::pair<NodeId, ReplicationMessage>> out = std::exchange(single_, {});
    for (auto& [to, batch] : std::exchange(gather_, {})) out.emplace_back(to, std::move(batch));
    for (auto& [to, batch] : std::exchange(gathered_, {})) split(to, std::move(batch), bytes, out);
    std::map<NodeId, ReplicateAck> acks;
    for (const auto& [to, part] : acks_) {
        acks[to].parts.push_back(part);
        ack_of_[part.entry.partition.value] = 0;
    }
    acks_.clear();
    for (auto& [to, ack] : acks) out.emplace_back(to, std::move(ack));
    for (auto& [to, batch] : std::exchange(replicate_, {})) split(to, std::move(batch), bytes, out);
    return out;
}

}  // namespace grapevine
