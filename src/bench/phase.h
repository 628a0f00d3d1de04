#pragma once
// One stretch of a run, measured: what the load got, and what it cost.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "bench/generator.h"
#include "bench/ring_watch.h"
#include "bench/servers.h"

namespace grapevine::bench {

struct Phase {
    std::string name;
    unsigned round = 0;        // from 1 on
    bool rebalancing = false;  // something moves in it
    Duration span{};
    Duration waited{};  // before it began: for what it is about
    Tally tally;
    // Of the tally: answered after its end, and so no part of the throughput.
    std::uint64_t after = 0;
    Use use;  // its memory is that at the end
    Moved moved;
    std::uint64_t rings = 0;  // that were made in it

    // What was due in it and was answered after its end: a part of its latencies.
    void add_after(const Tally& late);

    [[nodiscard]] double per_second() const;
    [[nodiscard]] double us_at(unsigned permille) const;
    [[nodiscard]] double server_us_per_operation() const;
    [[nodiscard]] double own_us_per_operation() const;
    // Of keys and values, in 10^6 bytes.
    [[nodiscard]] double moved_mb() const;
};

// Measures from begin() to end(). What it is given outlives it.
class Meter {
public:
    Meter(Generator& load, RingWatch& watch, const Servers& servers)
        : load_(load), watch_(watch), servers_(servers) {}

    // There is a ring.
    void begin();
    // A phase with nothing but its numbers.
    [[nodiscard]] Phase end();

private:
    Generator& load_;
    RingWatch& watch_;
    const Servers& servers_;
    Time begun_{};
    Use use_;
    Epoch epoch_{};
};

// In the order in which they come.
std::vector<std::string> names_of(const std::vector<Phase>& phases);

using PhaseDone = std::function<void(const Phase&)>;

// Lines of CSV, without their ends, and the same for people.
std::string phase_csv_head();
std::string phase_csv_line(const Phase& phase);
std::string phase_table(const std::vector<Phase>& phases);

}  // namespace grapevine::bench
