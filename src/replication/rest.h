#pragma once
// Paces what is not urgent by how busy both ends are, and what is between them, in the way of
// LEDBAT (RFC 6817): a piece that is acknowledged later than its line alone takes waited behind
// other work. After each full piece its sender rests for three times as long as pieces wait and are
// worked on, so they take about a quarter of what is there, whoever else wants it, and much where
// nobody does. After smaller ones it rests for less: where all are small they take more than
// that. Integers only; values.
//
// Departures from the RFC: delays are those of round trips, which need no clocks in step, and there
// is a rest between pieces instead of a window, because pieces are few and large. What the line
// takes is not learned from the pieces, which would not tell it from a load that stands, but from
// small questions that are asked all the time, before there is anything to move (line()). A load
// under which for minutes not one of them is answered at once looks like a longer line all the
// same, as it does in the RFC: pieces take more than a quarter then. What a piece takes on a thin
// line counts as work.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>

#include "base/ids.h"
#include "base/time.h"

namespace grapevine {

// The least delay of the last minutes: what a line takes where nothing waits. One that becomes
// longer is believed when the minutes before are forgotten.
class BaseDelay {
public:
    void saw(Time now, Duration took) {
        Minute& minute = minutes_[index(now) % minutes_.size()];
        if (minute.index != index(now)) minute = {.index = index(now), .least = took};
        minute.least = std::min(minute.least, took);
        ++minute.seen;
    }

    // Zero: not enough was seen to tell the line from what waits on it.
    [[nodiscard]] Duration least(Time now) const {
        std::uint64_t seen = 0;
        Duration least = Duration::max();
        for (const Minute& minute : minutes_) {
            if (!is_recent(now, minute)) continue;
            seen += minute.seen;
            least = std::min(least, minute.least);
        }
        return seen < seen_min ? Duration{} : least;
    }

    [[nodiscard]] bool is_forgotten(Time now) const {
        return std::ranges::none_of(minutes_,
                                    [&](const Minute& minute) { return is_recent(now, minute); });
    }

private:
    struct Minute {
        std::int64_t index = -1;  // -1: none yet
        Duration least{};
        std::uint64_t seen = 0;
    };
    static constexpr std::uint64_t seen_min = 8;

    static std::int64_t index(Time now) { return now.time_since_epoch() / std::chrono::minutes(1); }
    [[nodiscard]] bool is_recent(Time now, const Minute& minute) const {
        return minute.index >= 0 &&
               minute.index > index(now) - static_cast<std::int64_t>(minutes_.size());
    }

    std::array<Minute, 5> minutes_;
};

class Rest {
public:
    [[nodiscard]] bool due(Time now) const { return now >= next_; }
    [[nodiscard]] Time next() const { return next_; }

    // Only of what rests: the next is not due before. Of how many bytes, and how many it might have
    // had: less is worth less rest. At the least it is as long as pieces take, because each costs
    // both ends a message: on a near line, about one small one is under way at a time.
    void sent(Time now, std::size_t bytes, std::size_t bytes_max) {
        const std::size_t eighths = std::clamp<std::size_t>(bytes * 8 / bytes_max, 2, 8);
        next_ = now + took_ * static_cast<std::int64_t>(eighths) / 2;
    }
    // A piece was acknowledged, so long after it was sent to that member, once.
    void acked(Time now, NodeId by, Duration took) { learn(took - line_to(now, by)); }
    // Nothing was heard of a piece for so long. Acknowledgements of what is sent again say nothing:
    // they may be of any of the sendings (Karn and Partridge 1987).
    void late(Time now, NodeId by, Duration at_least) {
        const Duration waits = at_least - line_to(now, by);
        if (waits > took_) learn(waits);
    }
    // A small question was answered by that member, so long after it was asked.
    void line(Time now, NodeId by, Duration took) {
        if (!lines_.contains(by)) {
            std::erase_if(lines_, [&](const auto& line) { return line.second.is_forgotten(now); });
        }
        lines_[by].saw(now, took);
    }

private:
    static constexpr Duration took_max = std::chrono::milliseconds(25);

    [[nodiscard]] Duration line_to(Time now, NodeId by) const {
        const auto line = lines_.find(by);
        return line == lines_.end() ? Duration{} : line->second.least(now);
    }
    void learn(Duration took) { took_ = (took_ * 3 + std::clamp(took, Duration{}, took_max)) / 4; }

    Time next_{};
    Duration took_ = std::chrono::milliseconds(1);  // smoothed, without what the line takes
    std::map<NodeId, BaseDelay> lines_;             // by receiver, of the last minutes
};

}  // namespace grapevine
