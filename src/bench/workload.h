#pragma once
// Which operations a load consists of. Values are bytes that do not compress.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/rng.h"
#include "client/client.h"

namespace grapevine::bench {

// PREFIX0 ... PREFIX(N-1), or the prefix and sixteen hexadecimal digits that are drawn by the
// number, the same in every run.
enum class KeyNames : std::uint8_t { numbered, random };

struct Workload {
    std::uint64_t keys = 100'000;
    std::size_t value_size = 1000;  // bytes
    unsigned gets_percent = 50;     // the rest are puts
    KeyNames names = KeyNames::numbered;
    std::string prefix = "bench";
    Duration deadline = 30s;  // of each operation: what is not answered by then has failed
};

std::string key_number(const Workload& workload, std::uint64_t number);
// What one key and its value take.
std::size_t record_size(const Workload& workload, std::uint64_t number);

// What a load does next: an operation, on the key of which number.
struct Step : Operation {
    std::uint64_t number = 0;
    bool then_put = false;  // a get whose key is then put with `value`: read, modify, write
};
Step step_on(const Workload& workload, std::uint64_t number, OperationKind kind);
// What every put of it writes.
std::string value_of(const Workload& workload);

// The next step; nothing: there are no more.
using Source = std::function<std::optional<Step>()>;

// Every key once, in order.
Source every_key(const Workload& workload, OperationKind kind);
// Uniformly drawn keys, gets and puts mixed; `count` in all, 0: without end.
Source mixed(const Workload& workload, std::uint64_t seed, std::uint64_t count = 0);

}  // namespace grapevine::bench
