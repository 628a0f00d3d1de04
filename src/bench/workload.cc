#include "bench/workload.h"

#include <fmt/format.h>

namespace grapevine::bench {

namespace {

Operation operation_on(const Workload& workload, std::uint64_t number, OperationKind kind) {
    Operation operation;
    operation.kind = kind;
    operation.key = key_number(workload, number);
    operation.deadline = workload.deadline;
    return operation;
}

}  // namespace

std::string value_of(const Workload& workload) {
    Rng rng(1);
    std::string value;
    while (value.size() < workload.value_size) value += static_cast<char>(rng.below(256));
    return value;
}

std::string key_number(const Workload& workload, std::uint64_t number) {
    return fmt::format("{}{}", workload.prefix, number);
}

std::size_t record_size(const Workload& workload, std::uint64_t number) {
    return key_number(workload, number).size() + workload.value_size;
}

Source every_key(const Workload& workload, OperationKind kind) {
    return [workload, kind, value = value_of(workload),
            next = std::uint64_t{0}]() mutable -> std::optional<Operation> {
        if (next == workload.keys) return std::nullopt;
        Operation operation = operation_on(workload, next++, kind);
        if (kind == OperationKind::put) operation.value = value;
        return operation;
    };
}

Source mixed(const Workload& workload, std::uint64_t seed, std::uint64_t count) {
    return [workload, value = value_of(workload), rng = Rng(seed), bounded = count > 0,
            left = count]() mutable -> std::optional<Operation> {
        if (bounded) {
            if (left == 0) return std::nullopt;
            --left;
        }
        const bool get = rng.chance(workload.gets_percent, 100);
        Operation operation = operation_on(workload, rng.below(workload.keys),
                                           get ? OperationKind::get : OperationKind::put);
        if (!get) operation.value = value;
        return operation;
    };
}

}  // namespace grapevine::bench
