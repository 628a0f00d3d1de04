#include "sim/recorder.h"

#include <utility>

#include "base/assert.h"
#include "history/of_client.h"
#include "sim/workload.h"

namespace grapevine::sim {

Recorder::Recorder(const EventQueue& queue, ClientHost& client, History& history)
    : queue_(queue), client_(client), history_(history) {
    client_.on_completion([this](const Completion& completion) { complete(completion); });
    client_.on_death([this] { died(); });
}

void Recorder::submit(const Operation& operation, Then then) {
    history_.push_back(open_record(operation, client_.number(), queue_.now()));
    open(client_.submit(operation), {history_.size() - 1, std::move(then)});
}

void Recorder::submit_as(const Operation& meaning, const Operation& program, Duration expires_after,
                         Then then) {
    OperationRecord record = open_record(meaning, client_.number(), queue_.now());
    record.expires_after = expires_after;
    history_.push_back(std::move(record));
    open(client_.submit(program), {history_.size() - 1, std::move(then), meaning.kind});
}

void Recorder::open(OperationId id, Open operation) {
    history_[operation.record].sequence = id;
    open_.emplace(id, std::move(operation));
}

void Recorder::submit_at(NodeHost& node, const Operation* meaning, const Operation& program,
                         Duration expires_after, Then then) {
    OperationRecord record =
        open_record(meaning != nullptr ? *meaning : program, client_.number(), queue_.now());
    record.expires_after = expires_after;
    history_.push_back(std::move(record));
    Open asked{history_.size() - 1, std::move(then)};
    if (meaning != nullptr) asked.meaning = meaning->kind;
    ++at_nodes_;
    node.execute(program, [this, program, asked](const std::optional<Outcome>& outcome) {
        --at_nodes_;
        if (outcome) return close(asked, *outcome);
        if (is_alive()) return open(client_.submit(program), asked);
        Outcome not_sent;
        not_sent.kind = OutcomeKind::unavailable;
        close(asked, not_sent);
    });
}

void Recorder::complete(const Completion& completion) {
    const auto found = open_.find(completion.id);
    ASSERT(found != open_.end(), "operation {} completed twice", completion.id);
    const Open open = std::move(found->second);
    open_.erase(found);
    close(open, completion.outcome);
}

void Recorder::close(const Open& open, const Outcome& told) {
    const Outcome outcome = open.meaning ? as_answer(*open.meaning, told) : told;
    close_record(history_[open.record], outcome, queue_.now());
    has_ended_ = has_ended_ || outcome.kind == OutcomeKind::ended;
    if (open.then) open.then(outcome);
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
