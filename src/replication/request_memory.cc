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

RequestMemory::RequestMemory(RequestMemory&& other) noexcept
    : clients_(std::move(other.clients_)),
      first_(std::exchange(other.first_, nullptr)),
      last_(std::exchange(other.last_, nullptr)),
      answers_(std::exchange(other.answers_, 0)) {
    other.clients_.clear();
}

RequestMemory::Known& RequestMemory::add(ClientId client) {
    Known& known = clients_[client];
    known.client = client;
    link_last(known);
    return known;
}

void RequestMemory::link_last(Known& known) {
    known.before = last_;
    known.after = nullptr;
    (last_ == nullptr ? first_ : last_->after) = &known;
    last_ = &known;
}

void RequestMemory::unlink(Known& known) {
    (known.before == nullptr ? first_ : known.before->after) = known.after;
    (known.after == nullptr ? last_ : known.after->before) = known.before;
}

void RequestMemory::record(const Op& op, Duration window) {
    if (op.client) {
        const auto found = clients_.find(op.client);
        Known& known = found == clients_.end() ? add(op.client) : found->second;
        if (&known != last_ && step_of(known.stamp_ms) != step_of(op.stamp_ms)) {
            unlink(known);
            link_last(known);
        }
        known.stamp_ms = op.stamp_ms;
        known.floor = std::max(known.floor, op.floor);
        answers_ -= known.answers.size();
        known.answers.forget_below(known.floor);
        if (op.sequence >= known.floor) known.answers.set(op.sequence, op.answer);
        answers_ += known.answers.size();
    }
    const std::int64_t horizon_ms = op.stamp_ms - to_ms(window);
    while (first_ != nullptr && horizon_ms >= 0 &&
           step_of(first_->stamp_ms) < step_of(horizon_ms)) {
        Known& longest_idle = *first_;
        answers_ -= longest_idle.answers.size();
        unlink(longest_idle);
        clients_.erase(longest_idle.client);
    }
}

RequestMemory::Found RequestMemory::find(ClientId client, std::uint64_t sequence) const {
    const auto found = clients_.find(client);
    if (found == clients_.end()) return {};
    return {found->second.floor, found->second.answers.find(sequence)};
}

std::optional<std::int64_t> RequestMemory::forgets_at_ms(Duration window) const {
    if (first_ == nullptr) return std::nullopt;
    return (step_of(first_->stamp_ms) + 1) * step_ms + to_ms(window);
}

std::vector<ClientMemory> RequestMemory::all() const {
    std::vector<ClientMemory> all;
    all.reserve(clients_.size());
    for (const Known* known = first_; known != nullptr; known = known->after) {
        ClientMemory memory{known->client, known->floor, known->stamp_ms, {}};
        for (const auto& [sequence, answer] : known->answers.items()) {
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
        Known& known = add(memory.client);
        known.floor = memory.floor;
        known.stamp_ms = memory.stamp_ms;
        for (const auto& [sequence, answer] : memory.answers) known.answers.set(sequence, answer);
        answers_ += known.answers.size();
    }
}

void RequestMemory::clear() {
    clients_.clear();
    first_ = last_ = nullptr;
    answers_ = 0;
}

}  // namespace grapevine
