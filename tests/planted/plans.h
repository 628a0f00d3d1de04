#pragma once
// Small clusters with hot keys, to begin a tuned plan from.

#include <functional>
#include <string>
#include <variant>

#include "planted/trial.h"

namespace grapevine::testing {

inline const Finding never_ready{Oracle::convergence, "never ready"};

inline Plan small_plan(std::uint64_t seed, PlantedBugs bugs, std::size_t nodes,
                       std::uint32_t copies) {
    Plan plan;
    plan.world.nodes = nodes;
    plan.world.copies = copies;
    plan.world.seed = seed;
    plan.world.partitions = 16;
    plan.world.node.bugs = bugs;
    plan.load.clients = 4;
    plan.load.keys = 6;
    plan.load.think_max = 5ms;
    return plan;
}

// Members fall out of the ring and return with what they hold; meanwhile keys are deleted.
inline Finding evictions(std::uint64_t seed, PlantedBugs bugs) {
    Plan plan = small_plan(seed, bugs, 4, 2);
    plan.load.erases_percent = 30;
    plan.storm = {.pause = 1,
                  .cut = 1,
                  .gap_max = 800ms,
                  .length_min = 300ms,
                  .length_max = 1500ms,
                  .lasts = 8s};
    return weather(plan);
}

// Who first sends such a message from now on; empty: nobody within a second.
template <class Body>
std::string first_to_send(
    sim::Cluster& cluster, const std::function<bool(const sim::NodeHost&, const Body&)>& condition =
                               [](const sim::NodeHost&, const Body&) { return true; }) {
    std::string name;
    cluster.world().on_message([&](const sim::NodeHost& host, const Envelope& envelope) {
        const auto* body = std::get_if<Body>(&envelope.body);
        if (name.empty() && body != nullptr && condition(host, *body)) name = host.name();
    });
    // Stops at the very event, not at the next millisecond.
    const Time end = cluster.world().now() + 1s;
    while (name.empty() && !cluster.world().is_broken() && cluster.world().now() < end) {
        cluster.world().run_event();
    }
    cluster.world().on_message({});
    return name;
}

}  // namespace grapevine::testing
