#include "resp/owed_replies.h"

#include "resp/merges.h"

namespace grapevine::resp {

void OwedReplies::weigh(Owed& owed) {
    const std::size_t before =
        std::exchange(owed.weight, sizeof(Owed) + owed.bytes.size() +
                                       (owed.task != nullptr ? owed.task->memory_bytes() : 0));
    bytes_ += owed.weight;
    bytes_ -= before;
}

void OwedReplies::weigh(std::uint64_t number) {
    weigh(at(number));
}

std::uint64_t OwedReplies::owe(const Form& form, std::unique_ptr<Task> task) {
    owed_.push_back({.form = form, .ready = false, .bytes = {}, .task = std::move(task)});
    weigh(owed_.back());
    return next() - 1;
}

void OwedReplies::append(std::string_view reply) {
    if (owed_.empty()) {
        output_ += reply;
    } else {
        owed_.push_back({.form = {}, .ready = true, .bytes = std::string(reply), .task = nullptr});
        weigh(owed_.back());
    }
}

void OwedReplies::append(const Form& form, std::string_view resp3) {
    if (resp3.starts_with('-')) ++counters_.errors;
    if (form.muted) return;
    if (owed_.empty()) return append_output(form.protocol, resp3);
    Reply made(form.protocol);
    append_reply(made, resp3);
    append(made.bytes());
}

void OwedReplies::answered(Parts& parts, const PartOf& part, std::string_view resp3, NodeId by) {
    Owed& owed = at(part.owed);
    if (owed.task == nullptr) {
        complete(owed, resp3);
    } else {
        owed.task->answered(parts, part.part, resp3, by);
        if (owed.task->is_done()) complete_task(owed);
    }
    weigh(owed);
    flush_ready();
}

void OwedReplies::complete(Owed& owed, std::string_view resp3) {
    if (resp3.starts_with('-')) ++counters_.errors;
    owed.ready = true;
    if (owed.form.muted) return;
    if (&owed == &owed_.front()) return append_output(owed.form.protocol, resp3);
    Reply made(owed.form.protocol);
    append_reply(made, resp3);
    owed.bytes = made.take();
}

void OwedReplies::complete_task(Owed& owed) {
    Reply made(owed.form.protocol);
    owed.task->write(made);
    owed.task.reset();
    owed.ready = true;
    if (made.bytes().starts_with('-')) ++counters_.errors;
    if (!owed.form.muted) owed.bytes = made.take();
}

void OwedReplies::append_output(Protocol protocol, std::string_view resp3) {
    if (is_written_so(protocol, resp3)) {
        output_ += resp3;
        return;
    }
    Reply made(protocol);
    append_reply(made, resp3);
    output_ += made.bytes();
}

void OwedReplies::flush_ready() {
    while (!owed_.empty() && owed_.front().ready) {
        if (output_.empty()) {
            output_ = std::move(owed_.front().bytes);
        } else {
            output_ += owed_.front().bytes;
        }
        bytes_ -= owed_.front().weight;
        owed_.pop_front();
        ++first_;
    }
}

}  // namespace grapevine::resp
