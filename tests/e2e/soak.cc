// Real processes for a long time: seven nodes with three copies and a coordinator on a network of
// their own, eight clients, and deaths, restarts, pauses, cuts, leaves and joins by chance, one or
// two at once, never beyond the promise. After each episode everything is healed, the cluster has
// to become whole, the history of the episode is judged, and what earlier episodes wrote is read
// back.
//
// Not a test: ./run soak. GRAPEVINE_MINUTES is how long (default 30), GRAPEVINE_SEED draws the
// faults. Ends at the first defect. Progress goes to stderr, the report, in Markdown, to stdout.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <iostream>
#include <map>

#include "base/rng.h"
#include "bench/record.h"
#include "e2e/load.h"
#include "e2e/ordeal.h"
#include "e2e/report.h"
#include "runtime/clock.h"
#include "version.h"

using namespace grapevine;
using namespace grapevine::e2e;

namespace {

constexpr std::size_t hosts = 7;

// What a node may take at the end of an episode. It holds a few thousand small keys.
constexpr std::size_t resident_kib_max = 128 * 1024;
constexpr std::size_t descriptors_max = 256;

void leave(Stage& stage) {
    stage.cluster.at(stage.victim).signal(SIGTERM);
}

// It has left, or given up: what hinders it may be the other fault of the episode.
void join_again(Stage& stage) {
    Process& node = stage.cluster.at(stage.victim);
    REQUIRE(run_until(stage.loop, 60s, [&] { return node.ended(); }));
    CHECK((node.wait(1s)->code == 0 || node.wait(1s)->code == 4));
    stage.cluster.restart_at(stage.network, stage.victim);
}

void kill_coordinator(Stage& stage) {
    stage.cluster.coordinator().signal(SIGKILL);
}

void start_coordinator(Stage& stage) {
    stage.cluster.restart_coordinator();
}

// How many nodes it disturbs at once, and how.
struct Fault {
    Ordeal ordeal;
    std::size_t disturbs = 1;
};

std::vector<Fault> faults() {
    std::vector<Fault> all{
        {{"leave and join", 0ms, true, 1s, leave, join_again}},
        {{"coordinator killed", 0ms, true, 1s, kill_coordinator, start_coordinator}, 0}};
    for (const Ordeal& ordeal : ordeals())
        all.push_back({ordeal, ordeal.name == "two of seven cut off" ? 2U : 1U});
    return all;
}

class Soak {
public:
    Soak(Stage& stage, std::uint64_t seed)
        : stage_(stage), rng_(seed), all_(faults()), book_(0), seed_(seed) {}

    void episode();
    void report() const;

private:
    void disturb();
    void tell_where_it_stands();
    void rest();
    void judge();
    void write_lasting();
    void look_at_resources();
    std::size_t other_than(std::size_t host) { return (host + 1 + rng_.below(hosts - 1)) % hosts; }

    Stage& stage_;
    Rng rng_;
    std::vector<Fault> all_;
    Book book_;
    std::uint64_t seed_;
    std::size_t episodes_ = 0;
    std::size_t operations_ = 0;
    std::size_t failures_ = 0;
    Duration last_wait_{};  // the longest of the last episode
    Duration longest_{};
    Duration longest_away_{};  // until all nodes were back, with all copies
    Resources first_, last_,
        most_;  // the largest of the nodes after the first, the last, any episode
    std::map<std::string, std::size_t> suffered_;
};

void Soak::episode() {
    ++episodes_;
    stage_.traffic.turn_page();
    stage_.traffic.begin();
    run_for(stage_.loop, 1s);
    disturb();
    rest();
    judge();
    write_lasting();
    look_at_resources();
    std::cerr << "episode " << episodes_ << ": " << stage_.traffic.history().size()
              << " operations, the longest waited " << to_ms(last_wait_) << " ms; "
              << last_.resident_kib << " KiB, " << last_.descriptors << " descriptors at most"
              << std::endl;
}

constexpr Wait longest = 10s;

// One fault, or two that overlap where the copies survive both.
void Soak::disturb() {
    const Fault& first = all_[rng_.below(all_.size())];
    const Fault& second = all_[rng_.below(all_.size())];
    const bool both = first.disturbs + second.disturbs <= 2 && rng_.below(2) == 0 &&
                      first.ordeal.name != second.ordeal.name;
    Stage one = stage_;
    one.victim = rng_.below(hosts);
    one.other = other_than(one.victim);
    Stage two = stage_;
    two.victim = other_than(one.victim);
    two.other = one.victim;
    std::cerr << first.ordeal.name << " at " << one.victim;
    if (both) std::cerr << " and " << second.ordeal.name << " at " << two.victim;
    std::cerr << std::endl;
    ++suffered_[first.ordeal.name];
    if (both) ++suffered_[second.ordeal.name];

    // Each as long as it says; the second begins while the first goes on.
    const auto lasts = [](const Fault& fault) {
        return std::min<Wait>(fault.ordeal.lasts, longest);
    };
    const Wait first_alone{rng_.below(static_cast<std::uint64_t>(lasts(first).count()) + 1)};
    const Wait first_left = lasts(first) - first_alone;
    first.ordeal.begin(one);
    if (!both) {
        run_for(stage_.loop, lasts(first));
        return first.ordeal.end(one);
    }
    run_for(stage_.loop, first_alone);
    second.ordeal.begin(two);
    run_for(stage_.loop, std::min(first_left, lasts(second)));
    if (first_left <= lasts(second)) {
        first.ordeal.end(one);
        run_for(stage_.loop, lasts(second) - first_left);
        second.ordeal.end(two);
    } else {
        second.ordeal.end(two);
        run_for(stage_.loop, first_left - lasts(second));
        first.ordeal.end(one);
    }
}

// The end of what each node says in its log, and what the cluster says of itself.
void Soak::tell_where_it_stands() {
    constexpr std::size_t log_end = 3000;
    for (std::size_t host = 0; host < hosts; ++host) {
        const std::string log = stage_.cluster.at(host).err();
        const std::size_t from = log.size() - std::min(log.size(), log_end);
        std::cout << "the node at host " << host << ":\n" << log.substr(from) << "\n";
    }
    for (const char* const verb : {"--ring", "--status"}) {
        std::cout << ask(stage_, {verb}).out << "\n";
    }
    std::cout.flush();
}

void Soak::rest() {
    // Who was evicted again and again stays away for a minute, and for another one where what it
    // hears breaks off meanwhile (node/readmission.h).
    const Time begin = boot_time();
    const bool is_whole = await_whole(stage_, 150s);
    longest_away_ = std::max(longest_away_, boot_time() - begin);
    if (!is_whole) tell_where_it_stands();
    REQUIRE(is_whole);
    run_for(stage_.loop, 500ms);
    stage_.traffic.end();
    REQUIRE(run_until(stage_.loop, 60s, [&] { return stage_.traffic.idle(); }));
    for (std::size_t host = 0; host < hosts; ++host) {
        INFO("the node at host " << host << " ended: " << stage_.cluster.at(host).err());
        REQUIRE_FALSE(stage_.cluster.at(host).ended());
    }
    REQUIRE_FALSE(stage_.cluster.coordinator().ended());
}

void Soak::judge() {
    const History& history = stage_.traffic.history();
    const std::string defect = defect_of(history);
    INFO(defect);
    REQUIRE(defect.empty());
    operations_ += history.size();
    failures_ += static_cast<std::size_t>(std::ranges::count_if(history, is_failure));
    last_wait_ = longest_outage(history, Time{}, boot_time());
    longest_ = std::max(longest_, last_wait_);
}

// Keys that are written once, in the calm after an episode, and have to stay.
void Soak::write_lasting() {
    const Address seed = addresses_on(stage_.network).front();
    const auto key = [&](std::size_t number) {
        return "lasting-" + std::to_string(episodes_) + "-" + std::to_string(number);
    };
    const Batch writes{.count = 20,
                       .make =
                           [&](std::size_t number) {
                               Operation operation;
                               operation.kind = OperationKind::put;
                               operation.key = key(number);
                               operation.value = value_of(operation.key);
                               return operation;
                           },
                       .done =
                           [&](std::size_t number, const Outcome& outcome) {
                               REQUIRE(outcome.kind == OutcomeKind::ok);
                               book_.written(key(number));
                           }};
    REQUIRE(perform(stage_.loop, seed, writes, 60s));
    REQUIRE(read_back(stage_.loop, seed, book_, 120s));
    INFO(book_.first_broken());
    REQUIRE(book_.broken().empty());
}

void Soak::look_at_resources() {
    last_ = {};
    for (std::size_t host = 0; host < hosts; ++host) {
        const Resources of = resources_of(stage_.cluster.at(host).pid());
        last_.resident_kib = std::max(last_.resident_kib, of.resident_kib);
        last_.descriptors = std::max(last_.descriptors, of.descriptors);
    }
    if (episodes_ == 1) first_ = last_;
    most_.resident_kib = std::max(most_.resident_kib, last_.resident_kib);
    most_.descriptors = std::max(most_.descriptors, last_.descriptors);
    REQUIRE(last_.resident_kib <= resident_kib_max);
    REQUIRE(last_.descriptors <= descriptors_max);
}

void Soak::report() const {
    std::cout << "Seed " << seed_ << ": " << episodes_ << " episodes, " << operations_
              << " operations, of which " << failures_
              << " ended unavailable or unknown; the longest waited " << to_ms(longest_)
              << " ms, and the cluster for " << to_ms(longest_away_)
              << " ms until it was whole again. Every history linearizable, all of "
              << book_.unique_keys().size()
              << " lasting keys read back after each episode, no process crashed.\n\n"
              << "| of the largest node | after the first episode | after the last | most |\n"
              << "| --- | ---: | ---: | ---: |\n"
              << "| resident, KiB | " << first_.resident_kib << " | " << last_.resident_kib << " | "
              << most_.resident_kib << " |\n"
              << "| descriptors | " << first_.descriptors << " | " << last_.descriptors << " | "
              << most_.descriptors << " |\n\n| fault | times |\n| --- | ---: |\n";
    for (const auto& [name, times] : suffered_)
        std::cout << "| " << name << " | " << times << " |\n";
}

}  // namespace

TEST_CASE("soak", "[measure]") {
    const std::chrono::minutes minutes(std::stoul(setting("GRAPEVINE_MINUTES", "30")));
    const std::uint64_t seed = std::stoull(setting("GRAPEVINE_SEED", "1"));
    const std::string about = bench::describe_run(
        {.commit = GRAPEVINE_COMMIT,
         .command = fmt::format("./run soak --minutes {} --seed {}", minutes.count(), seed)});
    std::string why;
    const std::unique_ptr<Network> network = Network::make(hosts, why);
    INFO(why);
    REQUIRE(network);
    Loop loop;
    Cluster cluster = Cluster::on(*network, 3, Cluster::Founder::coordinator);
    Traffic traffic(loop, {.seeds = addresses_on(*network), .seed = seed});
    Stage stage{loop, *network, cluster, traffic};
    Soak soak(stage, seed);
    const auto end = std::chrono::steady_clock::now() + minutes;
    while (std::chrono::steady_clock::now() < end) soak.episode();
    std::cout << about << '\n';
    soak.report();
}
