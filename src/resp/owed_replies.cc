#include "resp/owed_replies.h"

#include "resp/merges.h"

namespace grapevine::resp {

void OwedReplies::weigh(Owed& owed) {
    const std::size_t before =
        std::exchange(owed.weight, sizeof(Owed) + owed.reply.size() +
                                       (owed.task != nullptr ? owed.task->memory_bytes() : 0));
    bytes_ += owed.weight;
    bytes_ -= before;
}

void OwedReplies::weigh(std::uint64_t number) {
    weigh(at(number));
}

std::uint64_t OwedReplies::owe(const Form& form, std::unique_ptr<Task> task) {
    owed_.push_back({.form = form, .ready = false, .reply = {}, .task = std::move(task)});
    weigh(owed_.back());
    return next() - 1;
}

void OwedReplies::append(std::string_view reply) {
    if (owed_.empty()) {
        output_.append(reply);
    } else {
        owed_.push_back({.form = {}, .ready = true, .reply = {}, .task = nullptr});
        owed_.back().reply.append(reply);
        weigh(owed_.back());
    }
}

void OwedReplies::append(const Form& form, std::string_view resp3) {
    if (resp3.starts_with('-')) ++counters_.errors;
    if (form.muted) return;
    if (owed_.empty()) return append_reply(output_, form.protocol, resp3);
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
    append_reply(&owed == &owed_.front() ? output_ : owed.reply, owed.form.protocol, resp3);
}

void OwedReplies::complete_task(Owed& owed) {
    Pieces reply = owed.task->take_reply(owed.form.protocol);
    owed.task.reset();
    owed.ready = true;
    if (reply.starts_with('-')) ++counters_.errors;
    if (!owed.form.muted) owed.reply = std::move(reply);
}

void OwedReplies::flush_ready() {
    while (!owed_.empty() && owed_.front().ready) {
        output_.append(std::move(owed_.front().reply));
        bytes_ -= owed_.front().weight;
        owed_.pop_front();
        ++first_;
    }
}

}  // namespace grapevine::resp
