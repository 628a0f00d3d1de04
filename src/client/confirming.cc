// Long answers: that they came is said soon, so that nobody remembers them for longer than needed.

#include <algorithm>
#include <utility>

#include "client/client_state.h"

namespace grapevine {

namespace {

// Shorter ones are not worth a message: what is remembered of them has no bound that others meet
// (ReplicationConfig).
constexpr std::size_t long_answer_min = 16UZ * 1024;
// A client that goes on writing says it by the way.
constexpr Duration confirm_pause = 100ms;

// Of no key: counters of versions begin with 1 in every epoch.
constexpr Version no_version{Epoch{1}, 0};

}  // namespace

void Client::State::note_long_answer(Time now, Sequence sequence, const Pending& of,
                                     const Reply& reply) {
    const Operation& operation = of.operation;
    const bool has_key = operation.slot < 0;
    if (operation.kind != OperationKind::run || !has_key || !ring) return;
    if (reply.value.size() < long_answer_min) return;
    Unconfirmed& latest = unconfirmed[partition_of(of)];
    latest.sequence = std::max(latest.sequence, sequence);
    latest.key = operation.key;
    latest.due = now + confirm_pause;
    confirm_at = std::min(confirm_at, latest.due);
}

void Client::State::note_told(PartitionId partition, std::uint64_t floor) {
    const auto found = unconfirmed.find(partition);
    if (found != unconfirmed.end() && floor > found->second.sequence) unconfirmed.erase(found);
}

// An earlier write that has no answer yet holds the floor, and that is tried again.
void Client::State::confirm_answers(Time now) {
    std::vector<std::string> keys;
    confirm_at = never;
    for (auto at = unconfirmed.begin(); at != unconfirmed.end();) {
        Unconfirmed& latest = at->second;
        const bool can_be_told = writes.empty() || *writes.begin() > latest.sequence;
        if (latest.due <= now && can_be_told && pending.size() < config.operations_max) {
            keys.push_back(std::move(latest.key));
            at = unconfirmed.erase(at);
            continue;
        }
        if (latest.due <= now) latest.due = now + confirm_pause;
        confirm_at = std::min(confirm_at, latest.due);
        ++at;
    }
    for (std::string& key : keys) {
        Operation nothing{.kind = OperationKind::erase,
                          .condition = Condition::version,
                          .expected = no_version,
                          .key = std::move(key)};
        const Sequence sequence = ++last_sequence;
        made_up.insert(sequence);
        begin(now, sequence, std::move(nothing));
    }
}

}  // namespace grapevine
