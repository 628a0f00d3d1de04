#include "history/register.h"

namespace grapevine {

namespace {

// The version that an answer gives for what the register holds: known from then on.
bool learn(Register& state, Version told) {
    if (told == Version{}) return true;
    if (state.exact ? told != state.version : told <= state.version) return false;
    state.version = told;
    state.exact = true;
    return true;
}

bool write(Register& state, std::uint32_t value, Version told) {
    if (told != Version{} && told <= state.version) return false;
    state.value = value;
    state.exact = told != Version{};
    if (state.exact) state.version = told;
    return true;
}

// True where the condition may have been true, and then `state` knows what that implies.
bool condition_holds(Register& state, const OperationRecord& record) {
    switch (record.condition) {
        case RecordCondition::none:
            return true;
        case RecordCondition::absent:
            return !state.present();
        case RecordCondition::version:
            return state.present() && learn(state, record.expected);
    }
    return false;
}

// Refused: the condition was false, and `record.version` was there.
bool refuse(Register& state, const OperationRecord& record) {
    if (record.condition == RecordCondition::none) return false;
    const bool was_present = record.version != Version{};
    if (was_present != state.present()) return false;
    if (record.condition == RecordCondition::absent)
        return was_present && learn(state, record.version);
    return !was_present || (record.version != record.expected && learn(state, record.version));
}

// An erase is told the version of the deletion or of what was deleted: only a later one is news.
bool erase(Register& state, const OperationRecord& record) {
    if (record.outcome == RecordOutcome::done && !state.present()) return false;
    const bool news = record.version > state.version;
    return write(state, 0, news ? record.version : Version{});
}

// A write whose answer does not depend on what it overwrites.
bool overwrites_unseen(const OperationRecord& record) {
    if (record.kind == RecordKind::get || record.condition != RecordCondition::none) return false;
    return record.kind == RecordKind::put || record.outcome == RecordOutcome::unknown;
}

}  // namespace

std::optional<Register> apply(Register state, const Step& step) {
    const OperationRecord& record = *step.record;
    const bool is_unknown = record.outcome == RecordOutcome::unknown;
    if (state.idle && overwrites_unseen(record)) return std::nullopt;
    state.idle = is_unknown && record.condition == RecordCondition::none;
    bool fits = true;
    if (record.outcome == RecordOutcome::refused) {
        fits = refuse(state, record);
    } else if (record.outcome == RecordOutcome::absent) {
        fits = !state.present();
    } else if (record.kind == RecordKind::get) {
        fits = state.value == step.value && learn(state, record.version);
    } else {
        fits = condition_holds(state, record) &&
               (record.kind == RecordKind::put ? write(state, step.value, step.told)
                                               : erase(state, record));
    }
    return fits ? std::optional(state) : std::nullopt;
}

}  // namespace grapevine
