#include "replication/request_memory.h"

#include <algorithm>
#include <iterator>

namespace grapevine {

void RequestMemory::Answers::forget_below(std::uint64_t floor) {
    while (first_ < items_.size() && items_[first_].first < floor) ++first_;
    if (first_ <= items_.size() / 2) return;
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
}

void RequestMemory::Answers::set(std::uint64_t sequence, const Answer& answer) {
    auto at = items_.end();
    if (size() > 0 && items_.back().first >= sequence) {
        at = std::ranges::lower_bound(items_.begin() + static_cast<std::ptrdiff_t>(first_),
                                      items_.end(), sequence, {}, &Item::first);
    }
    if (at != items_.end() && at->first == sequence) {
        at->second = answer;
    } else {
        items_.insert(at, {sequence, answer});
    }
}

const Answer* RequestMemory::Answers::find(std::uint64_t sequence) const {
    const auto all = items();
    const auto at = std::ranges::lower_bound(all, sequence, {}, &Item::first);
    return at == all.end() || at->first != sequence ? nullptr : &at->second;
}

void RequestMemory::record(const Op& op, Duration window) {
    if (op.client) {
        auto found = clients_.find(op.client);
        if (found == clients_.end()) {
            by_stamp_.push_back({.client = op.client});
            found = clients_.emplace(op.client, std::prev(by_stamp_.end())).first;
        } else {
            by_stamp_.splice(by_stamp_.end(), by_stamp_, found->second);
        }
        Known& known = *found->second;
        known.stamp_ms = op.stamp_ms;
        known.floor = std::max(known.floor, op.floor);
        answers_ -= known.answers.size();
        known.answers.forget_below(known.floor);
        if (op.sequence >= known.floor) known.answers.set(op.sequence, op.answer);
        answers_ += known.answers.size();
    }
    const std::int64_t horizon = op.stamp_ms - to_ms(window);
    while (!by_stamp_.empty() && by_stamp_.front().stamp_ms < horizon) {
        answers_ -= by_stamp_.front().answers.size();
        clients_.erase(by_stamp_.front().client);
        by_stamp_.pop_front();
    }
}

std::uint64_t RequestMemory::floor(ClientId client) const {
    const auto found = clients_.find(client);
    return found == clients_.end() ? 0 : found->second->floor;
}

const Answer* RequestMemory::find(ClientId client, std::uint64_t sequence) const {
    const auto found = clients_.find(client);
    if (found == clients_.end()) return nullptr;
    return found->second->answers.find(sequence);
}

std::optional<std::int64_t> RequestMemory::oldest_stamp_ms() const {
    if (by_stamp_.empty()) return std::nullopt;
    return by_stamp_.front().stamp_ms;
}

std::vector<ClientMemory> RequestMemory::all() const {
    std::vector<ClientMemory> all;
    all.reserve(by_stamp_.size());
    for (const Known& known : by_stamp_) {
        ClientMemory memory{known.client, known.floor, known.stamp_ms, {}};
        for (const auto& [sequence, answer] : known.answers.items()) {
            memory.answers.push_back({sequence, answer});
        }
        all.push_back(std::move(memory));
    }
    return all;
}

void RequestMemory::restore(const std::vector<ClientMemory>& clients) {
    clear();
    for (const ClientMemory& memory : clients) {
        if (clients_.contains(memory.client)) continue;
        Known known{memory.client, memory.floor, memory.stamp_ms, {}};
        for (const auto& [sequence, answer] : memory.answers) known.answers.set(sequence, answer);
        answers_ += known.answers.size();
        by_stamp_.push_back(std::move(known));
        clients_.emplace(memory.client, std::prev(by_stamp_.end()));
    }
}

void RequestMemory::clear() {
    clients_.clear();
    by_stamp_.clear();
    answers_ = 0;
}

}  // namespace grapevine
