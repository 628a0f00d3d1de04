#include "bench/lanes.h"

#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"
#include "bench/lane.h"

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
    : workload_(config.workload),
      keys_(keys_by_node(config.workload, routes)),
      filled_(keys_.size()) {
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
    std::ranges::fill(filled_, 0);
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
    ASSERT(connected() && idle());
    for (const auto& lane : lanes_) lane->fill_up();
}

bool Lanes::draw(std::size_t node, Draw& drawn) {
    if (left_ == 0) return false;
    if (filling_ ? !draw_next(node, drawn) : !draw_any(node, drawn)) return false;
    --left_;
    ++in_flight_;
    return true;
}

bool Lanes::draw_next(std::size_t node, Draw& drawn) {
    if (filled_[node] == keys_[node].size()) return false;
    drawn = {.key = keys_[node][filled_[node]++], .put = true};
    return true;
}

bool Lanes::draw_any(std::size_t node, Draw& drawn) {
    const std::vector<Key>& keys = keys_[node];
    if (keys.empty()) return false;
    drawn.put = !rng_.chance(workload_.gets_percent, 100);
    drawn.key = keys[rng_.below(keys.size())];
    return true;
}

void Lanes::completed(const Flight& flight, Time now, std::string_view defect) {
    --in_flight_;
    ++answers_;
    if (!defect.empty()) {
        if (tally_.failed++ == 0) tally_.first_failure = defect;
        return;
    }
    ++(flight.put ? tally_.puts : tally_.gets);
    tally_.latency_us.add(static_cast<std::uint64_t>(to_us(now - flight.sent)));
}

}  // namespace grapevine::bench
