#pragma once
// The load: client handles on one loop, each with a connection to every member, and what their
// operations took.
//
// Closed loop: each handle keeps `depth` operations in flight. Open loop: operations are due at a
// fixed rate, whether or not earlier ones were answered, and latency counts from when they were
// due, so a stall is charged to all that it delays (no coordinated omission). The loop's timers
// are a millisecond coarse, so what is due within one is submitted together and counts from there.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "bench/histogram.h"
#include "bench/workload.h"
#include "runtime/client_host.h"
#include "runtime/loop.h"

namespace grapevine::bench {

struct LoadConfig {
    std::vector<Address> seeds;
    std::size_t clients = 10;
    std::size_t depth = 16;  // in flight of each client, closed loop
    std::uint64_t rate = 0;  // operations a second of all clients; 0: closed loop
};

struct Tally {
    Histogram latency_us;  // of all that were answered
    std::uint64_t gets = 0;
    std::uint64_t puts = 0;  // and deletions
    std::uint64_t failed = 0;
    std::string first_failure;  // in words

    [[nodiscard]] std::uint64_t answered() const { return gets + puts; }
    void add(const Tally& other);
};

class Generator {
public:
    // A get must find a value of `value_size` bytes.
    Generator(Loop& loop, const LoadConfig& config, std::size_t value_size, Source source);
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;

    void begin();
    // No new operations; those under way go on.
    void end() { ending_ = true; }
    // Ended, or the source has no more, and all were answered.
    [[nodiscard]] bool idle() const { return ending_ && in_flight_ == 0; }

    // What was completed since this was last called.
    Tally take_tally();

private:
    void submit_next(ClientHost& host);
    void submit_due();
    bool submit(ClientHost& host, Time due);
    void completed(OperationKind kind, Time due, const Outcome& outcome);

    Loop& loop_;
    LoadConfig config_;
    std::size_t value_size_;
    Source source_;
    std::vector<std::unique_ptr<ClientHost>> hosts_;
    Tally tally_;
    std::size_t in_flight_ = 0;
    bool ending_ = false;
    // Open loop.
    Time begun_{};
    std::uint64_t submitted_ = 0;
    std::optional<Alarm> alarm_;
};

}  // namespace grapevine::bench
