#pragma once
// The load: client handles on one loop, each with a connection to every member, and what their
// operations took.
//
// Closed loop: each handle keeps `depth` operations in flight. Open loop: operations are due at a
// fixed rate, whether or not earlier ones were answered, and latency counts from when they were
// due, so a stall is charged to all that it delays (no coordinated omission). How late each was
// submitted is counted too: where that is much, the load generator is what is slow, or the machine.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "bench/histogram.h"
#include "bench/pacer.h"
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
    // Of all that were answered; at a fixed rate also of what failed, from when it was due until
    // that was known: a time-out is a slow operation. In a closed loop a failure asks the next one
    // early or late, and is only counted.
    Histogram latency_us;
    Histogram late_us;  // open loop: from when each was due until it was submitted
    Histogram get_us;   // the part of latency_us that is of gets
    Histogram put_us;   // and of the others
    std::uint64_t gets = 0;
    std::uint64_t puts = 0;  // and deletions; a read-modify-write is one put, from read to written
    std::uint64_t failed = 0;   // no gets and puts of the above
    std::string first_failure;  // in words

    [[nodiscard]] std::uint64_t answered() const { return gets + puts; }
    void add_latency(bool of_get, Duration took);
    void add(const Tally& other);
};

// Of each operation, when it is over. Of a read-modify-write: of its put, or of the get that
// failed.
struct Answer {
    std::uint64_t number = 0;  // of its key
    OperationKind kind = OperationKind::get;
    bool good = false;  // as it should be
    Time due;
    Time over;
    const Outcome& outcome;
};
using Answered = std::function<void(const Answer&)>;

class Generator {
public:
    // A get must find a value of `value_size` bytes. `answered` may be empty.
    Generator(Loop& loop, const LoadConfig& config, std::size_t value_size, Source source,
              Answered answered = {});
    Generator(const Generator&) = delete;
    Generator& operator=(const Generator&) = delete;

    void begin();
    // No new operations; those under way go on.
    void end() { ending_ = true; }
    // Ended, or the source has no more, and all were answered.
    [[nodiscard]] bool idle() const { return ending_ && in_flight_ == 0; }

    // Of all that were begun ever.
    [[nodiscard]] std::uint64_t completed() const { return submitted_ - in_flight_; }
    // What was completed since this was last called.
    Tally take_tally();

private:
    void submit_next(ClientHost& host);
    void submit_due();
    bool submit(ClientHost& host, Time due);
    void perform(ClientHost& host, Step step, Time due);
    void completed(Answer answer);

    Loop& loop_;
    LoadConfig config_;
    std::size_t value_size_;
    Source source_;
    Answered answered_;
    std::vector<std::unique_ptr<ClientHost>> hosts_;
    Tally tally_;
    std::size_t in_flight_ = 0;
    bool ending_ = false;
    // Open loop.
    Time begun_{};
    std::uint64_t submitted_ = 0;
    std::optional<Pacer> pacer_;
};

}  // namespace grapevine::bench
