#include <algorithm>
#include <iterator>

#include "replication/context.h"

namespace grapevine {

namespace {

// Acknowledgements wait for no more than this that would go with them.
constexpr std::size_t with_acks_max = std::size_t{16} << 10;

std::size_t weight(const Gathered::Part& part) {
    std::size_t sum = 64;
    for (const OpPtr& op : part.unfinished) sum += weight(*op);
    return sum;
}

// Moves the parts of a batch out in messages of about `bytes`.
void split(NodeId to, Gathered batch, std::size_t bytes,
           std::vector<std::pair<NodeId, ReplicationMessage>>& out) {
    Gathered message;
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

Replicate ReplicationOutbox::Batch::take() {
    Replicate taken = std::exchange(message, {});
    bytes = 0;
    parts_before = taken.parts.size();
    ops_before = taken.ops.size();
    return taken;
}

void ReplicationOutbox::trim() {
    std::erase_if(replicate_, [](const auto& item) {
        return item.second.message.parts.empty() && item.second.message.acks.empty();
    });
}

std::uint32_t ReplicationOutbox::send(NodeId to, Replicate::Part part, const PartitionLog& log,
                                      std::size_t bytes) {
    Batch& batch = replicate_[to];
    std::vector<OpPtr>& ops = batch.message.ops;
    if (batch.message.parts.empty()) {
        batch.message.parts.reserve(batch.parts_before);
        ops.reserve(batch.ops_before);
    }
    part.count = log.add_after(part.previous, bytes, ops);
    batch.message.parts.push_back(part);
    batch.bytes += sizeof part;
    for (auto op = ops.end() - part.count; op != ops.end(); ++op) batch.bytes += weight(**op);
    if (batch.bytes > bytes) single_.emplace_back(to, batch.take());
    return part.count;
}

void ReplicationOutbox::send(NodeId to, const Replicate::Ack& ack) {
    const std::size_t partition = ack.entry.partition.value;
    if (ack_of_.size() <= partition) ack_of_.resize(partition + 1);
    std::size_t& place = ack_of_[partition];
    if (place == 0 || acks_[place - 1].first != to) {
        acks_.emplace_back(to, ack);
        place = acks_.size();
        return;
    }
    Replicate::Ack& before = acks_[place - 1].second;
    const bool gap = ack.gap || (before.gap && before.entry == ack.entry);
    before = ack;
    before.gap = gap;
}

std::vector<std::pair<NodeId, ReplicationMessage>> ReplicationOutbox::take_messages(
    std::size_t bytes, bool full) {
    std::vector<std::pair<NodeId, ReplicationMessage>> out;
    for (auto& [to, ack] : acks_) {
        ack.full = full;
        replicate_[to].message.acks.push_back(ack);
        ack_of_[ack.entry.partition.value] = 0;
    }
    acks_.clear();
    // Acknowledgements go first where much would go before them.
    const auto has_much = [&](NodeId to, const Batch& batch) {
        return batch.bytes > with_acks_max ||
               std::ranges::any_of(single_, [&](const auto& each) { return each.first == to; });
    };
    for (auto& [to, batch] : replicate_) {
        std::vector<Replicate::Ack>& acks = batch.message.acks;
        if (acks.empty() || !has_much(to, batch)) continue;
        out.emplace_back(to, Replicate{.acks = std::exchange(acks, {})});
    }
    std::ranges::move(std::exchange(single_, {}), std::back_inserter(out));
    for (auto& [to, batch] : std::exchange(gather_, {})) out.emplace_back(to, std::move(batch));
    for (auto& [to, batch] : std::exchange(gathered_, {})) split(to, std::move(batch), bytes, out);
    for (auto& [to, batch] : replicate_) {
        Replicate message = batch.take();
        if (!message.acks.empty() || !message.parts.empty())
            out.emplace_back(to, std::move(message));
    }
    return out;
}

}  // namespace grapevine
