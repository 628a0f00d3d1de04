#pragma once
// Somebody who empties a partition again and again, as FLUSHALL does it, in small parts, while
// others write there. What was there when he began and has not been written since is not there when
// he is told that all is done.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "history/record.h"
#include "sim/commits.h"
#include "sim/recorder.h"
#include "sim/world.h"

namespace grapevine::sim {

struct FlushConfig {
    std::size_t writers = 2;
    std::size_t keys = 40;
    std::size_t at_once = 3;     // that one part erases
    Duration think_max = 20ms;   // of a writer
    Duration pause_max = 500ms;  // from the end of a flush to the next one
    Duration deadline = 5s;      // of an operation
};

class Flusher {
public:
    // Nobody else has keys in that partition.
    Flusher(World& world, PartitionId partition, const FlushConfig& config, std::uint64_t seed);

    void start();
    void stop() { running_ = false; }
    [[nodiscard]] bool is_idle() const;
    [[nodiscard]] std::size_t done() const { return done_; }  // flushes that were told to be

private:
    [[nodiscard]] std::unique_ptr<Recorder> recruit();
    // Alive, whoever had the place before.
    Recorder& worker(std::size_t number);
    void write(std::size_t number);
    void flush();
    void ask(std::string_view order, std::string_view cursor);
    void answered(const Outcome& outcome);
    void judge();

    World& world_;
    PartitionId partition_;
    FlushConfig config_;
    Rng rng_;
    std::string tag_;
    History history_;                                 // of these clients; judge() judges them
    std::vector<std::unique_ptr<Recorder>> workers_;  // the last one flushes
    std::vector<std::unique_ptr<Recorder>> dead_;     // their clients point to them
    Commits::Contents began_with_;
    std::uint64_t values_ = 0;
    std::size_t done_ = 0;
    bool running_ = false;
};

}  // namespace grapevine::sim
