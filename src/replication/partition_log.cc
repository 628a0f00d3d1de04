#include "replication/partition_log.h"

#include <utility>

#include "base/assert.h"

namespace grapevine {

std::size_t weight(const Op& op) {
    return sizeof(Op) + op.key.size() + op.value.size();
}

std::size_t weight(const Request& request) {
    return sizeof(Request) + request.key.size() + request.value.size();
}

void PartitionLog::start(Version base, std::int64_t stamp_ms) {
    base_ = base;
    base_stamp_ms_ = stamp_ms;
    ops_.clear();
    bytes_ = 0;
}

std::int64_t PartitionLog::last_stamp_ms() const {
    return ops_.empty() ? base_stamp_ms_ : ops_.back()->stamp_ms;
}

void PartitionLog::append(OpPtr op) {
    ASSERT(op->version.counter == held() + 1, "{} after {}", op->version, held());
    bytes_ += weight(*op);
    ops_.push_back(std::move(op));
}

OpPtr PartitionLog::take_oldest() {
    ASSERT(!ops_.empty());
    OpPtr op = std::move(ops_.front());
    ops_.pop_front();
    bytes_ -= weight(*op);
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

const Op* PartitionLog::last_change(std::string_view key) const {
    for (auto op = ops_.rbegin(); op != ops_.rend(); ++op) {
        if ((*op)->kind != OpKind::none && (*op)->key == key) return op->get();
    }
    return nullptr;
}

}  // namespace grapevine
