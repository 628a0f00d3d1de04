#include "history/of_client.h"

namespace grapevine {

namespace {

RecordKind kind_of(OperationKind kind) {
    switch (kind) {
        case OperationKind::get:
            return RecordKind::get;
        case OperationKind::put:
            return RecordKind::put;
        case OperationKind::erase:
            return RecordKind::erase;
        case OperationKind::run:
            return RecordKind::run;
        case OperationKind::query:
            return RecordKind::query;
    }
    return RecordKind::get;
}

RecordCondition condition_of(Condition condition) {
    switch (condition) {
        case Condition::none:
            return RecordCondition::none;
        case Condition::absent:
            return RecordCondition::absent;
        case Condition::version:
            return RecordCondition::version;
    }
    return RecordCondition::none;
}

RecordOutcome outcome_of(OutcomeKind kind) {
    switch (kind) {
        case OutcomeKind::ok:
            return RecordOutcome::done;
        case OutcomeKind::not_found:
            return RecordOutcome::absent;
        case OutcomeKind::condition_failed:
            return RecordOutcome::refused;
        case OutcomeKind::invalid:
        case OutcomeKind::unavailable:
        case OutcomeKind::overloaded:
        case OutcomeKind::ended:
            return RecordOutcome::no_effect;
        case OutcomeKind::unknown:
            return RecordOutcome::unknown;
    }
    return RecordOutcome::unknown;
}

}  // namespace

OperationRecord open_record(const Operation& operation, std::uint64_t client, Time called) {
    OperationRecord record;
    record.client = client;
    record.called = called;
    record.kind = kind_of(operation.kind);
    record.condition = condition_of(operation.condition);
    record.expected = operation.expected;
    record.key = operation.key;
    (is_program(operation.kind) ? record.program : record.value) = operation.value;
    if (!is_program(operation.kind)) return record;
    // All keys with one hash tag are one thing.
    const std::size_t end = operation.key.find('}');
    if (operation.key.starts_with('{') && end != std::string::npos) record.key.resize(end + 1);
    return record;
}

void close_record(OperationRecord& record, const Outcome& outcome, Time returned) {
    record.returned = returned;
    record.outcome = outcome_of(outcome.kind);
    record.version = outcome.version;
    const bool reads = record.kind == RecordKind::get || is_program(record.kind);
    if (reads) record.value = outcome.value;
}

}  // namespace grapevine
