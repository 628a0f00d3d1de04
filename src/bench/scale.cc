#include "bench/scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/counted.h"
#include "bench/raw_stream.h"
#include "bench/statistics.h"

namespace grapevine::bench {

namespace {

using Values = std::vector<std::uint64_t>;

constexpr std::uint64_t key_overhead = 60;       // bytes of a node, beyond those of key and value
constexpr std::uint64_t files_of_its_own = 100;  // that are no connections
// Bytes of values. More keeps nodes busy for so long at a time that others evict them, where the
// machine is busy with other things too.
constexpr std::uint64_t in_flight_max = 4 << 20;

struct Range {
    std::string dimension;
    Values values;
    Values shorter;
};

const std::vector<Range>& ranges() {
    static const std::vector<Range> all = {
        {"nodes", {1, 2, 3, 5, 7, 10, 14}, {1, 3, 7}},
        {"clients", {1, 3, 10, 30, 100, 300, 1000}, {1, 10, 100}},
        {"value-size", {16, 100, 1000, 10'000, 100'000, 1'000'000}, {16, 1000, 10'000}},
        {"keys",
         {10'000, 30'000, 100'000, 300'000, 1'000'000, 3'000'000, 10'000'000},
         {10'000, 100'000}}};
    return all;
}

void add_note(ScalePoint& point, const std::string& note) {
    point.note += (point.note.empty() ? "" : ", ") + note;
}

void bound_in_flight(ScalePoint& point) {
    LoadConfig& load = point.setting.load;
    const std::uint64_t operations = std::max<std::uint64_t>(in_flight_max / point.value, 1);
    if (load.clients > operations) {
        load.clients = operations;
        add_note(point, fmt::format("--clients {}", load.clients));
    }
    if (load.depth > operations / load.clients) {
        load.depth = operations / load.clients;
        add_note(point, fmt::format("--depth {}", load.depth));
    }
}

void vary(ScalePoint& point) {
    Setting& setting = point.setting;
    if (point.dimension == "nodes") {
        setting.cluster.nodes = point.value;
        const auto copies = std::min<std::uint64_t>(setting.cluster.copies, point.value);
        if (copies < setting.cluster.copies) point.note = fmt::format("--rep {}", copies);
        setting.cluster.copies = static_cast<unsigned>(copies);
    } else if (point.dimension == "clients") {
        setting.load.clients = point.value;
    } else if (point.dimension == "value-size") {
        setting.workload.value_size = point.value;
        bound_in_flight(point);
    } else {
        ASSERT(point.dimension == "keys");
        setting.workload.keys = point.value;
    }
}

std::uint64_t bytes_of_key(const Setting& setting) {
    return setting.cluster.copies *
           (record_size(setting.workload, setting.workload.keys) + key_overhead);
}

std::string gigabytes(std::uint64_t bytes) {
    return fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

void fit_memory(ScalePoint& point, std::uint64_t memory) {
    Workload& workload = point.setting.workload;
    const std::uint64_t fitting = memory / bytes_of_key(point.setting);
    if (workload.keys <= fitting) return;
    if (point.dimension != "value-size" || fitting == 0) {
        point.left_out = true;
        point.note = fmt::format(
            "left out: {} copies take {}, and {} may be used", point.setting.cluster.copies,
            gigabytes(workload.keys * bytes_of_key(point.setting)), gigabytes(memory));
        return;
    }
    workload.keys = fitting;
    add_note(point,
             fmt::format("{} keys, for more do not fit into {}", fitting, gigabytes(memory)));
}

void fit_files(ScalePoint& point, std::uint64_t files) {
    const std::uint64_t wanted =
        point.setting.load.clients * (point.setting.cluster.nodes + 1) + files_of_its_own;
    if (point.left_out || wanted <= files) return;
    point.left_out = true;
    point.note = fmt::format("left out: it takes {} open files, and {} are allowed (ulimit -n)",
                             wanted, files);
}

Result<void> measure_point(Session& session, const ScaleConfig& config, const ScalePoint& point,
                           std::vector<Phase>& phases,
                           const std::function<void(const ScalePoint&, const Phase&)>& done) {
    const auto begun = Experiment::begin(session, point.setting);
    if (!begun) return std::unexpected(begun.error());
    Experiment& experiment = **begun;
    session.progress(point.name() + ": warm-up");
    if (const auto over = experiment.begin_load(config.warm_up); !over) return over;
    for (unsigned round = 1; round <= config.rounds; ++round) {
        session.begin_round(point.name());
        auto phase = experiment.measure(config.span);
        if (!phase) return std::unexpected(phase.error());
        phase->name = point.name();
        phase->round = round;
        if (round == config.rounds) {
            if (const auto over = experiment.end_load(*phase); !over) return over;
        }
        phases.push_back(*std::move(phase));
        done(point, phases.back());
    }
    return {};
}

// Large values are bounded by what the kernel copies, which the machine says best at that time.
Result<void> measure_stream(Session& session, const ScaleConfig& config, const ScalePoint& point,
                            const ScaleEvents& done) {
    if (point.dimension != "value-size" || point.value < stream_values) return {};
    session.progress("a raw stream over loopback");
    const auto carried = loopback_stream(config.stream);
    if (!carried) return std::unexpected(carried.error());
    done.stream(point, *carried);
    return {};
}

}  // namespace

std::string ScalePoint::name() const {
    return fmt::format("{} {}", dimension, value);
}

const std::vector<std::string>& scale_dimensions() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> made;
        for (const Range& range : ranges()) made.push_back(range.dimension);
        return made;
    }();
    return names;
}

std::vector<ScalePoint> scale_points(const Setting& base,
                                     const std::vector<std::string>& dimensions, bool shorter,
                                     const ScaleLimits& limits) {
    std::vector<ScalePoint> points;
    for (const Range& range : ranges()) {
        if (std::ranges::find(dimensions, range.dimension) == dimensions.end()) continue;
        for (const std::uint64_t value : shorter ? range.shorter : range.values) {
            ScalePoint point{.dimension = range.dimension, .value = value, .setting = base};
            vary(point);
            fit_memory(point, limits.memory);
            fit_files(point, limits.files);
            points.push_back(std::move(point));
        }
    }
    return points;
}

Result<std::vector<Phase>> scale(Session& session, const ScaleConfig& config,
                                 const ScaleEvents& done) {
    std::vector<Phase> phases;
    const auto left_out = std::ranges::count_if(config.points, &ScalePoint::left_out);
    session.plan((config.points.size() - static_cast<std::size_t>(left_out)) * config.rounds);
    for (const ScalePoint& point : config.points) {
        if (point.left_out) continue;
        auto over = measure_point(session, config, point, phases, done.round);
        if (over) over = measure_stream(session, config, point, done);
        if (over) continue;
        if (session.interrupted()) return std::unexpected(over.error());
        done.failed(fmt::format("{}: {}", point.name(), over.error().message));
    }
    return phases;
}

std::string stream_text(const ScalePoint& point, const std::vector<Phase>& phases, double stream) {
    std::vector<double> megabytes;
    for (const Phase& phase : phases) {
        if (phase.name != point.name()) continue;
        megabytes.push_back(phase.per_second() * static_cast<double>(point.value) / 1e6);
    }
    const double share = spread_of(megabytes).median * 1e6 / stream;
    return fmt::format(
        "values of {} bytes, {}: {} MB/s, {:.0f} % of the {:.0f} MB/s of one loopback TCP "
        "stream; at least {:.0f} %: {}\n",
        point.value, counted(point.setting.cluster.copies, "copy", "copies"),
        spread_text(megabytes, 0), 100 * share, stream / 1e6, 100 * stream_goal,
        share >= stream_goal ? "met" : "missed");
}

std::string scale_csv_head() {
    return "dimension,value,nodes,copies,clients,depth,value_size,keys," + phase_csv_head();
}

std::string scale_csv_line(const ScalePoint& point, const Phase& phase) {
    const Setting& setting = point.setting;
    return fmt::format("{},{},{},{},{},{},{},{},{}", point.dimension, point.value,
                       setting.cluster.nodes, setting.cluster.copies, setting.load.clients,
                       setting.load.depth, setting.workload.value_size, setting.workload.keys,
                       phase_csv_line(phase));
}

std::string scale_notes(const std::vector<ScalePoint>& points) {
    std::string notes;
    for (const ScalePoint& point : points) {
        if (!point.note.empty()) notes += fmt::format("{}: {}\n", point.name(), point.note);
    }
    return notes;
}

}  // namespace grapevine::bench
