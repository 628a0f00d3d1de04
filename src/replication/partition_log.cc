#include "replication/partition_log.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace grapevine {

namespace {

// A client and an answer, and what a program answered, if that is short.
std::size_t remembered_weight(const Op& op) {
    const bool has_short = op.more && !is_long_reply(op.more->reply);
    return 2 + (has_short ? reply_weight(op.more->reply) : 0);
}

}  // namespace

std::size_t weight(const OpMore& more) {
    std::size_t sum = sizeof(OpMore) + more.reply.size();
    for (const Change& change : more.changes) {
        sum += sizeof(Change) + change.key.size() + change.value.size();
    }
    return sum;
}

std::size_t reply_weight(std::string_view reply) {
    constexpr std::size_t unit = 64;  // bytes; fewer than an answer is counted for (FillStream)
    return (reply.size() + unit - 1) / unit;
}

std::size_t weight(const Request& request) {
    return sizeof(Request) + request.key.size() + request.value.size();
}

void PartitionLog::start(Version base, std::int64_t stamp_ms) {
    base_ = base;
    base_stamp_ms_ = stamp_ms;
    ops_.clear();
    bytes_ = 0;
    to_remember_ = 0;
    long_to_remember_ = 0;
    long_of_.clear();
    changed_.clear();
    noted_ = 0;
}

std::int64_t PartitionLog::last_stamp_ms() const {
    return ops_.empty() ? base_stamp_ms_ : ops_.back()->stamp_ms;
}

void PartitionLog::append(OpPtr op) {
    ASSERT(op->version.counter == held() + 1, "{} after {}", op->version, held());
    count(*op);
    ops_.push_back(std::move(op));
}

void PartitionLog::count(const Op& op) {
    bytes_ += weight(op);
    to_remember_ += remembered_weight(op);
    if (!op.more || !is_long_reply(op.more->reply)) return;
    const std::size_t weight = reply_weight(op.more->reply);
    long_to_remember_ += weight;
    long_of_[op.client] += weight;
}

void PartitionLog::uncount(const Op& op) {
    bytes_ -= weight(op);
    to_remember_ -= remembered_weight(op);
    if (!op.more || !is_long_reply(op.more->reply)) return;
    const std::size_t weight = reply_weight(op.more->reply);
    long_to_remember_ -= weight;
    const auto of_client = long_of_.find(op.client);
    of_client->second -= weight;
    if (of_client->second == 0) long_of_.erase(of_client);
}

std::size_t PartitionLog::long_to_remember(ClientId client) const {
    const auto found = long_of_.find(client);
    return found == long_of_.end() ? 0 : found->second;
}

OpPtr PartitionLog::take_oldest() {
    ASSERT(!ops_.empty());
    OpPtr op = std::move(ops_.front());
    ops_.pop_front();
    uncount(*op);
    if (op->version.counter <= noted_) changed_.remove(*op);
    base_ = op->version;
    base_stamp_ms_ = op->stamp_ms;
    return op;
}

std::uint32_t PartitionLog::add_after(std::uint64_t after, std::size_t bytes,
                                      std::vector<OpPtr>& ops) const {
    ASSERT(after >= watermark() && after <= held(), "{} in {}..{}", after, watermark(), held());
    std::uint32_t count = 0;
    std::size_t sum = 0;
    for (auto index = static_cast<std::size_t>(after - watermark()); index < ops_.size(); ++index) {
        sum += weight(*ops_[index]);
        if (count > 0 && sum > bytes) break;
        ops.push_back(ops_[index]);
        ++count;
    }
    return count;
}

const Op& PartitionLog::at(std::uint64_t counter) const {
    ASSERT(counter > watermark() && counter <= held(), "{} in {}..{}", counter, watermark(),
           held());
    return *ops_[static_cast<std::size_t>(counter - watermark() - 1)];
}

// So few changes that going through them costs less than to note them.
bool PartitionLog::is_short() const {
    constexpr std::size_t ops_max = 8;
    constexpr std::size_t bytes_max = 8192;  // a batch can be long
    return ops_.size() <= ops_max && bytes_ <= bytes_max;
}

void PartitionLog::note_changes() {
    for (noted_ = std::max(noted_, watermark()); noted_ < held(); ++noted_) {
        changed_.add(at(noted_ + 1));
    }
}

PartitionLog::LastChange PartitionLog::change_at(const ChangedKeys::Change& last) const {
    const Op& op = at(last.counter);
    if (op.kind != OpKind::batch) {
        return {op.version, {op.kind, op.key, op.value, op.more ? op.more->expires_ms : 0}};
    }
    const Change& change = op.more->changes[last.index];
    return {op.version, {change.kind, change.key, change.value, change.expires_ms}};
}

std::optional<PartitionLog::LastChange> PartitionLog::last_change(std::string_view key) {
    std::optional<LastChange> last;
    if (!is_short()) {
        note_changes();
        if (const auto noted = changed_.find(key)) last = change_at(*noted);
        return last;
    }
    for (auto op = ops_.rbegin(); op != ops_.rend() && !last; ++op) {
        for_each_change(**op, [&](const ChangeView& change) {
            if (change.key == key) last = LastChange{(*op)->version, change};
        });
    }
    return last;
}

std::uint64_t PartitionLog::drop_changed(std::set<std::string, std::less<>>& keys) {
    std::uint64_t last = 0;
    std::erase_if(keys, [&](const std::string& key) {
        const auto change = last_change(key);
        if (change) last = std::max(last, change->version.counter);
        return change.has_value();
    });
    return last;
}

}  // namespace grapevine
