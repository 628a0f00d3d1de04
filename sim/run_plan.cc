#include "sim/run_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "base/counted.h"
#include "base/rng.h"
#include "ring/ring.h"
#include "sim/gentle.h"
#include "sim/ring_words.h"

namespace grapevine::sim {

namespace {

constexpr std::uint64_t copies_max_drawn = 5;
constexpr Duration idle_memory_window = 12s;  // more than twice the load's deadline
constexpr Duration lasting_gap_max = 2s;

// A life of some seconds between two faults, or of a fraction. Where they come in quick succession
// most things meet; where they are rare, an outage has the time to become too long.
void draw_chaos(Rng& rng, RunPlan& plan) {
    plan.chaos.gap_max = Duration{250'000LL << rng.below(6)};
    plan.beyond_promise = rng.chance(1, 8);
    plan.is_gentle = rng.chance(1, 6);
    if (rng.chance(1, 2)) plan.chaos.mix = FaultMix::draw(rng);  // else all classes
    if (rng.chance(1, 4)) plan.chaos.disaster_at = rng.between(1s, plan.faults_for * 3 / 4);
}

// Some faults last long enough for an outage to count, with time between them, and a few values are
// as large as a value can be. By itself, so that it leaves the other draws as they are.
void draw_extremes(std::uint64_t seed, RunPlan& plan) {
    Rng rng(seed ^ 0x657874726dULL);
    plan.chaos.lasting = rng.chance(1, 4);
    if (plan.chaos.lasting) plan.chaos.gap_max = std::max(plan.chaos.gap_max, lasting_gap_max);
    if (rng.chance(1, 4)) plan.load.huge_bytes_max = value_size_max;
}

bool somebody_dies(const FaultMix& mix) {
    return mix.has(FaultClass::kill) || mix.has(FaultClass::aim);
}

// What is promised in a list follows from what is in it (see Run::exceeded_by() for who dies).
// Beyond the promise is only where somebody may die.
void draw_promise(const PlanChoice& choice, RunPlan& plan) {
    const FaultMix& mix = plan.chaos.mix;
    plan.beyond_promise = plan.beyond_promise && somebody_dies(mix);
    if (!mix.has(FaultClass::force) || plan.beyond_promise) plan.chaos.disaster_at = {};
    if (plan.chaos.script) {
        plan.beyond_promise = false;
        plan.is_gentle = is_gentle(*plan.chaos.script);
    } else {
        plan.is_gentle = plan.is_gentle && choice.faults == FaultMix::all() && !plan.beyond_promise;
    }
    plan.chaos.beyond_promise = plan.beyond_promise;
    if (plan.is_gentle) plan.chaos.disaster_at = {};
}

// As many operations as are wanted, whatever the number of clients is.
void draw_load(Rng& rng, RunPlan& plan) {
    plan.load.clients = 1 + rng.below(6);
    plan.load.keys = 1 + rng.below(20);
    plan.load.choice = static_cast<KeyChoice>(rng.below(3));
    if (rng.chance(1, 6)) plan.load.huge_per_mille = 5;
    if (rng.chance(3, 4)) plan.load.programs_percent = static_cast<std::uint32_t>(rng.below(50));
    plan.load.groups = 1 + rng.below(4);
    if (rng.chance(1, 2)) plan.load.disguised_percent = static_cast<std::uint32_t>(rng.below(101));
    if (rng.chance(2, 3)) plan.load.at_once_percent = static_cast<std::uint32_t>(rng.below(101));
    if (rng.chance(2, 3)) plan.load.brief_percent = static_cast<std::uint32_t>(rng.below(101));
    plan.load.ttl_max = Duration{50'000LL << rng.below(7)};
    plan.load.flushes = rng.chance(1, 3);
    const auto operations = static_cast<std::int64_t>(1300 + rng.below(1200));
    plan.load.think_max = std::max<Duration>(
        1ms, plan.faults_for * 2 * static_cast<std::int64_t>(plan.load.clients) / operations);
}

// 16 to 1,024, and seldom many: these cost the most time and find the least, because the same load
// meets less often in each of them.
std::uint32_t draw_partitions(Rng& rng) {
    constexpr std::array<std::uint32_t, 7> chances{7, 6, 5, 4, 3, 2, 1};
    std::uint64_t drawn = rng.below(std::reduce(chances.begin(), chances.end()));
    std::uint32_t partitions = 16;
    for (const std::uint32_t chance : chances) {
        if (drawn < chance) break;
        drawn -= chance;
        partitions *= 2;
    }
    return partitions;
}

// 1 to 13, seven in the mean and mostly: of few nodes little can be broken, and the time that a run
// takes grows with their square.
std::size_t draw_nodes(Rng& rng) {
    return 1 + rng.below(7) + rng.below(7);
}

void draw_world(Rng& rng, RunPlan& plan) {
    plan.world.nodes = draw_nodes(rng);
    plan.world.copies = static_cast<std::uint32_t>(
        1 + rng.below(std::min<std::uint64_t>(copies_max_drawn, plan.world.nodes)));
    plan.world.partitions = draw_partitions(rng);
    plan.world.coordinator = rng.chance(4, 5);
    plan.world.network.delay_max = Duration{200LL << rng.below(6)};
}

RunPlan story_plan(std::uint64_t seed) {
    RunPlan plan;
    plan.world.seed = seed;
    plan.world.nodes = 7;
    plan.world.copies = 3;
    plan.world.partitions = 1024;
    plan.load = {.clients = 4, .keys = 10};
    plan.chaos.script.emplace();
    plan.waits_for_copies = true;
    plan.revive = false;
    return plan;
}

void keep(const PlanChoice& choice, RunPlan& plan) {
    if (choice.nodes) plan.world.nodes = *choice.nodes;
    if (choice.copies) plan.world.copies = *choice.copies;
    if (choice.partitions) plan.world.partitions = *choice.partitions;
    if (choice.coordinator) plan.world.coordinator = *choice.coordinator;
    if (choice.clients) plan.load.clients = *choice.clients;
    if (choice.keys) plan.load.keys = *choice.keys;
    if (choice.think) plan.load.think_max = *choice.think;
    if (choice.faults_for) plan.faults_for = *choice.faults_for;
    if (choice.script) plan.chaos.script = *choice.script;
    plan.planted = choice.planted;
    if (choice.faults.is_none() && !plan.chaos.script) plan.chaos.script.emplace();
}

// A story goes on for half a second after the last of its faults.
Duration story_length(const RunPlan& plan) {
    Duration length = 500ms;
    for (const Fault& fault : *plan.chaos.script) length = std::max(length, fault.at);
    return length + 500ms;
}

std::string duration_text(Duration span) {
    const std::int64_t us = to_us(span);
    return us % 1000 == 0 ? fmt::format("{}ms", us / 1000) : fmt::format("{}us", us);
}

// Zones and weights, by themselves too.
void draw_places(std::uint64_t seed, RunPlan& plan) {
    Rng rng(seed ^ 0x7a6f6e6573ULL);
    if (rng.chance(1, 5)) plan.world.zones = static_cast<std::uint32_t>(2 + rng.below(3));
    if (!rng.chance(1, 5)) return;
    plan.world.weights.resize(2 + rng.below(3));
    for (std::uint32_t& weight : plan.world.weights) {
        weight = weight_one * static_cast<std::uint32_t>(1 + rng.below(6)) / 2;
    }
}

bool accepts_loss(const std::optional<std::vector<Fault>>& script) {
    return script && std::ranges::any_of(*script, [](const Fault& fault) {
               return fault.kind == FaultKind::accept_loss;
           });
}

}  // namespace

RunPlan draw_plan(std::uint64_t seed, const PlanChoice& choice) {
    if (choice.is_story) {
        RunPlan plan = story_plan(seed);
        plan.kill = choice.kill;
        keep(choice, plan);
        if (!choice.faults_for) plan.faults_for = story_length(plan);
        plan.is_gentle = plan.kill == 0 && is_gentle(*plan.chaos.script);
        return plan;
    }
    Rng rng(seed ^ 0x6772617065ULL);  // another stream than the world's
    RunPlan plan;
    plan.world.seed = seed;
    draw_world(rng, plan);
    plan.faults_for = rng.between(faults_least, 2 * faults_least);
    draw_load(rng, plan);
    draw_chaos(rng, plan);
    plan.checks_memory = rng.chance(1, 4);
    if (plan.checks_memory) plan.world.request_memory = idle_memory_window;
    // By itself, so that it leaves the other draws as they are.
    Rng placing(seed ^ 0x706c616365ULL);
    if (placing.chance(1, 4)) plan.world.node.pairs_at_once = 0;
    // Up to longer than members stay, so that hardly any placement is known in time.
    if (placing.chance(1, 2)) plan.world.placing_takes = placing.between(1ms, 2s);
    draw_places(seed, plan);
    draw_extremes(seed, plan);
    keep(choice, plan);
    const bool is_asked_for = choice.faults != FaultMix::all();
    if (is_asked_for) plan.chaos.mix = choice.faults;
    if (is_asked_for && !plan.chaos.disaster_at) plan.chaos.disaster_at = plan.faults_for / 3;
    const bool may_accept = plan.chaos.mix.has(FaultClass::accept_loss);
    if (is_asked_for && may_accept) plan.beyond_promise = true;
    // Before a list changes it, so that a list of what was drawn is the same run.
    const bool is_beyond = plan.beyond_promise && (is_asked_for || somebody_dies(plan.chaos.mix));
    draw_promise(choice, plan);
    // Unless it was asked for, nothing is given up in a run that keeps the promise.
    plan.chaos.accepts_loss = may_accept && (is_beyond || plan.chaos.disaster_at);
    plan.load.clocks_agree = !plan.chaos.mix.has(FaultClass::wall) &&
                             !plan.chaos.mix.has(FaultClass::drift) && !choice.script;
    // What was executed at once has no id that tells whether it may be lost.
    if (plan.chaos.disaster_at || plan.chaos.accepts_loss || accepts_loss(plan.chaos.script)) {
        plan.load.at_once_percent = 0;
    }
    if (plan.is_gentle && !plan.chaos.script) {
        const bool may_die = plan.world.nodes >= 3 && plan.world.copies >= 2 &&
                             (plan.world.coordinator || plan.world.nodes >= 4);
        plan.chaos.script = draw_gentle_faults(rng, {.length = plan.faults_for,
                                                     .nodes = plan.world.nodes,
                                                     .coordinator = plan.world.coordinator,
                                                     .kills = may_die && rng.chance(1, 2)});
    }
    return plan;
}

std::string replay_options(std::uint64_t seed, const PlanChoice& choice) {
    std::string line =
        choice.is_story ? std::string{} : fmt::format("--faults {} ", to_string(choice.faults));
    line += fmt::format("--seed {}", seed);
    if (choice.kill > 0) line += fmt::format(" --kill {}", choice.kill);
    if (choice.nodes) line += fmt::format(" --nodes {}", *choice.nodes);
    if (choice.copies) line += fmt::format(" --rep {}", *choice.copies);
    if (choice.partitions) line += fmt::format(" --partitions {}", *choice.partitions);
    if (choice.coordinator) {
        line += *choice.coordinator ? " --with-coordinator" : " --no-coordinator";
    }
    if (choice.clients) line += fmt::format(" --clients {}", *choice.clients);
    if (choice.keys) line += fmt::format(" --keys {}", *choice.keys);
    if (choice.think) line += " --think " + duration_text(*choice.think);
    if (choice.faults_for) line += " --for " + duration_text(*choice.faults_for);
    if (choice.planted != Planted::nothing) {
        line += fmt::format(" --planted {}", to_string(choice.planted));
    }
    if (choice.script) {
        for (const Fault& fault : *choice.script) line += " --at " + to_string(fault);
    }
    return line;
}

std::string_view to_string(Planted planted) {
    switch (planted) {
        case Planted::nothing:
            return "nothing";
        case Planted::broken:
            return "broken";
        case Planted::torn:
            return "torn";
        case Planted::crash:
            return "crash";
        case Planted::hang:
            return "hang";
    }
    return "?";
}

std::string to_string(const RunPlan& plan) {
    std::string text = fmt::format(
        "{}{}, {}, {}, {} on {}, {} ms of faults", counted(plan.world.nodes, "node"),
        plan.world.coordinator ? "" : " without a coordinator",
        counted(plan.world.copies, "copy", "copies"), counted(plan.world.partitions, "partition"),
        counted(plan.load.clients, "client"), counted(plan.load.keys, "key"),
        to_ms(plan.faults_for));
    if (plan.world.zones > 0) text += fmt::format(", in {} zones", plan.world.zones);
    if (!plan.world.weights.empty()) text += ", of different weights";
    if (plan.kill > 0) text += fmt::format(", {} killed at once", plan.kill);
    if (!plan.chaos.script) text += fmt::format(", faults {}", to_string(plan.chaos.mix));
    if (plan.chaos.script && !plan.chaos.script->empty()) {
        text += fmt::format(", {} from a list", counted(plan.chaos.script->size(), "fault"));
    }
    if (plan.chaos.disaster_at && !plan.chaos.script) text += ", founded anew";
    const bool has_faults = !plan.chaos.script || !plan.chaos.script->empty();
    if (plan.is_gentle && has_faults) text += ", within the limits";
    if (plan.chaos.lasting && !plan.chaos.script) text += ", some of them lasting";
    if (plan.beyond_promise) text += ", beyond the promise";
    return text;
}

PlanChoice spelled_out(const RunPlan& plan, const PlanChoice& choice,
                       const std::vector<Fault>& faults) {
    PlanChoice all = choice;
    all.nodes = plan.world.nodes;
    all.copies = plan.world.copies;
    all.partitions = plan.world.partitions;
    all.coordinator = plan.world.coordinator;
    all.clients = plan.load.clients;
    all.keys = plan.load.keys;
    all.think = plan.load.think_max;
    all.faults_for = plan.faults_for;
    all.script = faults;
    all.kill = 0;
    return all;
}

}  // namespace grapevine::sim
