#include "history/shortcuts.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace grapevine {

namespace {

using Records = std::vector<const OperationRecord*>;

bool is_done(const OperationRecord& record, RecordKind kind) {
    return record.kind == kind && record.outcome == RecordOutcome::done;
}

// The operation that wrote a value, and what is known of its version.
struct Written {
    const OperationRecord* by = nullptr;
    bool by_several = false;                  // then no version is known
    const OperationRecord* teller = nullptr;  // who was told the version; null: nobody
};

using Values = std::unordered_map<std::string_view, Written>;

Values values_written(const Records& records) {
    Values values;
    for (const OperationRecord* record : records) {
        if (record->kind != RecordKind::put) continue;
        if (record->outcome == RecordOutcome::no_effect ||
            record->outcome == RecordOutcome::refused) {
            continue;
        }
        Written& written = values[record->value];
        written.by_several = written.by != nullptr;
        written.by = record;
        if (is_done(*record, RecordKind::put) && record->version != Version{}) {
            written.teller = record;
        }
    }
    return values;
}

std::string read_that_does_not_fit(const Records& records, Values& values) {
    for (const OperationRecord* record : records) {
        if (!is_done(*record, RecordKind::get)) continue;
        const auto found = values.find(record->value);
        if (found == values.end()) {
            return fmt::format("nobody wrote what was read: {}", to_string(*record));
        }
        Written& written = found->second;
        if (written.by_several || record->version == Version{}) continue;
        if (written.teller == nullptr) written.teller = record;
        if (written.teller->version == record->version) continue;
        return fmt::format("one value with two versions: {}; and: {}", to_string(*record),
                           to_string(*written.teller));
    }
    return {};
}

struct Versioned {
    const OperationRecord* record;
    Version version;
};

// Operations that say which version was there when they took effect, or write one.
std::vector<Versioned> with_versions(const Records& records, const Values& values) {
    std::vector<Versioned> result;
    for (const OperationRecord* record : records) {
        const bool says =
            record->outcome == RecordOutcome::done || record->outcome == RecordOutcome::refused;
        if (!says) continue;
        Version version = record->version;
        if (version == Version{} && record->kind == RecordKind::get) {
            const Written& written = values.at(record->value);
            if (!written.by_several && written.teller != nullptr) version = written.teller->version;
        }
        if (version != Version{}) result.push_back({record, version});
    }
    return result;
}

std::string version_that_goes_back(std::vector<Versioned> called) {
    std::vector<Versioned> returned = called;
    std::ranges::sort(called, {}, [](const Versioned& each) { return each.record->called; });
    std::ranges::sort(returned, {}, [](const Versioned& each) { return each.record->returned; });
    const Versioned* highest = nullptr;  // of those that returned before
    auto before = returned.begin();
    for (const Versioned& each : called) {
        for (; before != returned.end() && before->record->returned < each.record->called;
             ++before) {
            if (highest == nullptr || before->version > highest->version) highest = &*before;
        }
        if (highest == nullptr || each.version > highest->version) continue;
        const bool is_write =
            is_done(*each.record, RecordKind::put) || is_done(*each.record, RecordKind::run);
        if (each.version == highest->version && !is_write) continue;
        return fmt::format("a version goes backwards: {}; after: {}", to_string(*each.record),
                           to_string(*highest->record));
    }
    return {};
}

}  // namespace

std::string broken_in_any_order(const std::vector<const OperationRecord*>& records) {
    Values values = values_written(records);
    std::string defect = read_that_does_not_fit(records, values);
    if (!defect.empty()) return defect;
    return version_that_goes_back(with_versions(records, values));
}

}  // namespace grapevine
