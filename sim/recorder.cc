#include "sim/recorder.h"

#include <utility>

#include "base/assert.h"

namespace grapevine::sim {

namespace {

RecordKind kind_of(OperationKind kind) {
    switch (kind) {
        case OperationKind::get:
            return RecordKind::get;
        case OperationKind::put:
            return RecordKind::put;
        case OperationKind::erase:
            return RecordKind::erase;
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

Recorder::Recorder(const EventQueue& queue, ClientHost& client, History& history)
    : queue_(queue), client_(client), history_(history) {
    client_.on_completion([this](const Completion& completion) { complete(completion); });
    client_.on_death([this] { died(); });
}

void Recorder::submit(const Operation& operation, Then then) {
    OperationRecord record;
    record.client = client_.number();
    record.called = queue_.now();
    record.kind = kind_of(operation.kind);
    record.condition = condition_of(operation.condition);
    record.expected = operation.expected;
    record.key = operation.key;
    record.value = operation.value;
    history_.push_back(std::move(record));
    const std::size_t index = history_.size() - 1;
    open_.emplace(client_.submit(operation), Open{index, std::move(then)});
}

void Recorder::complete(const Completion& completion) {
    const auto found = open_.find(completion.id);
    ASSERT(found != open_.end(), "operation {} completed twice", completion.id);
    Open open = std::move(found->second);
    open_.erase(found);
    OperationRecord& record = history_[open.record];
    record.returned = queue_.now();
    record.outcome = outcome_of(completion.outcome.kind);
    record.version = completion.outcome.version;
    if (record.kind == RecordKind::get) record.value = completion.outcome.value;
    if (open.then) open.then(completion.outcome);
}

// The records say already what they are: called, and of unknown fate.
void Recorder::died() {
    Outcome lost;
    lost.kind = OutcomeKind::unknown;
    lost.detail = "the client died";
    for (auto& [id, open] : std::exchange(open_, {})) {
        if (open.then) open.then(lost);
    }
}

}  // namespace grapevine::sim
