#include "api/translate.h"

#include <utility>

#include "base/limits.h"

namespace grapevine {

static_assert(v1::key_size_max == key_size_max);
static_assert(v1::value_size_max == value_size_max);
static_assert(v1::deadline_max == deadline_max);

namespace {

OperationKind to_core(v1::Operation::Kind kind) {
    switch (kind) {
        case v1::Operation::Kind::get:
            return OperationKind::get;
        case v1::Operation::Kind::put:
            return OperationKind::put;
        case v1::Operation::Kind::erase:
            break;
    }
    return OperationKind::erase;
}

Condition to_core(v1::Operation::Condition condition) {
    switch (condition) {
        case v1::Operation::Condition::none:
            return Condition::none;
        case v1::Operation::Condition::absent:
            return Condition::absent;
        case v1::Operation::Condition::version:
            break;
    }
    return Condition::version;
}

v1::Code to_public(OutcomeKind kind) {
    switch (kind) {
        case OutcomeKind::ok:
            return v1::Code::ok;
        case OutcomeKind::not_found:
            return v1::Code::not_found;
        case OutcomeKind::condition_failed:
            return v1::Code::condition_failed;
        case OutcomeKind::invalid:
            return v1::Code::invalid;
        case OutcomeKind::unavailable:
            return v1::Code::unavailable;
        case OutcomeKind::unknown:
            return v1::Code::unknown;
        case OutcomeKind::overloaded:
            return v1::Code::overloaded;
        case OutcomeKind::ended:
            break;
    }
    return v1::Code::ended;
}

}  // namespace

Operation to_core(v1::Operation&& operation, Duration deadline) {
    Operation core;
    core.kind = to_core(operation.kind);
    core.condition = to_core(operation.condition);
    core.expected = {Epoch{operation.expected.epoch}, operation.expected.counter};
    core.key = std::move(operation.key);
    core.value = std::move(operation.value);
    core.deadline = operation.deadline.value_or(deadline);
    return core;
}

v1::Result to_public(Outcome&& outcome) {
    v1::Result result;
    result.code = outcome.full ? v1::Code::full : to_public(outcome.kind);
    result.value = std::move(outcome.value);
    result.version = {outcome.version.epoch.value, outcome.version.counter};
    result.server = std::move(outcome.server_name);
    result.message = std::move(outcome.detail);
    return result;
}

v1::Result refusal(v1::Code code, std::string message) {
    v1::Result result;
    result.code = code;
    result.message = std::move(message);
    return result;
}

}  // namespace grapevine
