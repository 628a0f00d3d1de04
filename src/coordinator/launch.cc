#include "coordinator/launch.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace grapevine {

std::string describe_end(int status, int signal) {
    if (signal == 0) return fmt::format("ended with status {}", status);
    const char* abbreviation = sigabbrev_np(signal);
    return fmt::format("was killed by signal {} (SIG{})", signal,
                       abbreviation != nullptr ? abbreviation : "?");
}

namespace {

std::string in_seconds(Duration span) {
    return fmt::format("{} s", static_cast<double>(to_ms(span)) / 1000);
}

}  // namespace

Launch::Launch(Time now, LaunchConfig config) : config_(config) {
    if (config_.nodes > 0) due_ = now + config_.deadline;
    for (std::size_t number = 1; number <= config_.nodes; ++number) {
        const std::string name = fmt::format("server{}", number);
        processes_.emplace(name, Starting{});
        in_ring_.emplace(name, false);
        effects_.spawns.push_back(name);
    }
}

void Launch::spawned(Time now, const std::string& name, int pid) {
    ASSERT(processes_.contains(name), "{}", name);
    processes_[name] = Running{pid, now};
    pids_[name].insert(static_cast<std::uint32_t>(pid));
    // Asked to stop while it was being started.
    if (phase_ == Phase::stopping) effects_.signals.push_back({name, SIGINT});
    if (phase_ == Phase::killing) effects_.signals.push_back({name, SIGKILL});
}

void Launch::spawn_failed(Time now, const std::string& name, const std::string& why) {
    ASSERT(processes_.contains(name), "{}", name);
    auto& process = processes_[name];
    process = Ended{-1};
    std::string line = fmt::format("{} could not be started: {}", name, why);
    if (const auto pause = start_again(now, name, {})) {
        line += fmt::format("; trying again in {}", in_seconds(*pause));
    }
    effects_.lines.push_back(std::move(line));
    give_up(now);
    end_if_none_left();
}

void Launch::exited(Time now, const std::string& name, int status, int signal) {
    auto& process = processes_[name];
    const auto* found = std::get_if<Running>(&process);
    ASSERT(found != nullptr, "{} was not running", name);
    const Running running = *found;
    process = Ended{status, signal};
    std::string line =
        fmt::format("{} (pid {}) {}", name, running.pid, describe_end(status, signal));
    const bool was_told = signal == 0 && (status == 0 || status == status_ended_early);
    if (!was_told) {
        if (const auto pause = start_again(now, name, now - running.since)) {
            line += fmt::format("; it is started again in {}", in_seconds(*pause));
        }
    }
    const bool expected = phase_ == Phase::stopping || phase_ == Phase::killing;
    if (!expected || signal == SIGKILL) effects_.lines.push_back(std::move(line));
    if (phase_ == Phase::forming) give_up(now);
    end_if_none_left();
}

std::optional<Duration> Launch::start_again(Time now, const std::string& name, Duration lived) {
    if (!config_.respawn || phase_ != Phase::formed) return std::nullopt;
    Duration& pause = back_offs_[name];
    if (lived >= config_.lasting) pause = {};
    pause = std::clamp(pause * 2, config_.respawn_min, config_.respawn_max);
    processes_[name] = Waiting{now + pause};
    return pause;
}

void Launch::ring_changed(const Ring& ring) {
    if (phase_ != Phase::forming || !ring.genesis || ring.storage_count() == 0) return;
    bool all = true;
    for (auto& [name, is_in] : in_ring_) {
        is_in = ring.member_named(name) != nullptr;
        all = all && is_in;
    }
    if (!all) return;
    phase_ = Phase::formed;
    due_ = never;
    effects_.formed = true;
}

bool Launch::launched(const std::string& name, std::uint32_t pid) const {
    const auto found = pids_.find(name);
    return found != pids_.end() && found->second.contains(pid);
}

void Launch::stop(Time now) {
    for (auto& [name, process] : processes_) {
        if (std::holds_alternative<Waiting>(process)) process = Ended{-1};
    }
    switch (phase_) {
        case Phase::forming:
        case Phase::formed:
            phase_ = Phase::stopping;
            due_ = now + config_.grace;
            signal_all(SIGINT);
            break;
        case Phase::stopping:
            phase_ = Phase::killing;
            due_ = never;
            signal_all(SIGKILL);
            break;
        case Phase::killing:
        case Phase::over:
            break;
    }
    end_if_none_left();
}

void Launch::tick(Time now) {
    for (auto& [name, process] : processes_) {
        const auto* waiting = std::get_if<Waiting>(&process);
        if (waiting == nullptr || now < waiting->until) continue;
        process = Starting{};
        effects_.spawns.push_back(name);
    }
    if (now < due_) return;
    due_ = never;
    if (phase_ == Phase::forming) {
        give_up(now);
    } else if (phase_ == Phase::stopping) {
        stop(now);  // the grace is over: for the second time
    }
}

Time Launch::next_deadline() const {
    Time due = due_;
    for (const auto& [name, process] : processes_) {
        if (const auto* waiting = std::get_if<Waiting>(&process)) {
            due = std::min(due, waiting->until);
        }
    }
    return due;
}

void Launch::give_up(Time now) {
    if (phase_ != Phase::forming) return;
    failed_ = true;
    const bool has_log = std::ranges::any_of(
        in_ring_, [&](const auto& entry) { return !entry.second && pids_.contains(entry.first); });
    effects_.lines.push_back(fmt::format("the ring did not form: {} missing; {}stopping the others",
                                         missing(), has_log ? "their logs say why; " : ""));
    stop(now);
}

void Launch::signal_all(int number) {
    for (const auto& [name, process] : processes_) {
        if (std::holds_alternative<Running>(process)) effects_.signals.push_back({name, number});
    }
}

void Launch::end_if_none_left() {
    if (phase_ != Phase::stopping && phase_ != Phase::killing) return;
    for (const auto& [name, process] : processes_) {
        if (!std::holds_alternative<Ended>(process)) return;
    }
    phase_ = Phase::over;
    due_ = never;
    effects_.over = true;
}

std::string Launch::missing() const {
    std::vector<std::string> names;
    for (const auto& [name, is_in] : in_ring_) {
        if (is_in) continue;
        const Process& process = processes_.at(name);
        const auto* ended = std::get_if<Ended>(&process);
        names.push_back(
            ended == nullptr || ended->status < 0
                ? name
                : fmt::format("{} ({})", name, describe_end(ended->status, ended->signal)));
    }
    return names.empty()
               ? "nobody is"
               : fmt::format("{} {}", fmt::join(names, ", "), names.size() == 1 ? "is" : "are");
}

}  // namespace grapevine
