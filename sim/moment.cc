#include "sim/moment.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <variant>

namespace grapevine::sim {

namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, moments> moment_names{
    "prepare", "promise",  "accept",    "accepted", "decided", "join",
    "gather",  "gathered", "replicate", "acked",    "chunk",   "filled"};

template <class Body>
bool holds(const Envelope& envelope) {
    return std::holds_alternative<Body>(envelope.body);
}

}  // namespace

std::string_view to_string(Moment moment) {
    return moment_names[static_cast<std::size_t>(moment)];
}

std::optional<Moment> parse_moment(std::string_view text) {
    const auto found = std::ranges::find(moment_names, text);
    if (found == moment_names.end()) return std::nullopt;
    return static_cast<Moment>(found - moment_names.begin());
}

std::string known_moments() {
    return fmt::format("{}", fmt::join(moment_names, ", "));
}

bool is_at(Moment moment, const Envelope& envelope) {
    switch (moment) {
        case Moment::prepare:
            return holds<Prepare>(envelope);
        case Moment::promise:
            return holds<Promise>(envelope);
        case Moment::accept:
            return holds<Accept>(envelope);
        case Moment::accepted:
            return holds<Accepted>(envelope);
        case Moment::decided:
            return holds<Decided>(envelope);
        case Moment::join:
            return holds<JoinRequest>(envelope);
        case Moment::gather:
            return holds<Gather>(envelope);
        case Moment::gathered:
            return holds<Gathered>(envelope);
        case Moment::replicate:
            return holds<Replicate>(envelope) && !std::get<Replicate>(envelope.body).parts.empty();
        case Moment::acked:
            return holds<Replicate>(envelope) && !std::get<Replicate>(envelope.body).acks.empty();
        case Moment::chunk:
            return holds<FillChunk>(envelope);
        case Moment::filled:
            return holds<FillAck>(envelope);
    }
    return false;
}

}  // namespace grapevine::sim
