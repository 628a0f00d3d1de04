#include "bench/lanes.h"

#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"
#include "bench/lane.h"
#include "runtime/clock.h"

namespace grapevine::bench {

std::vector<std::vector<Key>> keys_by_node(const Workload& workload, const Routes& routes) {
    ASSERT(routes.owner.size() == slot_count);
    std::vector<std::vector<Key>> keys(routes.nodes.size());
    for (std::uint32_t number = 0; number < workload.keys; ++number) {
        const std::uint32_t slot = slot_of_key(key_number(workload, number));
        keys[routes.owner[slot]].push_back({number, static_cast<std::uint16_t>(slot)});
    }
    return keys;
}

Lanes::Lanes(Loop& loop, const Routes& routes, const MakeDialect& make, const LanesConfig& config)
    : workload_(config.workload), rate_(config.rate), pacer_(loop, [this] { hand_out_due(); }) {
    ASSERT(workload_.names == KeyNames::numbered);
    for (auto& keys : keys_by_node(workload_, routes)) decks_.push_back({.keys = std::move(keys)});
    for (std::size_t i = 0; i < config.connections; ++i) {
        const std::size_t node = i % routes.nodes.size();
        lanes_.push_back(
            std::make_unique<Lane>(loop, routes.nodes[node], node, make(), config.depth, *this));
    }
}

Lanes::~Lanes() = default;

bool Lanes::connected() const {
    return std::ranges::all_of(lanes_, [](const auto& lane) { return lane->is_connected(); });
}

void Lanes::begin_filling() {
    filling_ = true;
    for (Deck& deck : decks_) deck.filled = 0;
    left_ = workload_.keys;
    begin();
}

void Lanes::begin_mix(std::uint64_t operations, std::uint64_t seed) {
    filling_ = false;
    rng_ = Rng(seed);
    left_ = operations;
    begin();
}

void Lanes::begin() {
    ASSERT(connected() && in_flight_ == 0);
    if (is_paced()) {
        begun_ = boot_time();
        to_hand_out_ = left_;
        handed_out_ = 0;
        return pacer_.wake_at(begun_);
    }
    for (const auto& lane : lanes_) lane->fill_up();
}

void Lanes::hand_out_due() {
    const Time now = boot_time();
    const auto due = [&] { return due_at(begun_, rate_, handed_out_); };
    const std::uint64_t first = handed_out_;
    for (; handed_out_ < to_hand_out_ && due() <= now; ++handed_out_) {
        tally_.late_us.add(static_cast<std::uint64_t>(to_us(now - due())));
        lanes_[handed_out_ % lanes_.size()]->add_due(due());
    }
    // One write each, whatever is due on it.
    const std::uint64_t concerned = std::min<std::uint64_t>(handed_out_ - first, lanes_.size());
    for (std::uint64_t i = first; i < first + concerned; ++i) {
        lanes_[i % lanes_.size()]->fill_up();
    }
    if (handed_out_ < to_hand_out_) pacer_.wake_at(due());
}

bool Lanes::draw(std::size_t node, Draw& drawn) {
    Deck& deck = decks_[node];
    if (left_ == 0 || deck.keys.empty()) return false;
    if (!filling_) {
        draw_any(deck, drawn);
    } else if (deck.filled < deck.keys.size()) {
        drawn = {.key = deck.keys[deck.filled++], .put = true};
    } else {
        return false;
    }
    --left_;
    ++in_flight_;
    return true;
}

void Lanes::draw_any(Deck& deck, Draw& drawn) {
    const auto any = [&] { return &deck.keys[rng_.below(deck.keys.size())]; };
    const Key*& next = deck.ahead[deck.next];
    drawn.put = !rng_.chance(workload_.gets_percent, 100);
    drawn.key = next == nullptr ? *any() : *next;
    next = any();
    __builtin_prefetch(next);
    deck.next = (deck.next + 1) % deck.ahead.size();
}

void Lanes::completed(const Flight& flight, Time now, std::string_view defect) {
    --in_flight_;
    ++answers_;
    if (defect.empty() || is_paced()) tally_.add_latency(!flight.put, now - flight.sent);
    if (defect.empty()) {
        ++(flight.put ? tally_.puts : tally_.gets);
    } else if (tally_.failed++ == 0) {
        tally_.first_failure = defect;
    }
}

}  // namespace grapevine::bench
