#include "bench/workload.h"

#include <fmt/format.h>

namespace grapevine::bench {

std::string key_number(const Workload& workload, std::uint64_t number) {
    if (workload.names == KeyNames::numbered) return fmt::format("{}{}", workload.prefix, number);
    return fmt::format("{}{:016x}", workload.prefix, Rng(number).next());
}

std::size_t record_size(const Workload& workload, std::uint64_t number) {
    return key_number(workload, number).size() + workload.value_size;
}

std::string value_of(const Workload& workload) {
    Rng rng(1);
    std::string value;
    while (value.size() < workload.value_size) value += static_cast<char>(rng.below(256));
    return value;
}

Step step_on(const Workload& workload, std::uint64_t number, OperationKind kind) {
    Step step;
    step.kind = kind;
    step.key = key_number(workload, number);
    step.deadline = workload.deadline;
    step.number = number;
    return step;
}

Source every_key(const Workload& workload, OperationKind kind) {
    return [workload, kind, value = value_of(workload),
            next = std::uint64_t{0}]() mutable -> std::optional<Step> {
        if (next == workload.keys) return std::nullopt;
        Step step = step_on(workload, next++, kind);
        if (kind == OperationKind::put) step.value = value;
        return step;
    };
}

Source mixed(const Workload& workload, std::uint64_t seed, std::uint64_t count) {
    return [workload, value = value_of(workload), rng = Rng(seed), bounded = count > 0,
            left = count]() mutable -> std::optional<Step> {
        if (bounded) {
            if (left == 0) return std::nullopt;
            --left;
        }
        const bool get = rng.chance(workload.gets_percent, 100);
        Step step = step_on(workload, rng.below(workload.keys),
                            get ? OperationKind::get : OperationKind::put);
        if (!get) step.value = value;
        return step;
    };
}

}  // namespace grapevine::bench
