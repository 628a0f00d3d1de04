#pragma once
// Which operations a load consists of. Keys are PREFIX0 ... PREFIX(N-1); values are bytes that do
// not compress.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/rng.h"
#include "client/client.h"

namespace grapevine::bench {

struct Workload {
    std::uint64_t keys = 100'000;
    std::size_t value_size = 1000;  // bytes
    unsigned gets_percent = 50;     // the rest are puts
    std::string prefix = "bench";
    Duration deadline = 30s;  // of each operation: what is not answered by then has failed
};

std::string key_number(const Workload& workload, std::uint64_t number);
// What one key and its value take.
std::size_t record_size(const Workload& workload, std::uint64_t number);

// What every put of it writes.
std::string value_of(const Workload& workload);

// The next operation; nothing: there are no more.
using Source = std::function<std::optional<Operation>()>;

// Every key once, in order.
Source every_key(const Workload& workload, OperationKind kind);
// Uniformly drawn keys, gets and puts mixed; `count` in all, 0: without end.
Source mixed(const Workload& workload, std::uint64_t seed, std::uint64_t count = 0);

}  // namespace grapevine::bench
