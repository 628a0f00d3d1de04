#pragma once
// When each partition has to be looked at again. Internal to replication/.
//
// Deadlines of busy partitions move with every operation, nearly always to later. So a date stands
// until it comes: who is looked at too early has not much to do, and makes a new one.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace grapevine {

class Agenda {
public:
    void grow(std::size_t partitions) { at_.resize(partitions, never); }

    // At `due` or before. never: nothing is wanted.
    void want(PartitionId id, Time due) {
        if (due >= at_[id.value]) return;
        at_[id.value] = due;
        dates_.emplace_back(due, id);
        std::ranges::push_heap(dates_, std::greater{});
        if (dates_.size() > 4 * at_.size() + 64) forget_stale();
    }

    // Takes out one whose date has come.
    std::optional<PartitionId> take(Time now) {
        while (!dates_.empty() && dates_.front().first <= now) {
            std::ranges::pop_heap(dates_, std::greater{});
            const auto [due, id] = dates_.back();
            dates_.pop_back();
            if (at_[id.value] != due) continue;  // it was brought forward, and has been taken
            at_[id.value] = never;
            return id;
        }
        return std::nullopt;
    }

    // Not later than the first date; never: there is none.
    [[nodiscard]] Time next() const { return dates_.empty() ? never : dates_.front().first; }

    [[nodiscard]] std::size_t size() const { return dates_.size(); }

private:
    // Whoever goes back to a far date again and again leaves one behind each time.
    void forget_stale() {
        dates_.clear();
        for (std::size_t i = 0; i < at_.size(); ++i) {
            if (at_[i] == never) continue;
            dates_.emplace_back(at_[i], PartitionId{static_cast<std::uint32_t>(i)});
        }
        std::ranges::make_heap(dates_, std::greater{});
    }

    std::vector<Time> at_;                             // by partition
    std::vector<std::pair<Time, PartitionId>> dates_;  // a heap, the first on top
};

}  // namespace grapevine
