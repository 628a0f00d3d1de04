#pragma once
// Short words for histories in tests: put("a", {1, 2}) is called at 1 s and returned at 2 s.

#include <cstdint>
#include <string>
#include <utility>

#include "history/record.h"

namespace grapevine::testing {

struct Span {
    Time called;
    Time returned;
    Span(std::int64_t from_s, std::int64_t to_s)
        : called(Time{} + std::chrono::seconds(from_s)),
          returned(Time{} + std::chrono::seconds(to_s)) {}
    Span(std::int64_t from_s, Time to)
        : called(Time{} + std::chrono::seconds(from_s)), returned(to) {}
};

struct Op : OperationRecord {
    Op unknown() const { return with(RecordOutcome::unknown); }
    Op no_effect() const { return with(RecordOutcome::no_effect); }
    Op with_version(std::uint64_t counter) const {
        Op op = *this;
        op.version = {Epoch{1}, counter};
        return op;
    }
    // 0: there was nothing.
    Op refused(std::uint64_t counter) const {
        Op op = counter != 0 ? with_version(counter) : *this;
        op.outcome = RecordOutcome::refused;
        return op;
    }
    Op if_absent() const {
        Op op = *this;
        op.condition = RecordCondition::absent;
        return op;
    }
    Op if_version(std::uint64_t counter) const {
        Op op = *this;
        op.condition = RecordCondition::version;
        op.expected = {Epoch{1}, counter};
        return op;
    }

private:
    Op with(RecordOutcome how) const {
        Op op = *this;
        op.outcome = how;
        return op;
    }
};

inline Op operation(RecordKind kind, std::string value, Span span, RecordOutcome outcome) {
    Op op;
    op.kind = kind;
    op.key = "k";
    op.value = std::move(value);
    op.called = span.called;
    op.returned = span.returned;
    op.outcome = outcome;
    return op;
}

inline Op put(std::string value, Span span) {
    return operation(RecordKind::put, std::move(value), span, RecordOutcome::done);
}
inline Op get(std::string value, Span span) {
    return operation(RecordKind::get, std::move(value), span, RecordOutcome::done);
}
inline Op get_absent(Span span) {
    return operation(RecordKind::get, "", span, RecordOutcome::absent);
}
inline Op erase(Span span) {
    return operation(RecordKind::erase, "", span, RecordOutcome::done);
}
inline Op erase_absent(Span span) {
    return operation(RecordKind::erase, "", span, RecordOutcome::absent);
}

}  // namespace grapevine::testing
