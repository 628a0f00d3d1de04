#include "sim/shrink.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "progress/progress.h"
#include "sim/swarm.h"

namespace grapevine::sim {

namespace {

class Shrinker {
public:
    Shrinker(const ShrinkConfig& config, const RunOutcome& failure,
             const std::function<void(const std::string&)>& tell)
        : config_(config),
          failure_(failure),
          tell_(tell),
          progress_("tries at most", config.tries_max) {}

    std::optional<Shrunk> go() {
        const PlanChoice whole = spelled_out(draw_plan(config_.seed, config_.choice),
                                             config_.choice, parsed(failure_.faults));
        if (!adopt_first({whole}, "from a list")) return std::nullopt;
        std::size_t before = 0;
        do {  // until a whole round helps no more
            before = helped_;
            fewer_faults();
            shorter();
            fewer_clients();
            smaller_cluster();
        } while (helped_ > before && may_try());
        return Shrunk{best_, outcome_, tries_, interrupted_};
    }

private:
    using Candidates = std::vector<PlanChoice>;

    static std::vector<Fault> parsed(const std::vector<std::string>& texts) {
        std::vector<Fault> faults;
        for (const std::string& text : texts) {
            if (const Result<Fault> fault = parse_fault(text)) faults.push_back(*fault);
        }
        return faults;
    }

    [[nodiscard]] bool may_try() const { return !interrupted_ && tries_ < config_.tries_max; }

    // Runs them, several at once, and goes on from the first in the list that fails alike.
    bool adopt_first(const Candidates& candidates, const std::string& how) {
        for (std::size_t at = 0; at < candidates.size() && may_try();) {
            const std::size_t many = std::min(config_.workers.at_once, candidates.size() - at);
            const std::vector<RunOutcome> outcomes = try_some(candidates, at, many);
            if (interrupted_) return false;
            for (std::size_t i = 0; i < many; ++i) {
                if (!outcomes[i].fails_like(failure_)) continue;
                best_ = candidates[at + i];
                outcome_ = outcomes[i];
                ++helped_;
                progress_.clear();
                tell_(fmt::format("{:>4} tries: {}: {} faults, {} clients, {} nodes, {} ms", tries_,
                                  how, best_.script->size(), *best_.clients, *best_.nodes,
                                  to_ms(*best_.faults_for)));
                return true;
            }
            at += many;
        }
        return false;
    }

    std::vector<RunOutcome> try_some(const Candidates& candidates, std::size_t from,
                                     std::size_t many) {
        std::vector<RunOutcome> outcomes(many);
        Workers workers(config_.workers);
        workers.on_wait([this] { progress_.draw(); });
        interrupted_ = !workers.run(
            many,
            [&](std::size_t job, const Workers::Report& report) {
                return run_plain(draw_plan(config_.seed, candidates[from + job]), report);
            },
            [&](std::size_t job, const RunOutcome& outcome) {
                outcomes[job] = outcome;
                return true;
            });
        tries_ += many;
        progress_.set(tries_, 0);
        return outcomes;
    }

    // Leaves out a half, a quarter, ... one at a time (Zeller's ddmin, 2002, complements only).
    void fewer_faults() {
        std::size_t size = best_.script->size();
        for (std::size_t part = (size + 1) / 2; part >= 1 && size > 0 && may_try();) {
            Candidates candidates;
            // Late ones first: what comes after the failure cannot matter.
            for (std::size_t parts = (size + part - 1) / part; parts > 0; --parts) {
                const std::size_t from = (parts - 1) * part;
                candidates.push_back(best_);
                auto& faults = *candidates.back().script;
                const std::size_t to = std::min(from + part, size);
                faults.erase(std::next(faults.begin(), std::ptrdiff_t(from)),
                             std::next(faults.begin(), std::ptrdiff_t(to)));
            }
            const bool helped = adopt_first(candidates, "fewer faults");
            size = best_.script->size();
            if (helped) {
                part = std::min(part, std::max<std::size_t>(1, (size + 1) / 2));
            } else if (part == 1) {
                return;
            } else {
                part = (part + 1) / 2;
            }
        }
    }

    void shorter() {
        const Duration now = *best_.faults_for;
        Duration last{};
        for (const Fault& fault : *best_.script) last = std::max(last, fault.at);
        Candidates candidates;
        for (const Duration length : {last + 10ms, last + 500ms, last + 3s, now / 2, now * 3 / 4}) {
            if (length >= now || length < last) continue;
            candidates.push_back(best_);
            candidates.back().faults_for = length;
        }
        adopt_first(candidates, "shorter");
    }

    // 1, `factor`, `factor` squared ..., below what it is.
    template <class Number>
    void fewer(std::optional<Number> PlanChoice::* what, Number factor, const char* step) {
        Candidates candidates;
        for (Number number = 1; number < *(best_.*what); number *= factor) {
            candidates.push_back(best_);
            candidates.back().*what = number;
        }
        adopt_first(candidates, step);
    }

    void fewer_clients() {
        fewer<std::size_t>(&PlanChoice::clients, 2, "fewer clients");
        fewer<std::size_t>(&PlanChoice::keys, 4, "fewer keys");
        Candidates candidates;
        for (const int slower : {16, 4, 2}) {
            const Duration think = *best_.think * slower;
            if (think > 10s) continue;
            candidates.push_back(best_);
            candidates.back().think = think;
        }
        adopt_first(candidates, "fewer operations");
    }

    void smaller_cluster() {
        Candidates candidates;
        for (std::size_t nodes = 1; nodes < *best_.nodes; ++nodes) {
            if (nodes < *best_.copies || !all_exist(nodes)) continue;
            candidates.push_back(best_);
            candidates.back().nodes = nodes;
        }
        adopt_first(candidates, "fewer nodes");
        fewer<std::uint32_t>(&PlanChoice::partitions, 4, "fewer partitions");
    }

    // With so many nodes, everybody whom a fault names is there.
    [[nodiscard]] bool all_exist(std::size_t nodes) const {
        WorldConfig config;
        config.nodes = nodes;
        config.coordinator = *best_.coordinator;
        const World names(config);
        return std::ranges::all_of(*best_.script, [&](const Fault& fault) {
            return names.check(fault, *best_.script).has_value();
        });
    }

    const ShrinkConfig& config_;
    const RunOutcome& failure_;
    const std::function<void(const std::string&)>& tell_;
    Progress progress_;
    PlanChoice best_;
    RunOutcome outcome_;
    std::size_t tries_ = 0;
    std::size_t helped_ = 0;
    bool interrupted_ = false;
};

}  // namespace

std::optional<Shrunk> shrink(const ShrinkConfig& config, const RunOutcome& failure,
                             const std::function<void(const std::string&)>& tell) {
    return Shrinker(config, failure, tell).go();
}

}  // namespace grapevine::sim
