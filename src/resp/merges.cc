#include "resp/merges.h"

#include <algorithm>
#include <utility>

#include "resp/program_writer.h"

namespace grapevine::resp {

namespace {

constexpr std::string_view garbled = "ERR a node answered what is no reply";
constexpr std::string_view too_large_together = "-ERR the replies are too large together\r\n";

std::vector<std::string_view> views_of(const std::vector<std::string>& strings) {
    return {strings.begin(), strings.end()};
}

}  // namespace

bool is_written_so(Protocol protocol, std::string_view resp3) {
    constexpr std::string_view alike = "+-:$";
    return protocol == Protocol::resp3 ||
           (!resp3.empty() && alike.find(resp3.front()) != alike.npos);
}

void append_reply(Reply& reply, std::string_view resp3) {
    if (is_written_so(reply.protocol(), resp3)) return reply.raw(resp3);
    std::string resp2;
    if (command::append_resp2(resp2, resp3)) {
        reply.raw(resp2);
    } else {
        reply.error(garbled);
    }
}

void append_reply(Pieces& pieces, Protocol protocol, std::string_view resp3) {
    if (is_written_so(protocol, resp3)) return pieces.append(resp3);
    Reply made(protocol);
    append_reply(made, resp3);
    pieces.append_moved(made.take());
}

MergeTask::MergeTask(Merging merging, bool writes, std::vector<Share> shares)
    : merging_(merging), writes_(writes), shares_(std::move(shares)), left_(shares_.size()) {
    for (const Share& share : shares_) {
        places_ += share.places.size();
        argument_bytes_ += share.args.size() * sizeof(std::string);
        for (const std::string& arg : share.args) argument_bytes_ += arg.size();
    }
    if (merging_ == Merging::scatter) elements_.resize(places_, "_\r\n");
}

MergeTask::MergeTask(Merging merging, bool writes, std::vector<PartitionId> partitions, Args args)
    : merging_(merging),
      writes_(writes),
      partitions_(std::move(partitions)),
      left_(partitions_.size()) {
    ProgramWriter writer;
    writer.add(args);
    program_ = std::make_shared<const std::string>(writer.finish());
}

void MergeTask::begin(Parts& parts) {
    for (std::size_t part = 0; part < partitions_.size(); ++part) {
        parts.add_program(part, partitions_[part], writes_, program_);
    }
    program_.reset();
    partitions_ = {};
    for (std::size_t part = 0; part < shares_.size(); ++part) {
        Share& share = shares_[part];
        parts.add(part, share.target, writes_, views_of(share.args));
        share.args = {};
    }
    argument_bytes_ = 0;
}

std::size_t MergeTask::memory_bytes() const {
    return sizeof *this + shares_.size() * sizeof(Share) + argument_bytes_ +
           places_ * sizeof(std::size_t) + partitions_.size() * sizeof(PartitionId) +
           elements_.size() * sizeof(std::string) + element_bytes_;
}

void MergeTask::fail(std::string_view reply) {
    error_ = reply;
    elements_ = {};
    element_bytes_ = 0;
}

void MergeTask::answered(Parts&, std::size_t part, std::string_view reply, NodeId) {
    --left_;
    if (!error_.empty()) return;
    if (reply.starts_with('-')) return fail(reply);
    take(part, reply);
    if (element_bytes_ > merged_max) fail(too_large_together);
}

void MergeTask::take(std::size_t part, std::string_view reply) {
    switch (merging_) {
        case Merging::sum:
            sum_ += command::integer_of(reply).value_or(0);
            return;
        case Merging::ok:
            return;
        case Merging::alone:
            elements_.emplace_back(reply);
            element_bytes_ += reply.size();
            return;
        case Merging::scatter:
        case Merging::join:
            take_array(part, reply);
            return;
    }
}

void MergeTask::take_array(std::size_t part, std::string_view reply) {
    const std::size_t count = command::take_aggregate(reply).value_or(0);
    for (std::size_t i = 0; i < count; ++i) {
        const auto element = command::take_reply(reply);
        if (!element) break;
        element_bytes_ += element->size();
        if (merging_ == Merging::join) {
            elements_.emplace_back(*element);
        } else if (const auto& places = shares_[part].places; i < places.size()) {
            elements_[places[i]] = *element;
        }
    }
}

void MergeTask::write(Reply& reply) {
    if (!error_.empty()) return append_reply(reply, error_);
    if (merging_ == Merging::sum) return reply.integer(sum_);
    if (merging_ == Merging::ok) return reply.ok();
    if (merging_ != Merging::alone) reply.array(elements_.size());
}

Pieces MergeTask::take_reply(Protocol protocol) {
    Pieces pieces = Task::take_reply(protocol);
    for (std::string& element : elements_) {
        if (is_written_so(protocol, element)) {
            pieces.append_moved(std::move(element));
        } else {
            append_reply(pieces, protocol, element);
        }
    }
    return pieces;
}

}  // namespace grapevine::resp
