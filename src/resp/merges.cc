#include "resp/merges.h"

#include <algorithm>
#include <utility>

namespace grapevine::resp {

namespace {

constexpr std::string_view garbled = "ERR a node answered what is no reply";

std::vector<std::string_view> views_of(const std::vector<std::string>& strings) {
    return {strings.begin(), strings.end()};
}

}  // namespace

void append_reply(Reply& reply, std::string_view resp3) {
    if (reply.protocol() == Protocol::resp3) return reply.raw(resp3);
    std::string resp2;
    if (command::append_resp2(resp2, resp3)) {
        reply.raw(resp2);
    } else {
        reply.error(garbled);
    }
}

MergeTask::MergeTask(Merging merging, bool writes, std::vector<Share> shares)
    : merging_(merging), writes_(writes), shares_(std::move(shares)), left_(shares_.size()) {
    for (const Share& share : shares_) places_ += share.places.size();
    if (merging_ == Merging::scatter) elements_.resize(places_, "_\r\n");
}

void MergeTask::begin(Parts& parts) {
    for (std::size_t part = 0; part < shares_.size(); ++part) {
        Share& share = shares_[part];
        parts.add(part, share.target, writes_, views_of(share.args));
        share.args = {};
    }
}

void MergeTask::answered(Parts&, std::size_t part, std::string_view reply, NodeId) {
    --left_;
    if (reply.starts_with('-')) {
        if (error_.empty()) error_ = reply;
        return;
    }
    switch (merging_) {
        case Merging::sum:
            sum_ += command::integer_of(reply).value_or(0);
            return;
        case Merging::ok:
            return;
        case Merging::alone:
            elements_.emplace_back(reply);
            return;
        case Merging::scatter:
        case Merging::join:
            take_array(part, reply);
            return;
    }
}

void MergeTask::take_array(std::size_t part, std::string_view reply) {
    const std::size_t count = command::take_aggregate(reply).value_or(0);
    const auto& places = shares_[part].places;
    for (std::size_t i = 0; i < count; ++i) {
        const auto element = command::take_reply(reply);
        if (!element) break;
        if (merging_ == Merging::join) {
            elements_.emplace_back(*element);
        } else if (i < places.size()) {
            elements_[places[i]] = *element;
        }
    }
}

void MergeTask::write(Reply& reply) {
    if (!error_.empty()) return append_reply(reply, error_);
    switch (merging_) {
        case Merging::sum:
            return reply.integer(sum_);
        case Merging::ok:
            return reply.ok();
        case Merging::alone:
            return append_reply(reply, elements_.front());
        case Merging::scatter:
        case Merging::join:
            reply.array(elements_.size());
            for (const std::string& element : elements_) append_reply(reply, element);
            return;
    }
}

}  // namespace grapevine::resp
