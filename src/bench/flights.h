#pragma once
// The operations that one connection has under way, by their number. A window over the numbers that
// grows where one operation is overtaken by very many, and otherwise takes no memory.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/time.h"

namespace grapevine::bench {

// A key of the workload, and where it belongs.
struct Key {
    std::uint32_t number = 0;
    std::uint16_t slot = 0;
};

struct Flight {
    std::uint64_t sequence = 0;  // 0: none
    Time sent;                   // for the first time
    Key key;
    bool put = false;
    std::uint8_t repeats = 0;
};

class Flights {
public:
    // For about so many at once.
    explicit Flights(std::size_t depth) {
        std::size_t size = 4;
        while (size < 4 * depth) size *= 2;
        window_.resize(size);
    }

    // Numbers rise by one.
    Flight& begin(Time now, Key key, bool put) {
        const std::uint64_t sequence = ++last_;
        while (at(sequence).sequence != 0) grow();
        at(sequence) = {.sequence = sequence, .sent = now, .key = key, .put = put};
        ++count_;
        return at(sequence);
    }
    void end(std::uint64_t sequence) {
        ASSERT(find(sequence) != nullptr);
        at(sequence).sequence = 0;
        --count_;
    }
    [[nodiscard]] const Flight* find(std::uint64_t sequence) const {
        const Flight& flight = window_[sequence & (window_.size() - 1)];
        return sequence != 0 && flight.sequence == sequence ? &flight : nullptr;
    }
    [[nodiscard]] Flight* find(std::uint64_t sequence) {
        return const_cast<Flight*>(std::as_const(*this).find(sequence));
    }
    [[nodiscard]] std::size_t count() const { return count_; }

    // The oldest put that is under way, if it is older than `sequence`; otherwise `sequence`.
    [[nodiscard]] std::uint64_t floor_for(std::uint64_t sequence) {
        while (floor_ < last_ && (find(floor_) == nullptr || !find(floor_)->put)) ++floor_;
        return std::min(floor_, sequence);
    }

private:
    Flight& at(std::uint64_t sequence) { return window_[sequence & (window_.size() - 1)]; }
    void grow() {
        const auto before = std::exchange(window_, std::vector<Flight>(2 * window_.size()));
        for (const Flight& flight : before) {
            if (flight.sequence != 0) at(flight.sequence) = flight;
        }
    }

    std::vector<Flight> window_;  // its size is a power of two
    std::uint64_t last_ = 0;
    std::uint64_t floor_ = 1;  // no put below is under way
    std::size_t count_ = 0;
};

}  // namespace grapevine::bench
