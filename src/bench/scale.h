#pragma once
// How throughput and latency change with the number of nodes, clients and keys and the size of
// values: one of them is varied at a time, the others stay as they are.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/experiment.h"
#include "bench/phase.h"

namespace grapevine::bench {

// What is there to be used.
struct ScaleLimits {
    std::uint64_t memory = 0;  // bytes, for what the nodes hold
    std::uint64_t files = 0;   // that the load generator may have open
};

struct ScalePoint {
    std::string dimension;  // "nodes", "clients", "value-size", "keys"
    std::uint64_t value = 0;
    Setting setting;
    // What else is not as it is elsewhere, in words; empty: nothing.
    std::string note;
    bool left_out = false;  // it would not fit, as the note says

    [[nodiscard]] std::string name() const;
};

// nodes 1 to 14, clients 1 to 1,000, values of 16 bytes to 1 MB, 10^4 to 10^7 keys; `shorter`: two
// or three points of each, in a narrower range. Where the limits do not allow the keys that `base`
// has, large values get fewer, and what is varied itself is left out.
std::vector<ScalePoint> scale_points(const Setting& base,
                                     const std::vector<std::string>& dimensions, bool shorter,
                                     const ScaleLimits& limits);
const std::vector<std::string>& scale_dimensions();

struct ScaleConfig {
    std::vector<ScalePoint> points;
    unsigned rounds = 5;
    Duration span = 2s;     // of each round
    Duration warm_up = 1s;  // before the first of each point
    Duration stream = 3s;   // of a raw stream, beside the largest values
};
struct ScaleEvents {
    std::function<void(const ScalePoint&, const Phase&)> round;
    std::function<void(const std::string&)> failed;  // why a point was not measured to its end
    // What one raw TCP stream carried just after a point, bytes a second (raw_stream.h); of points
    // whose values are of stream_values or more.
    std::function<void(const ScalePoint&, double)> stream;
};

// A cluster for each point that is not left out; where one fails, the others are measured all the
// same. An error only where it was interrupted.
Result<std::vector<Phase>> scale(Session& session, const ScaleConfig& config,
                                 const ScaleEvents& done);

inline constexpr std::uint64_t stream_values = 1'000'000;  // bytes
inline constexpr double stream_goal = 0.6;                 // of it, at least
// A line: what the rounds of the point carried of values, beside such a stream.
std::string stream_text(const ScalePoint& point, const std::vector<Phase>& phases, double stream);

std::string scale_csv_head();
std::string scale_csv_line(const ScalePoint& point, const Phase& phase);
// The notes of all points, a line each.
std::string scale_notes(const std::vector<ScalePoint>& points);

}  // namespace grapevine::bench
