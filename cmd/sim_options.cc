#include "sim_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/limits.h"
#include "sim/fault_mix.h"
#include "sim/script.h"
#include "version.h"

namespace grapevine {

namespace {

using sim::Fault;
using sim::PlanChoice;

constexpr const char* about =
    R"(Runs a whole Grapevine cluster in one process and in virtual time, breaks it, and checks that
no promise is broken. The nodes and clients are those of the real programs. The same seed and
options give the same run, event for event.

  sim --kill 2                              7 nodes, 3 copies, two die at once: the story
  sim --at 2s:kill=server3 --at 4s:restart=server3 --at 6s:cut=server1/server2
  sim --at 1s:kill=coordinator,server1,server2,server3,server4 --at 2s:force   founded anew
  sim --faults all --runs 2000              a swarm: each seed draws its own cluster and faults
  sim --faults all --seed 117               one run of it, told
  sim --faults all --seed 117 --explain key7   the life of one key
  sim --faults all --seed 117 --shrink      a smaller run that fails in the same way
  sim membership --nodes 100 --loss 20      who is up, at scale and without data; it has a --help

Exit codes: 0 passed, 1 an invariant was broken, 2 the command line is wrong or what is asked for
cannot be told or written, 3 the cluster did not become whole after the faults, 4 a run crashed, 130
interrupted.)";

constexpr const char* faults_about =
    R"(Faults, for --at and in a script (one a line, # begins a comment). Times count from the moment
when the cluster is ready and the first keys are written.
  2s:kill=server3,server5     both at the same instant (client2: in the middle of its work)
  4s:restart=server3          a new, empty process in its place
  4s:back=coordinator         likewise, but with what it saved: the voter that it was
  4s:leave=server3            it is asked to leave; join=server8: a node that was not there comes
  2s:aim=accept               who next sends an Accept dies then; others: prepare, ... (sim/moment.h)
  1500ms:pause=server1        it stands still until resume=server1
  3s:slow=server1@50          its turns cost 50 times as much
  3s:drift=server1@-15625     its clock is slower by so many parts per million
  3s:wall=server1@-60000      its wall clock is set back by so many milliseconds, or forwards
  6s:cut=server1/server2      nothing passes; a+b/c+d: between groups
  6s:cutoneway=a/b            nothing passes from a to b
  6s:flap=a/b@200ms           cut and healed in turn; clog=a/b holds everything
  6s:hang=a/b                 links stand still, datagrams pass; mute=a/b the other way round
  6s:clogoneway=a/b           only what a sends to b; so hangoneway, muteoneway
  6s:refuse=a/b               dials are refused though b lives
  4s:full=server1@64          of its memory so many KiB are left; roomy=server1 ends that
  6s:break=a/b                their links end; new ones can be made
  9s:heal=a/b                 ends these between the two; heal alone: everywhere
  3s:loss=20                  percent of all datagrams; burst=20@8: so many in a row
  3s:duplicate=5@2s           come again, that late; corrupt=5; delay=100us-2ms-80ms; echo=10@4s
  5s:force                    an operator founds the cluster anew, where its quorum is gone for good
  5s:acceptloss               an operator gives up what is down: it restarts empty
  9s:calm                     everything that goes on ends
The story of kills beyond what the cluster survives says so; PASS then means that nothing false was
answered.)";

// As they are typed. Signed, so that a negative number is seen as one; absent: not given.
struct Typed {
    std::int64_t seed = 1;
    std::optional<std::int64_t> kill;
    std::optional<std::int64_t> nodes;
    std::optional<std::int64_t> copies;
    std::optional<std::int64_t> partitions;
    std::optional<std::int64_t> clients;
    std::optional<std::int64_t> keys;
    std::optional<std::int64_t> runs;
    std::int64_t jobs = 0;
    std::string think;
    std::string length;
    std::optional<std::string> faults;
    std::vector<std::string> at;
    std::string script;
    std::string planted;
    bool without_coordinator = false;
    bool with_coordinator = false;
};

void add_options(CLI::App& app, Typed& typed, SimOptions& options) {
    const char* story = "One run";
    app.add_option("--kill", typed.kill, "that many nodes die at the same instant")->group(story);
    app.add_option("--at", typed.at, "a fault and when, as below; can be repeated")
        ->expected(1)
        ->take_all()
        ->group(story);
    app.add_option("--script", typed.script, "a file of faults")->group(story);
    app.add_option("--explain", options.explain, "tell the life of this key")->group(story);
    app.add_option("--trace", options.trace, "write every event to this file")->group(story);
    const char* swarm = "Swarm";
    app.add_option("--faults", typed.faults,
                   "draw faults: all, none, or classes of them, as in kill,pause,cut (with --at or "
                   "--script these are carried out instead); there are " +
                       sim::fault_class_names())
        ->group(swarm);
    app.add_option("--runs", typed.runs, "so many runs, with the seeds from --seed on")
        ->group(swarm);
    app.add_option("--jobs", typed.jobs, "runs at once; default: one for each processor core")
        ->group(swarm);
    app.add_flag("--shrink", options.shrink, "look for a smaller run that fails in the same way")
        ->group(swarm);
    app.add_option("--save", options.save, "write the faults of the shrunk run to this file")
        ->group(swarm);
    const char* what = "What runs; a swarm draws what is not given";
    app.add_option("--seed", typed.seed, "same seed, same run")->capture_default_str()->group(what);
    app.add_option("--nodes", typed.nodes, "storage nodes (story: 7)")->group(what);
    app.add_option("--rep", typed.copies, "copies of every key (story: 3)")->group(what);
    app.add_option("--partitions", typed.partitions, "a power of two (story: 1024)")->group(what);
    app.add_flag("--no-coordinator", typed.without_coordinator, "server1 founds the cluster")
        ->group(what);
    app.add_flag("--with-coordinator", typed.with_coordinator, "a coordinator does (story)")
        ->group(what);
    app.add_option("--clients", typed.clients, "that work meanwhile")->group(what);
    app.add_option("--keys", typed.keys, "that these clients share")->group(what);
    app.add_option("--think", typed.think, "longest pause of a client, like 20ms")->group(what);
    app.add_option("--for", typed.length, "how long faults last, like 60s")->group(what);
    app.add_flag("--verbose", options.verbose, "tell more");
    app.add_option(
           "--limit", options.limit_s,
           "seconds of processor time, or of standing still, after which a run counts as one "
           "that never ends")
        ->capture_default_str()
        ->group(swarm);
    app.add_option("--planted", typed.planted, "for tests: fail on purpose")->group("");
    app.footer(faults_about);
    app.set_version_flag("--version",
                         fmt::format("grapevine {}, protocol {}, commit {}", GRAPEVINE_RELEASE,
                                     protocol_version, GRAPEVINE_COMMIT));
}

struct Range {
    const char* name;
    const std::optional<std::int64_t>& value;
    std::int64_t from;
    std::int64_t to;
};

// Far from where a number that is larger yet is taken for the largest of its type, and where the
// last seed of a swarm is past that.
constexpr std::int64_t seed_max = 1'000'000'000'000'000'000;

Result<void> check_ranges(const Typed& typed, const SimOptions& options) {
    const std::optional<std::int64_t> seed = typed.seed;
    const std::optional<std::int64_t> jobs = typed.jobs;
    const std::optional<std::int64_t> limit = options.limit_s;
    for (const Range& range :
         {Range{"--seed", seed, 0, seed_max}, Range{"--kill", typed.kill, 0, 100},
          Range{"--nodes", typed.nodes, 1, 100},
          Range{"--rep", typed.copies, 1, std::int64_t{copies_max}},
          Range{"--partitions", typed.partitions, 1, 16384},
          Range{"--clients", typed.clients, 1, 1000}, Range{"--keys", typed.keys, 1, 100'000},
          Range{"--runs", typed.runs, 1, 1'000'000'000}, Range{"--jobs", jobs, 0, 1000},
          Range{"--limit", limit, 1, 1'000'000}}) {
        if (!range.value || (*range.value >= range.from && *range.value <= range.to)) continue;
        return fail("{} is {} to {}", range.name, range.from, range.to);
    }
    const std::int64_t partitions = typed.partitions.value_or(1);
    if ((partitions & (partitions - 1)) != 0) return fail("--partitions is a power of two");
    return {};
}

bool is_story(const Typed& typed) {
    return !typed.faults && !typed.runs;
}

Result<void> check_combinations(const Typed& typed, const SimOptions& options) {
    const std::int64_t nodes = typed.nodes.value_or(7);
    if (typed.kill && !is_story(typed))
        return fail("--kill is for one run; a swarm draws its deaths");
    if (typed.kill && *typed.kill > nodes) {
        return fail("--kill {} is more than the {} nodes there are", *typed.kill, nodes);
    }
    const bool is_many = typed.runs && *typed.runs > 1;
    if (is_many && !options.explain.empty())
        return fail("--explain is for one run: give its --seed");
    if (is_many && !options.trace.empty()) return fail("--trace is for one run: give its --seed");
    if (typed.with_coordinator && typed.without_coordinator) {
        return fail("--with-coordinator and --no-coordinator exclude each other");
    }
    if (!options.save.empty() && !options.shrink) return fail("--save goes with --shrink");
    return {};
}

Result<std::optional<Duration>> length_of(const char* name, const std::string& text) {
    if (text.empty()) return std::optional<Duration>{};
    const Result<Duration> length = sim::parse_duration(text);
    if (!length) return fail("{}: {}", name, length.error().message);
    if (*length <= Duration{} || *length > std::chrono::hours(24))
        return fail("{} is above 0 and up to a day", name);
    return std::optional<Duration>(*length);
}

template <class To>
std::optional<To> as(const std::optional<std::int64_t>& value) {
    return value ? std::optional<To>(static_cast<To>(*value)) : std::nullopt;
}

// Faults by --at and by --script, in the order of time; who they name has to exist.
Result<std::vector<Fault>> read_faults(const Typed& typed, const sim::WorldConfig& world) {
    const sim::World names(world);
    std::vector<Fault> faults;
    for (const std::string& text : typed.at) {
        const Result<Fault> fault = sim::parse_fault(text);
        if (!fault) return fail("--at {}: {}", text, fault.error().message);
        faults.push_back(*fault);
    }
    const std::size_t typed_here = faults.size();
    if (!typed.script.empty()) {
        const auto read =
            sim::read_script(typed.script, [&](const Fault& fault, std::vector<Fault> all) {
                all.insert(all.end(), faults.begin(), faults.end());
                return names.check(fault, all);
            });
        if (!read) return std::unexpected(read.error());
        faults.insert(faults.end(), read->begin(), read->end());
    }
    for (std::size_t i = 0; i < typed_here; ++i) {
        const Result<void> known = names.check(faults[i], faults);
        if (!known) return fail("--at {}: {}", typed.at[i], known.error().message);
    }
    std::ranges::stable_sort(faults, {}, &Fault::at);
    return faults;
}

// Faults that would never strike.
Result<void> check_times(const SimOptions& options) {
    const bool differs = options.runs > 1 && !options.choice.faults_for;
    const Duration length =
        differs ? sim::faults_least : sim::draw_plan(options.seed, options.choice).faults_for;
    for (const Fault& fault : *options.choice.script) {
        if (fault.at <= length) continue;
        return fail("{} comes when the faults are over, after {} ms; --for makes that later",
                    to_string(fault), to_ms(length));
    }
    return {};
}

Result<void> choose(const Typed& typed, SimOptions& options) {
    PlanChoice& choice = options.choice;
    choice.is_story = is_story(typed);
    if (typed.faults) {
        const auto faults = sim::FaultMix::parse(*typed.faults);
        if (!faults) return fail("--faults: {}", faults.error().message);
        choice.faults = *faults;
    }
    choice.kill = static_cast<std::size_t>(typed.kill.value_or(0));
    choice.nodes = as<std::size_t>(typed.nodes);
    choice.copies = as<std::uint32_t>(typed.copies);
    choice.partitions = as<std::uint32_t>(typed.partitions);
    choice.clients = as<std::size_t>(typed.clients);
    choice.keys = as<std::size_t>(typed.keys);
    if (typed.without_coordinator) choice.coordinator = false;
    if (typed.with_coordinator) choice.coordinator = true;
    const auto think = length_of("--think", typed.think);
    if (!think) return std::unexpected(think.error());
    choice.think = *think;
    const auto length = length_of("--for", typed.length);
    if (!length) return std::unexpected(length.error());
    choice.faults_for = *length;
    if (choice.kill > 0 && *length && **length < sim::kill_after) {
        return fail("--kill strikes after {} ms; give --for more time", to_ms(sim::kill_after));
    }
    using enum sim::Planted;
    for (const sim::Planted planted : {broken, torn, crash, hang}) {
        if (typed.planted == to_string(planted)) choice.planted = planted;
    }
    if (!typed.planted.empty() && choice.planted == nothing) {
        return fail("--planted is broken, torn, crash or hang");
    }
    options.seed = static_cast<std::uint64_t>(typed.seed);
    options.runs = static_cast<std::size_t>(typed.runs.value_or(1));
    options.jobs = static_cast<std::size_t>(typed.jobs);
    if (typed.at.empty() && typed.script.empty()) return {};
    const auto faults = read_faults(typed, sim::draw_plan(options.seed, choice).world);
    if (!faults) return std::unexpected(faults.error());
    choice.script = *faults;
    return check_times(options);
}

}  // namespace

Result<SimOptions> parse_sim_options(int argc, char** argv) {
    SimOptions options;
    Typed typed;
    CLI::App app{about};
    add_options(app, typed, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() != 0) return fail("{}; see sim --help", error.what());
        options.exit = app.exit(error);
        return options;
    }
    Result<void> right = check_ranges(typed, options);
    if (right) right = check_combinations(typed, options);
    if (right) right = choose(typed, options);
    if (!right) return std::unexpected(right.error());
    return options;
}

}  // namespace grapevine
