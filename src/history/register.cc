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

// False: the order would be as good with a program of unknown fate later, or not at all.
bool see(Register& state, const Step& step) {
    const bool is_unknown = step.record->outcome == RecordOutcome::unknown;
    std::uint32_t unseen = 0;
    for (std::uint32_t keys = 1; keys < (1U << key_bits); ++keys) {
        if ((state.unseen >> keys & 1) == 0) continue;
        const bool is_touched = (keys & step.keys) != 0;
        if (!is_unknown && !is_touched) return false;
        if (is_unknown && step.is_blind && (keys & ~step.keys) == 0) return false;
        if (!is_touched) unseen |= 1U << keys;
    }
    state.unseen = is_unknown ? unseen | 1U << step.keys : 0;
    return true;
}

// Programs are told the version with which they were ordered, queries the last one that they saw.
bool execute(Register& state, const Step& step, GroupStates& groups) {
    const OperationRecord& record = *step.record;
    if (!see(state, step)) return false;
    const GroupStates::Result& result = groups.execute(state.value, step.value, record.program);
    state.value = result.state;
    if (record.outcome == RecordOutcome::unknown) return true;
    if (result.reply != record.value) return false;
    if (record.version == Version{}) return true;
    const bool is_later = record.kind == RecordKind::query ? record.version >= state.version
                                                           : record.version > state.version;
    state.version = record.version;
    return is_later;
}

// A write whose answer does not depend on what it overwrites.
bool overwrites_unseen(const OperationRecord& record) {
    if (record.kind == RecordKind::get || is_program(record.kind) ||
        record.condition != RecordCondition::none)
        return false;
    return record.kind == RecordKind::put || record.outcome == RecordOutcome::unknown;
}

}  // namespace

const GroupStates::Result& GroupStates::execute(std::uint32_t state, std::uint32_t program,
                                                const std::string& bytes) {
    const auto known = results_.find({state, program});
    if (known != results_.end()) return known->second;
    ModelContents contents = states_[state];
    Result result;
    result.reply = execute_on_model(contents, bytes);
    result.state = number_of(contents);
    return results_.emplace(std::pair(state, program), std::move(result)).first->second;
}

std::uint32_t GroupStates::number_of(const ModelContents& contents) {
    const auto next = static_cast<std::uint32_t>(states_.size());
    const auto [found, is_new] = numbers_.try_emplace(contents, next);
    if (is_new) states_.push_back(contents);
    return found->second;
}

std::optional<Register> apply(Register state, const Step& step, GroupStates& groups) {
    const OperationRecord& record = *step.record;
    if (is_program(record.kind)) {
        return execute(state, step, groups) ? std::optional(state) : std::nullopt;
    }
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
