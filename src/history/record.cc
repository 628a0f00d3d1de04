#include "history/record.h"

#include <fmt/format.h>

#include <string_view>

#include "history/program_model.h"

namespace grapevine {

namespace {

std::string_view name_of(RecordKind kind) {
    switch (kind) {
        case RecordKind::get:
            return "get";
        case RecordKind::put:
            return "put";
        case RecordKind::erase:
            return "delete";
        case RecordKind::run:
            return "run";
        case RecordKind::query:
            return "query";
    }
    return "?";
}

std::string_view name_of(RecordOutcome outcome) {
    switch (outcome) {
        case RecordOutcome::done:
            return "done";
        case RecordOutcome::absent:
            return "not found";
        case RecordOutcome::refused:
            return "condition false";
        case RecordOutcome::no_effect:
            return "no effect";
        case RecordOutcome::unknown:
            return "unknown";
    }
    return "?";
}

std::string seconds(Time time) {
    if (time == never) return "open";
    return fmt::format("{}.{:06} s", to_us(time) / 1'000'000, to_us(time) % 1'000'000);
}

std::string condition_of(const OperationRecord& record) {
    switch (record.condition) {
        case RecordCondition::none:
            return "";
        case RecordCondition::absent:
            return " if absent";
        case RecordCondition::version:
            return fmt::format(" if version {}", record.expected);
    }
    return "";
}

}  // namespace

std::string to_string(const OperationRecord& record) {
    if (is_program(record.kind)) {
        const std::string answer =
            record.value.empty() ? "" : fmt::format(" = {}", reply_text(record.value));
        return fmt::format("{} [{}]{} ({}) by client {}, {} to {}: {}", name_of(record.kind),
                           program_text(record.program), answer, record.version, record.client,
                           seconds(record.called), seconds(record.returned),
                           name_of(record.outcome));
    }
    const bool shows_value =
        record.kind == RecordKind::put ||
        (record.kind == RecordKind::get && record.outcome == RecordOutcome::done);
    return fmt::format("{} {}{}{} ({}) by client {}, {} to {}: {}", name_of(record.kind),
                       record.key, shows_value ? "=" + record.value : "", condition_of(record),
                       record.version, record.client, seconds(record.called),
                       seconds(record.returned), name_of(record.outcome));
}

}  // namespace grapevine
