#include "sim/history_lines.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/hash.h"

namespace grapevine::sim {

namespace {

// Zero: it never had a ring, so nothing of what it asked was executed.
ClusterId cluster_of(const World& world, const OperationRecord& record) {
    const RingPtr& ring = world.client(record.client).client().ring();
    return ring == nullptr ? ClusterId{} : ring->cluster;
}

bool is_read(const OperationRecord& record) {
    return record.kind == RecordKind::get || record.kind == RecordKind::query;
}

// Where a founding keeps only that it may have been.
void make_unknown(OperationRecord& record) {
    record.returned = never;
    record.outcome = RecordOutcome::unknown;
    record.version = {};
    if (is_program(record.kind)) record.value.clear();
}

// What of the parent's line goes on in the new cluster.
History kept(const World& world, const History& line, const Founded& founded) {
    const auto partitions = static_cast<std::uint32_t>(founded.restarted.size());
    History result;
    for (const OperationRecord& record : line) {
        if (founded.restarted[partition_of_key(record.key, partitions).value]) continue;
        result.push_back(record);
        const ClientId client = world.client(record.client).id();
        if (world.answered_since(client, record.sequence) <= founded.from) continue;
        if (is_read(record)) {
            result.pop_back();
        } else {
            make_unknown(result.back());
        }
    }
    return result;
}

const Founded* founding_of(const World& world, ClusterId cluster) {
    const auto& foundings = world.checks().foundings();
    const auto found = std::ranges::find(foundings, cluster, &Founded::cluster);
    return found == foundings.end() ? nullptr : &*found;
}

}  // namespace

History line_of(const World& world, const History& all, ClusterId cluster) {
    const Founded* founded = founding_of(world, cluster);
    History line;
    if (founded != nullptr) line = kept(world, line_of(world, all, founded->parent), *founded);
    std::ranges::copy_if(all, std::back_inserter(line), [&](const OperationRecord& record) {
        return cluster_of(world, record) == cluster;
    });
    return line;
}

HistoryVerdict check_lines(const World& world, const History& all) {
    const auto& foundings = world.checks().foundings();
    if (foundings.empty()) return check_linearizable(all);
    HistoryVerdict verdict = check_linearizable(line_of(world, all, foundings.front().parent));
    for (const Founded& founded : foundings) {
        if (verdict.verdict != Verdict::linearizable) break;
        verdict = check_linearizable(line_of(world, all, founded.cluster));
    }
    return verdict;
}

}  // namespace grapevine::sim
