#pragma once
// Clients that work: each has one operation after the other on a few shared keys, every value
// written is unique, and all of it goes into a history. When a client's process dies, or its handle
// ends with its cluster, another client takes its place.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "base/time.h"
#include "history/record.h"
#include "sim/flusher.h"
#include "sim/recorder.h"
#include "sim/world.h"

namespace grapevine::sim {

enum class KeyChoice : std::uint8_t {
    uniform,
    zipfian,  // the key of rank r is chosen in proportion to 1 / r (Zipf's law, exponent 1)
    hot,      // nine times out of ten it is the first one
};

struct LoadConfig {
    std::size_t clients = 4;
    std::size_t keys = 20;
    Duration think_max = 20ms;  // pause between two operations of a client
    Duration deadline = 5s;
    std::uint32_t reads_percent = 40;
    std::uint32_t erases_percent = 5;
    std::uint32_t conditional_percent = 15;
    KeyChoice choice = KeyChoice::uniform;
    std::uint32_t huge_per_mille = 0;        // of the values are up to huge_bytes_max long
    std::size_t huge_bytes_max = 200 << 10;  // at most value_size_max
    std::size_t huge_bytes_all = 64 << 20;   // together; later ones are small: all are kept
    // Of the operations are programs on groups of keys, so many groups.
    std::uint32_t programs_percent = 0;
    std::size_t groups = 3;
    // Of the others without a condition are sent as programs that mean the same.
    std::uint32_t disguised_percent = 0;
    // Of the programs of one command are executed by the node that they concern, if it can by
    // itself, as for a Redis client of it.
    std::uint32_t at_once_percent = 0;
    // Of the puts among the disguised write keys that expire after 20 ms to `ttl_max`.
    std::uint32_t brief_percent = 0;
    Duration ttl_max = 2s;
    // A partition that nothing else has keys in, where there is one, is emptied again and again.
    bool flushes = false;
    // Nobody's clock is set or drifts: keys expire no earlier than they are to.
    bool clocks_agree = false;
};

// Draws which key an operation is about, 0 ... keys - 1.
class KeyDraw {
public:
    KeyDraw(KeyChoice choice, std::size_t keys);
    [[nodiscard]] std::size_t draw(Rng& rng) const;

private:
    KeyChoice choice_;
    std::size_t keys_;
    std::vector<std::uint64_t> up_to_;  // zipfian: sums of the weights
};

class Load {
public:
    Load(World& world, const LoadConfig& config, std::uint64_t seed);

    void start();
    // No new operations; those in flight end by their deadline.
    void stop();
    [[nodiscard]] bool is_idle() const;

    [[nodiscard]] const History& history() const { return history_; }
    [[nodiscard]] std::size_t answered() const { return answered_; }
    // Flushes that have ended.
    [[nodiscard]] std::size_t flushed() const { return flusher_ ? flusher_->done() : 0; }

private:
    struct Worker {
        std::unique_ptr<Recorder> recorder;
        std::vector<Version> seen;  // by key: what to expect in a conditional write
    };

    [[nodiscard]] std::unique_ptr<Recorder> recruit();
    // Nothing: keys of this load, or others that are there, are in all of them.
    [[nodiscard]] std::optional<PartitionId> free_partition() const;
    void next(std::size_t worker);
    void submit_program(std::size_t worker);
    // Who takes itself for the primary of the program's partition, one of these; null: nobody, or
    // it is to be sent.
    [[nodiscard]] NodeHost* draw_node(const Operation& program);
    void submit_disguised(std::size_t worker, std::size_t key, const Operation& operation);
    [[nodiscard]] Operation draw(const Worker& worker, std::size_t key);
    [[nodiscard]] bool draws(std::uint32_t percent) {
        return percent > 0 && rng_.chance(percent, 100);
    }
    [[nodiscard]] std::string draw_value();
    void answered(std::size_t worker, std::size_t key, const Outcome& outcome);

    World& world_;
    LoadConfig config_;
    KeyDraw keys_;
    Rng rng_;
    History history_;
    std::vector<Worker> workers_;
    std::vector<std::unique_ptr<Recorder>> dead_;  // their clients point to them
    std::unique_ptr<Flusher> flusher_;
    std::uint64_t values_ = 0;
    std::size_t huge_bytes_ = 0;  // drawn so far
    std::size_t answered_ = 0;
    bool running_ = false;
};

}  // namespace grapevine::sim
