#include "runtime/script.h"

#include <utility>

namespace grapevine {

namespace {

constexpr std::size_t lines_max = 1024;
constexpr std::size_t bytes_max = 64UZ * 1024 * 1024;

std::size_t size_of(const TraceLine& trace) {
    return trace.operation.key.size() + trace.operation.value.size();
}

}  // namespace

Script::Script(ClientHost& client, Duration deadline, Report report)
    : client_(client), deadline_(deadline), report_(std::move(report)) {}

bool Script::wants_more() const {
    return lines_.size() < lines_max && bytes_ < bytes_max;
}

void Script::add(std::string_view text) {
    ++line_number_;
    auto parsed = parse_trace_line(text);
    if (parsed && !*parsed) return;
    Slot slot;
    slot.line.number = line_number_;
    if (parsed) {
        slot.line.trace = std::move(**parsed);
        slot.line.trace->operation.deadline = deadline_;
        bytes_ += size_of(*slot.line.trace);
    } else {
        slot.line.error = parsed.error().message;
        slot.done = true;
    }
    lines_.push_back(std::move(slot));
    submit_waiting();
    report_done();
}

void Script::submit_waiting() {
    for (; next_ < first_ + lines_.size(); ++next_) {
        Slot& slot = lines_[next_ - first_];
        if (slot.done) continue;
        const Operation& operation = slot.line.trace->operation;
        if (!take_key(operation)) return;
        client_.submit(operation, [this, index = next_](const Outcome& outcome) {
            completed(index, outcome);
        });
    }
}

bool Script::take_key(const Operation& operation) {
    Users& users = users_[operation.key];
    const bool reads = operation.kind == OperationKind::get;
    if (users.writer || (!reads && users.readers > 0)) return false;
    if (reads) {
        ++users.readers;
    } else {
        users.writer = true;
    }
    return true;
}

void Script::give_key_back(const Operation& operation) {
    const auto found = users_.find(operation.key);
    if (operation.kind == OperationKind::get && --found->second.readers > 0) return;
    users_.erase(found);
}

void Script::completed(std::uint64_t index, const Outcome& outcome) {
    Slot& slot = lines_[index - first_];
    slot.line.outcome = outcome;
    slot.done = true;
    give_key_back(slot.line.trace->operation);
    report_done();
    submit_waiting();
}

void Script::report_done() {
    while (!lines_.empty() && lines_.front().done) {
        const Slot slot = std::move(lines_.front());
        lines_.pop_front();
        ++first_;
        if (next_ < first_) next_ = first_;
        if (slot.line.trace) bytes_ -= size_of(*slot.line.trace);
        report_(slot.line);
    }
}

}  // namespace grapevine
