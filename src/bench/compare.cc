#include "bench/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "bench/etcd_target.h"
#include "bench/exchange.h"
#include "bench/experiment.h"
#include "bench/grapevine_target.h"
#include "bench/redis_target.h"

namespace grapevine::bench {

namespace {

constexpr unsigned etcd_copies = 3;
// Of operations: etcd writes to disk and is slower by an order of magnitude.
constexpr std::uint64_t etcd_share = 10;
constexpr std::size_t fill_depth = 64;

std::vector<Variant> redis_variants(unsigned copies, const std::vector<std::size_t>& depths) {
    if (copies == 1) return {{.name = "redis without copies", .acks = 0, .depths = depths}};
    return {
        {.name = "redis asynchronous", .acks = 0, .depths = depths},
        {.name = fmt::format("redis WAIT {}", copies - 1), .acks = copies - 1, .depths = depths}};
}

bool has(const std::vector<std::size_t>& numbers, std::size_t number) {
    return std::ranges::find(numbers, number) != numbers.end();
}

Result<std::unique_ptr<Target>> start_peer(Session& session, const Match& match) {
    if (match.peer == "etcd") return EtcdTarget::start(session, match.nodes);
    return RedisTarget::start(session, match.nodes, match.copies - 1);
}

// Which package has to be installed for a match; empty: none.
std::string missing_package(const Match& match) {
    const std::string& program = match.peer == "etcd" ? etcd_program : redis_program;
    if (is_installed(program)) return {};
    return match.peer == "etcd" ? "etcd-server" : "redis-server";
}

// Of all sides; what is not installed has none.
std::size_t rounds_of(const CompareConfig& config) {
    std::size_t bouts = 0;
    for (const Match& match : matches_of(config)) {
        if (!missing_package(match).empty()) continue;
        for (const Variant& variant : match.variants) bouts += variant.depths.size();
    }
    return 2 * bouts * std::max<std::size_t>(config.rates.size(), 1) * config.rounds;
}

// Both clusters of one match, started and filled.
class Meeting {
public:
    Meeting(Session& session, const CompareConfig& config, const Match& match,
            const CompareEvents& events)
        : session_(session), config_(config), match_(match), events_(events) {}

    Result<void> begin();
    // All bouts; those that are not whole are not added.
    Result<void> run(std::vector<Bout>& bouts);

private:
    Result<void> fill(Target& target);
    Result<Bout> run(const Variant& variant, std::size_t depth, std::uint64_t rate);
    [[nodiscard]] LanesConfig lanes(std::size_t depth, std::uint64_t rate = 0) const {
        return {.connections = config_.connections,
                .depth = depth,
                .rate = rate,
                .workload = config_.workload};
    }

    Session& session_;
    const CompareConfig& config_;
    const Match& match_;
    const CompareEvents& events_;
    std::unique_ptr<Target> ours_;
    std::unique_ptr<Target> theirs_;
};

Result<void> Meeting::begin() {
    session_.progress(fmt::format("starting {} and Grapevine", match_.peer));
    auto theirs = start_peer(session_, match_);
    if (!theirs) return std::unexpected(theirs.error());
    theirs_ = *std::move(theirs);
    ClusterConfig cluster;
    cluster.nodes = match_.nodes;
    cluster.copies = match_.copies;
    cluster.partitions = config_.partitions;
    auto ours = GrapevineTarget::start(session_, cluster, config_.workload);
    if (!ours) return std::unexpected(ours.error());
    ours_ = *std::move(ours);
    events_.note(fmt::format("{} against {}", ours_->description(), theirs_->description()));
    for (Target* target : {ours_.get(), theirs_.get()}) {
        if (const auto filled = fill(*target); !filled) return filled;
    }
    return {};
}

Result<void> Meeting::fill(Target& target) {
    session_.progress(fmt::format("{}: writing {} keys", target.name(), config_.workload.keys));
    // Where only one may be in flight, so it is here.
    const std::size_t depth = match_.peer == "etcd" ? 1 : fill_depth;
    return Side(session_, target, lanes(depth), 0).fill();
}

Result<void> Meeting::run(std::vector<Bout>& bouts) {
    const auto rates = config_.rates.empty() ? std::vector<std::uint64_t>{0} : config_.rates;
    for (const Variant& variant : match_.variants) {
        for (const std::size_t depth : variant.depths) {
            for (const std::uint64_t rate : rates) {
                auto bout = run(variant, depth, rate);
                if (!bout) return std::unexpected(bout.error());
                bouts.push_back(*std::move(bout));
            }
        }
    }
    return {};
}

Result<Bout> Meeting::run(const Variant& variant, std::size_t depth, std::uint64_t rate) {
    Bout bout{.copies = match_.copies,
              .against = variant.name,
              .depth = depth,
              .rate = rate,
              .ours = {},
              .theirs = {}};
    Side ours(session_, *ours_, lanes(depth, rate), 0);
    Side theirs(session_, *theirs_, lanes(depth, rate), variant.acks);
    const std::pair<Side*, std::vector<Phase>*> sides[] = {{&ours, &bout.ours},
                                                           {&theirs, &bout.theirs}};
    const Length warm_up = warm_up_of(match_.round);
    for (unsigned round = 0; round <= config_.rounds; ++round) {
        const std::string pace =
            rate > 0 ? fmt::format("{} a second", rate) : fmt::format("depth {}", depth);
        const std::string what = fmt::format("rep {}, {}, {}", bout.copies, bout.against, pace);
        for (const auto& [side, phases] : sides) {
            if (round == 0) {
                session_.progress(what + ": warm-up");
            } else {
                session_.begin_round(what);
            }
            auto phase = side->run(round == 0 ? warm_up : match_.round, 1 + round);
            if (!phase) return std::unexpected(phase.error());
            if (round == 0) continue;
            phase->round = round;
            phases->push_back(*std::move(phase));
            events_.round(bout, phases->back());
        }
    }
    return bout;
}

}  // namespace

Length warm_up_of(const Length& round) {
    return {.operations = 0, .span = std::max(warm_up_min, round.span / 4)};
}

std::vector<Match> matches_of(const CompareConfig& config) {
    std::vector<Match> matches;
    for (const std::string& peer : config.against) {
        for (const unsigned copies : config.copies) {
            Match match{.peer = peer,
                        .copies = copies,
                        .nodes = config.nodes,
                        .round = config.round,
                        .variants = {}};
            if (peer == "redis") {
                match.variants = redis_variants(copies, config.depths);
            } else if (copies == etcd_copies && has(config.depths, 1)) {
                match.nodes = etcd_copies;
                const std::uint64_t operations = config.round.operations;
                if (operations > 0) {
                    match.round.operations = std::max<std::uint64_t>(operations / etcd_share, 1);
                }
                match.variants = {{.name = peer, .acks = 0, .depths = {1}}};
            }
            if (!match.variants.empty()) matches.push_back(match);
        }
    }
    return matches;
}

std::string defect_of(const CompareConfig& config, std::uint64_t memory) {
    if (matches_of(config).empty()) return "etcd is compared at --rep 3 and --depth 1";
    for (const Match& match : matches_of(config)) {
        Setting setting;
        setting.cluster.nodes = match.nodes;
        setting.cluster.copies = match.copies;
        setting.cluster.partitions = config.partitions;
        setting.workload = config.workload;
        // The peer's are there at the same time.
        if (std::string defect = defect_of(setting, memory / 2); !defect.empty()) return defect;
    }
    return {};
}

Result<std::vector<Bout>> compare(Session& session, const CompareConfig& config,
                                  const CompareEvents& events) {
    std::vector<Bout> bouts;
    std::string told;
    session.plan(rounds_of(config));
    for (const Match& match : matches_of(config)) {
        if (const std::string package = missing_package(match); !package.empty()) {
            const std::string sentence =
                fmt::format("{} is not installed: apt-get install {}",
                            match.peer == "etcd" ? "etcd" : package, package);
            if (std::exchange(told, sentence) != sentence) events.note(sentence);
            continue;
        }
        Meeting meeting(session, config, match, events);
        if (const auto begun = meeting.begin(); !begun) return std::unexpected(begun.error());
        if (const auto over = meeting.run(bouts); !over) return std::unexpected(over.error());
        session.progress("ending what was started");
    }
    session.clear_progress();
    if (bouts.empty()) return fail("nothing was there to compare with");
    return bouts;
}

}  // namespace grapevine::bench
