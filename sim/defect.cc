#include "sim/defect.h"

#include <fmt/format.h>

#include "sim/event_log.h"

namespace grapevine::sim {

std::string_view to_string(Rule rule) {
    switch (rule) {
        case Rule::well_formed:
            return "well-formed ring";
        case Rule::one_ring:
            return "one ring";
        case Rule::epochs_grow:
            return "epochs grow";
        case Rule::one_server:
            return "one server";
        case Rule::primary_serves:
            return "primary serves";
        case Rule::removed_serves:
            return "removed serves";
        case Rule::decodes:
            return "decodes";
        case Rule::order:
            return "order";
        case Rule::at_most_once:
            return "at most once";
        case Rule::acknowledged:
            return "acknowledged";
        case Rule::room:
            return "room";
        case Rule::expiry:
            return "expiry";
        case Rule::flushed:
            return "flushed";
        case Rule::available:
            return "available";
        case Rule::false_eviction:
            return "false eviction";
        case Rule::rest:
            return "rest";
        case Rule::copies_equal:
            return "copies equal";
        case Rule::placement:
            return "placement";
        case Rule::memory:
            return "memory";
        case Rule::linearizable:
            return "linearizable";
        case Rule::decided:
            return "decided";
        case Rule::other:
            return "other";
    }
    return "?";
}

void Defect::report(Rule rule, const std::string& sentence) {
    if (is_found()) return;
    rule_ = rule;
    sentence_ = fmt::format("{}: {}", seconds(queue_.now()), sentence);
}

}  // namespace grapevine::sim
