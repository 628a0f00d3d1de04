#include "sim/history_lines.h"

#include <algorithm>
#include <iterator>
#include <map>
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

// Of a partition that was given up at these epochs, what belongs to its life after so many of them.
// What was answered in an earlier one is gone with it. Of a write that was answered in a later one,
// a first attempt may have taken effect in this.
bool belongs(Epoch answered, const std::vector<Epoch>& restarts, std::size_t life,
             OperationRecord& record) {
    if (answered == Epoch{}) return true;
    if (life > 0 && answered < restarts[life - 1]) return false;
    if (life == restarts.size() || answered < restarts[life]) return true;
    if (is_read(record)) return false;
    make_unknown(record);
    return true;
}

// A partition has a life, and a history, between two restarts. The first ones are checked together
// with what was never given up, then the second ones, and so on.
HistoryVerdict check_lives(const World& world, const History& line, ClusterId cluster) {
    std::map<PartitionId, std::vector<Epoch>> restarts;
    std::size_t most = 0;
    for (const Restart& restart : world.checks().restarts(cluster)) {
        std::vector<Epoch>& epochs = restarts[restart.partition];
        epochs.push_back(restart.epoch);
        most = std::max(most, epochs.size());
    }
    if (most == 0) return check_linearizable(line);
    HistoryVerdict verdict;
    for (std::size_t life = 0; life <= most; ++life) {
        History part;
        for (const OperationRecord& record : line) {
            const std::vector<Epoch>& epochs =
                restarts[partition_of_key(record.key, world.config().partitions)];
            const ClientId client = world.client(record.client).id();
            const Epoch answered = world.answered_since(client, record.sequence);
            part.push_back(record);
            const bool is_over = life > epochs.size();
            if (is_over || !belongs(answered, epochs, life, part.back())) part.pop_back();
        }
        verdict = check_linearizable(part);
        if (verdict.verdict != Verdict::linearizable) break;
    }
    return verdict;
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
    if (foundings.empty()) {
        const RingPtr& ring = world.checks().newest();
        return check_lives(world, all, ring == nullptr ? ClusterId{} : ring->cluster);
    }
    const auto check = [&](ClusterId cluster) {
        return check_lives(world, line_of(world, all, cluster), cluster);
    };
    HistoryVerdict verdict = check(foundings.front().parent);
    for (const Founded& founded : foundings) {
        if (verdict.verdict != Verdict::linearizable) break;
        verdict = check(founded.cluster);
    }
    return verdict;
}

}  // namespace grapevine::sim
