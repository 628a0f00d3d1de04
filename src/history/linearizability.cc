#include "history/linearizability.h"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "history/key_search.h"
#include "history/shortcuts.h"

namespace grapevine {

namespace {

using Records = std::vector<const OperationRecord*>;

// True where the answer depends on whether, or in which version, the key is there.
bool depends_on_presence(const OperationRecord& record) {
    return record.kind == RecordKind::erase || record.condition != RecordCondition::none;
}

// Leaves out what cannot matter, because the search is exponential in open-ended operations:
// operations without effect, reads without answer, and unknown puts whose value nobody read and
// after whose call no answer depends on the key being there. (If such a put took effect, nothing
// observed it before the next write: the order stays right without it.)
Records relevant(const Records& records) {
    std::unordered_set<std::string> read;
    Time presence_mattered{};
    for (const OperationRecord* record : records) {
        const bool is_unknown = record->outcome == RecordOutcome::unknown;
        if (is_unknown && record->condition != RecordCondition::none) presence_mattered = never;
        if (is_unknown || record->outcome == RecordOutcome::no_effect) continue;
        if (record->kind == RecordKind::get) read.insert(record->value);
        if (depends_on_presence(*record)) {
            presence_mattered = std::max(presence_mattered, record->returned);
        }
    }
    Records kept;
    for (const OperationRecord* record : records) {
        if (record->outcome == RecordOutcome::no_effect) continue;
        if (record->outcome == RecordOutcome::unknown) {
            const bool reads = record->kind == RecordKind::get || record->kind == RecordKind::query;
            if (reads) continue;
            if (record->kind == RecordKind::put && !read.contains(record->value) &&
                record->called > presence_mattered) {
                continue;
            }
        }
        kept.push_back(record);
    }
    return kept;
}

// A key that may expire is one that somebody may delete, later: what was written then and nothing
// else, where its version is known.
std::vector<OperationRecord> expiries(const Records& records) {
    std::vector<OperationRecord> expiries;
    for (const OperationRecord* record : records) {
        if (record->expires_after == Duration{} || record->outcome == RecordOutcome::no_effect ||
            record->outcome == RecordOutcome::refused) {
            continue;
        }
        OperationRecord expiry;
        expiry.called = record->called + record->expires_after;
        expiry.kind = RecordKind::erase;
        expiry.key = record->key;
        if (record->version != Version{}) {
            expiry.condition = RecordCondition::version;
            expiry.expected = record->version;
        }
        expiries.push_back(std::move(expiry));
    }
    return expiries;
}

HistoryVerdict check_key(const Records& records, const CheckBudget& budget) {
    std::string defect = broken_in_any_order(records);
    if (!defect.empty()) return {Verdict::violated, {}, std::move(defect), 0};
    const std::vector<OperationRecord> expired = expiries(records);
    Records all = records;
    for (const OperationRecord& expiry : expired) all.push_back(&expiry);
    return search_order(relevant(all), budget);
}

}  // namespace

HistoryVerdict check_linearizable(const History& history, const CheckBudget& budget) {
    std::map<std::string, Records> keys;
    for (const OperationRecord& record : history) keys[record.key].push_back(&record);
    HistoryVerdict result;
    for (const auto& [key, records] : keys) {
        HistoryVerdict one = check_key(records, budget);
        one.steps += result.steps;
        one.key = one.verdict == Verdict::linearizable ? "" : key;
        if (one.verdict == Verdict::violated) return one;
        const bool keep = result.verdict == Verdict::undecided;
        const std::uint64_t steps = one.steps;
        if (!keep) result = std::move(one);
        result.steps = steps;
    }
    return result;
}

}  // namespace grapevine
