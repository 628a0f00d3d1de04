#include "sim/gentle.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "sim/world.h"

namespace grapevine::sim {

namespace {

// Between two pauses of one process: long enough to answer what has waited.
constexpr Duration breath = 500ms;
constexpr Duration down_for = 4s;  // from a death to its replacement, and to the next death

void add_pauses(Rng& rng, const GentleFaults& wanted, std::vector<Fault>& faults) {
    for (std::size_t i = wanted.coordinator ? 0 : 1; i <= wanted.nodes; ++i) {
        const std::string name = i == 0 ? coordinator_name : server_name(i);
        Duration at = rng.between(0us, 5s);
        while (at < wanted.length) {
            const Duration pause = rng.between(1ms, gentle_pause_max);
            faults.push_back({.at = at, .kind = FaultKind::pause, .names = {name}});
            faults.push_back({.at = at + pause, .kind = FaultKind::resume, .names = {name}});
            at += pause + breath + rng.between(0us, 8s);
        }
    }
}

void add_loss(Rng& rng, const GentleFaults& wanted, std::vector<Fault>& faults) {
    for (Duration at = rng.between(0us, 2s); at < wanted.length; at += rng.between(1s, 6s)) {
        const auto percent = static_cast<std::uint32_t>(rng.below(gentle_loss_max + 1));
        faults.push_back({.at = at, .kind = FaultKind::loss, .percent = percent});
    }
}

void add_slowness(Rng& rng, const GentleFaults& wanted, std::vector<Fault>& faults) {
    for (Duration at = rng.between(0us, 4s); at < wanted.length; at += rng.between(1s, 8s)) {
        const std::string name = server_name(1 + rng.below(wanted.nodes));
        const auto times = 1 + static_cast<std::int64_t>(rng.below(gentle_slow_max));
        faults.push_back({.at = at, .kind = FaultKind::slow, .names = {name}, .number = times});
        const Duration end = at + rng.between(500ms, 5s);
        faults.push_back({.at = end, .kind = FaultKind::slow, .names = {name}, .number = 1});
    }
}

void add_kills(Rng& rng, const GentleFaults& wanted, std::vector<Fault>& faults) {
    for (Duration at = rng.between(1s, 6s); at + down_for < wanted.length;
         at += 2 * down_for + rng.between(0us, 6s)) {
        const std::string victim = server_name(1 + rng.below(wanted.nodes));
        faults.push_back({.at = at, .kind = FaultKind::kill, .names = {victim}});
        faults.push_back({.at = at + down_for, .kind = FaultKind::restart, .names = {victim}});
    }
}

}  // namespace

bool is_gentle(const std::vector<Fault>& faults) {
    std::map<std::string, Duration> paused;   // since when
    std::map<std::string, Duration> resumed;  // last
    std::optional<Duration> killed;           // the last one
    for (const Fault& fault : faults) {
        const std::string name = fault.names.size() == 1 ? fault.names.front() : std::string{};
        if (fault.kind == FaultKind::loss) {
            if (fault.percent > gentle_loss_max) return false;
            continue;
        }
        if (name.empty()) return false;
        if (fault.kind == FaultKind::slow) {
            if (fault.number > gentle_slow_max) return false;
        } else if (fault.kind == FaultKind::pause) {
            const auto last = resumed.find(name);
            if (last != resumed.end() && fault.at < last->second + breath) return false;
            paused.emplace(name, fault.at);
        } else if (fault.kind == FaultKind::resume) {
            const auto since = paused.find(name);
            if (since != paused.end() && fault.at > since->second + gentle_pause_max) return false;
            paused.erase(name);
            resumed[name] = fault.at;
        } else if (fault.kind == FaultKind::kill) {
            if (killed && fault.at < *killed + 2 * down_for) return false;
            killed = fault.at;
        } else if (fault.kind == FaultKind::restart) {
            if (killed && fault.at < *killed + down_for) return false;
        } else {
            return false;
        }
    }
    return paused.empty();
}

std::vector<Fault> draw_gentle_faults(Rng& rng, const GentleFaults& wanted) {
    std::vector<Fault> faults;
    const std::uint64_t which = rng.below(3);
    if (which != 1) add_pauses(rng, wanted, faults);
    if (which != 0) add_loss(rng, wanted, faults);
    if (wanted.kills) add_kills(rng, wanted, faults);
    if (rng.chance(1, 3)) add_slowness(rng, wanted, faults);
    std::ranges::stable_sort(faults, {}, &Fault::at);
    return faults;
}

}  // namespace grapevine::sim
