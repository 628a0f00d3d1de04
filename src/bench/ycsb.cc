#include "bench/ycsb.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "bench/statistics.h"
#include "coordinator/report.h"

namespace grapevine::bench {

namespace {

constexpr double zipfian_exponent = 0.99;
constexpr std::string_view why_not_e =
    "workload e needs scans, which this store does not have: keys are placed by their hash, in no "
    "order";

Result<void> measure_workload(Experiment& experiment, const YcsbConfig& config,
                              const std::string& name, Workload& workload,
                              std::vector<Phase>& phases, const PhaseDone& done) {
    const auto mix = ycsb_mix(name);
    if (!mix) return std::unexpected(mix.error());
    // Round 0 is the warm-up.
    for (unsigned round = 0; round <= config.rounds; ++round) {
        if (round == 0) {
            experiment.session().progress(name + ": warm-up");
        } else {
            experiment.session().begin_round(name);
        }
        const std::uint64_t count = round == 0 ? config.operations / 4 : config.operations;
        YcsbLoad load(*mix, workload, 1 + round, count);
        auto phase = experiment.measure_all(load.source(), count, load.answered());
        workload.keys = load.keys_begun();
        experiment.keys_are(workload.keys);
        if (!phase) return std::unexpected(phase.error());
        if (round == 0) continue;
        phase->name = name;
        phase->round = round;
        phases.push_back(*std::move(phase));
        done(phases.back());
    }
    return {};
}

std::vector<std::string> row_of_workload(const std::vector<Phase>& phases,
                                         const std::string& name) {
    std::vector<double> per_second;
    std::vector<double> get_p99_ms;
    std::vector<double> put_p99_ms;
    std::vector<double> server_us;
    std::vector<double> own_us;
    for (const Phase& phase : phases) {
        if (phase.name != name) continue;
        const auto p99_ms = [](const Histogram& us) {
            return static_cast<double>(us.permille(990)) / 1000;
        };
        per_second.push_back(phase.per_second());
        if (phase.tally.gets > 0) get_p99_ms.push_back(p99_ms(phase.tally.get_us));
        if (phase.tally.puts > 0) put_p99_ms.push_back(p99_ms(phase.tally.put_us));
        server_us.push_back(phase.server_us_per_operation());
        own_us.push_back(phase.own_us_per_operation());
    }
    return {name,
            spread_text(per_second, 0),
            spread_text(get_p99_ms, 2),
            spread_text(put_p99_ms, 2),
            spread_text(server_us, 1),
            spread_text(own_us, 1)};
}

}  // namespace

Result<YcsbMix> ycsb_mix(const std::string& name) {
    if (name == "a") return YcsbMix{.reads = 50, .updates = 50};
    if (name == "b") return YcsbMix{.reads = 95, .updates = 5};
    if (name == "c") return YcsbMix{};
    if (name == "d") return YcsbMix{.reads = 95, .inserts = 5, .latest = true};
    if (name == "f") return YcsbMix{.reads = 50};
    if (name == "e") return fail("{}", why_not_e);
    return fail("\"{}\" is no workload; there are a, b, c, d and f", name);
}

YcsbChoice ycsb_choice(const std::vector<std::string>& given) {
    YcsbChoice choice;
    for (const std::string& each : given) {
        const bool is_range = each.size() == 3 && each[1] == '-' && each[0] <= each[2];
        if (!is_range) {
            choice.names.push_back(each);
            continue;
        }
        for (char name = each[0]; name <= each[2]; ++name) {
            if (name == 'e') {
                choice.note = fmt::format("e left out: {}\n", why_not_e);
            } else {
                choice.names.emplace_back(1, name);
            }
        }
    }
    return choice;
}

std::uint64_t scrambled(std::uint64_t rank, std::uint64_t keys) {
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a of its eight bytes
    for (int byte = 0; byte < 8; ++byte) {
        hash = (hash ^ (rank >> (8 * byte) & 0xff)) * 0x100000001b3;
    }
    return hash % keys;
}

YcsbLoad::YcsbLoad(const YcsbMix& mix, const Workload& workload, std::uint64_t seed,
                   std::uint64_t operations)
    : mix_(mix),
      workload_(workload),
      value_(value_of(workload)),
      rng_(seed),
      zipf_(workload.keys, zipfian_exponent),
      left_(operations),
      inserted_(workload.keys),
      readable_(workload.keys) {}

Source YcsbLoad::source() {
    return [this] { return next(); };
}

Answered YcsbLoad::answered() {
    if (mix_.inserts == 0) return {};
    return [this](const Answer& answer) {
        if (answer.good && answer.kind == OperationKind::put) insert_answered(answer.number);
    };
}

std::optional<Step> YcsbLoad::next() {
    if (left_ == 0) return std::nullopt;
    --left_;
    std::uint64_t percent = rng_.below(100);
    if (percent < mix_.reads) return step_on(workload_, draw_key(), OperationKind::get);
    percent -= mix_.reads;
    Step step;
    if (percent < mix_.updates) {
        step = step_on(workload_, draw_key(), OperationKind::put);
    } else if (percent - mix_.updates < mix_.inserts) {
        step = step_on(workload_, inserted_++, OperationKind::put);
    } else {
        step = step_on(workload_, draw_key(), OperationKind::get);
        step.then_put = true;
    }
    step.value = value_;
    return step;
}

std::uint64_t YcsbLoad::draw_key() {
    const std::uint64_t rank = zipf_.draw(rng_);
    return mix_.latest ? readable_ - 1 - rank : scrambled(rank, workload_.keys);
}

void YcsbLoad::insert_answered(std::uint64_t number) {
    answered_.insert(number);
    while (!answered_.empty() && *answered_.begin() == readable_) {
        answered_.erase(answered_.begin());
        ++readable_;
    }
    zipf_.resize(readable_);
}

Result<std::vector<Phase>> ycsb(Session& session, const YcsbConfig& config, const PhaseDone& done) {
    session.plan(config.workloads.size() * config.rounds);
    const auto experiment = Experiment::begin(session, config.setting);
    if (!experiment) return std::unexpected(experiment.error());
    std::vector<Phase> phases;
    Workload workload = config.setting.workload;  // grows
    for (const std::string& name : config.workloads) {
        const auto over = measure_workload(**experiment, config, name, workload, phases, done);
        if (!over) return std::unexpected(over.error());
    }
    return phases;
}

std::string ycsb_summary(const std::vector<Phase>& phases) {
    std::vector<std::vector<std::string>> rows = {{"median (min to max)", "ops/s", "read p99 ms",
                                                   "write p99 ms", "server us/op", "own us/op"}};
    for (const std::string& name : names_of(phases)) rows.push_back(row_of_workload(phases, name));
    return aligned_table(rows);
}

}  // namespace grapevine::bench
