#include "sim/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace grapevine::sim {

std::string milliseconds(Duration span) {
    return fmt::format("{}.{} ms", to_us(span) / 1000, to_us(span) % 1000 / 100);
}

void Timeline::begin(const Names& dead) {
    begun_ = cluster_.world().now();
    for (const std::string& name : dead) {
        if (const NodeHost* host = cluster_.world().node(name)) dead_.insert(host->id());
    }
    unnoticed_ = dead_;
    detected_ = agreed_ = served_ = restored_ = std::nullopt;
}

void Timeline::saw_message(const Envelope& envelope) {
    const auto* swim = std::get_if<SwimMessage>(&envelope.body);
    if (swim == nullptr || unnoticed_.empty() || dead_.contains(envelope.from)) return;
    for (const Rumor& rumor : swim->rumors) {
        if (rumor.liveness == Liveness::dead) unnoticed_.erase(rumor.member);
    }
    if (unnoticed_.empty()) detected_ = cluster_.world().now() - begun_;
}

void Timeline::saw_ring(const Ring& ring) {
    if (dead_.empty() || agreed_) return;
    if (std::ranges::any_of(dead_, [&](NodeId id) { return ring.is_up(id); })) return;
    agreed_ = cluster_.world().now() - begun_;
    // The rumor may have had nobody left to be told to.
    if (!detected_) detected_ = agreed_;
}

void Timeline::saw_ready() {
    if (!served_) served_ = cluster_.world().now() - begun_;
}

void Timeline::saw_restored() {
    if (!restored_) restored_ = cluster_.world().now() - begun_;
}

std::string Timeline::summary() const {
    const auto after = [](const char* what, const std::optional<Duration>& span) {
        return span ? fmt::format("{} after {}", what, milliseconds(*span))
                    : fmt::format("not {}", what);
    };
    return fmt::format("{}, {}, {}, {}", after("detected", detected_), after("agreed", agreed_),
                       after("all served", served_), after("copies restored", restored_));
}

}  // namespace grapevine::sim
