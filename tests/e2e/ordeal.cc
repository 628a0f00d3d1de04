#include "e2e/ordeal.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "e2e/load.h"
#include "runtime/clock.h"

namespace grapevine::e2e {

namespace {

void signal_victim(Stage& stage, int number) {
    Process& node = stage.cluster.at(stage.victim);
    REQUIRE_FALSE(node.ended());
    node.signal(number);
}

void heal(Stage& stage) {
    stage.network.heal();
}

void stop(Stage& stage) {
    signal_victim(stage, SIGSTOP);
}

void go_on(Stage& stage) {
    signal_victim(stage, SIGCONT);
}

void kill_victim(Stage& stage) {
    signal_victim(stage, SIGKILL);
}

void start_again(Stage& stage) {
    stage.cluster.restart_at(stage.network, stage.victim);
}

// The victim and the one after it from all others.
void cut_two_off(Stage& stage) {
    const std::size_t hosts = stage.network.hosts();
    const std::size_t second = (stage.victim + 1) % hosts;
    for (std::size_t host = 0; host < hosts; ++host) {
        if (host == stage.victim || host == second) continue;
        stage.network.cut(stage.victim, host);
        stage.network.cut(second, host);
    }
}

void each_other(Stage& stage, const std::function<void(std::size_t)>& act) {
    for (std::size_t host = 0; host < stage.network.hosts(); ++host) {
        if (host != stage.victim) act(host);
    }
}

void cut_off(Stage& stage) {
    each_other(stage, [&](std::size_t host) { stage.network.cut(stage.victim, host); });
}

void flap(Stage& stage) {
    stage.longest_whole = {};
    std::optional<Time> healed;
    for (int i = 0; i < flaps; ++i) {
        cut_off(stage);
        if (healed) stage.longest_whole = std::max(stage.longest_whole, boot_time() - *healed);
        run_for(stage.loop, flap_cut);
        healed = boot_time();
        stage.network.heal();
        run_for(stage.loop, flap_whole);
    }
}

void nobody_hears_it(Stage& stage) {
    each_other(stage, [&](std::size_t host) { stage.network.cut_one_way(stage.victim, host); });
}

void it_hears_nobody(Stage& stage) {
    each_other(stage, [&](std::size_t host) { stage.network.cut_one_way(host, stage.victim); });
}

void cut_a_pair(Stage& stage) {
    stage.network.cut(stage.victim, stage.other);
}

void cut_a_pair_one_way(Stage& stage) {
    stage.network.cut_one_way(stage.victim, stage.other);
}

void hang_its_streams(Stage& stage) {
    stage.network.hang_streams(stage.victim);
}

void lose_a_fifth(Stage& stage) {
    stage.network.lose_datagrams(20);
}

bool all_up(Stage& stage) {
    const auto rows = Cluster::table_in(ask(stage, {"--ring"}).out);
    return rows.size() == stage.network.hosts() &&
           std::ranges::all_of(rows, [](const auto& row) { return row.second.state == "up"; });
}

}  // namespace

const std::vector<Ordeal>& ordeals() {
    static const std::vector<Ordeal> all{
        {"kill -9", 600ms, true, 3s, kill_victim, start_again},
        {"SIGSTOP for 300 ms", 600ms, false, 300ms, stop, go_on},
        {"SIGSTOP for 10 s", 1200ms, true, 10s, stop, go_on},
        {"cut off", 1200ms, true, 5s, cut_off, heal},
        {"two of seven cut off", 1200ms, true, 5s, cut_two_off, heal},
        {"a link that flaps eight times", 1200ms, true, 0ms, flap, heal},
        {"heard by nobody", 1200ms, true, 5s, nobody_hears_it, heal},
        {"hears nobody", 1200ms, true, 5s, it_hears_nobody, heal},
        {"a pair cut", 3s, true, 8s, cut_a_pair, heal},
        {"a pair cut one way", 3s, true, 8s, cut_a_pair_one_way, heal},
        {"data links hang", 3s, true, 8s, hang_its_streams, heal},
        {"20 % of datagrams lost for a minute", 600ms, false, 60s, lose_a_fifth, heal},
    };
    return all;
}

const Ordeal& ordeal(const std::string& name) {
    const auto found = std::ranges::find(ordeals(), name, &Ordeal::name);
    if (found == ordeals().end()) throw std::runtime_error("no ordeal \"" + name + "\"");
    return *found;
}

std::vector<Address> addresses_on(const Network& network) {
    std::vector<Address> addresses;
    for (std::size_t host = 0; host < network.hosts(); ++host)
        addresses.push_back(parse_address(Network::address(host) + ":7001").value());
    return addresses;
}

Finished ask(Stage& stage, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {program("client"), "--coordinator", stage.cluster.address()});
    Process client(arguments);
    const bool ended = run_until(stage.loop, 70s, [&] { return client.ended(); });
    return {.code = ended ? client.wait(1s)->code : -1, .out = client.out(), .err = client.err()};
}

Epoch epoch_of(Stage& stage) {
    const std::string told = ask(stage, {"--ring"}).out;
    const std::size_t at = told.find("epoch ");
    REQUIRE(at != std::string::npos);
    return Epoch{std::stoull(told.substr(at + 6))};
}

std::string name_at(const Stage& stage, std::size_t host) {
    for (const auto& [name, row] : stage.cluster.nodes()) {
        if (row.address.starts_with(Network::address(host) + ":")) return name;
    }
    throw std::runtime_error("no node at " + Network::address(host));
}

// Lines such as "  12  4.1 s  49 ms  28 ms  242 ms  1.8 s  server2 is out (silent), ...".
std::size_t evictions_after(Stage& stage, Epoch ring, const std::string& name) {
    std::istringstream lines(ask(stage, {"--history"}).out);
    const std::string words = name + " is out";
    std::size_t times = 0;
    for (std::string line; std::getline(lines, line);) {
        std::uint64_t epoch = 0;
        if (!(std::istringstream(line) >> epoch) || epoch <= ring.value) continue;
        for (std::size_t at = line.find(words); at != std::string::npos;
             at = line.find(words, at + 1))
            ++times;
    }
    return times;
}

bool await_whole(Stage& stage, std::chrono::seconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (std::chrono::steady_clock::now() < end) {
        if (all_up(stage)) return ask(stage, {"--wait", "--timeout", "60"}).code == 0;
        run_for(stage.loop, 100ms);
    }
    return false;
}

OrdealReport undergo(Stage& stage, const Ordeal& ordeal) {
    OrdealReport report;
    stage.traffic.turn_page();
    stage.traffic.begin();
    run_for(stage.loop, 500ms);
    report.whole = await_whole(stage);
    const Epoch before = epoch_of(stage);
    const Time from = boot_time();
    ordeal.begin(stage);
    run_for(stage.loop, ordeal.lasts);
    ordeal.end(stage);
    report.lasted = boot_time() - from;
    report.whole = await_whole(stage) && report.whole;
    stage.traffic.end();
    run_until(stage.loop, 60s, [&] { return stage.traffic.idle(); });
    const History& history = stage.traffic.history();
    report.evictions = evictions_after(stage, before);
    report.outage = longest_outage(history, from, boot_time());
    report.operations = history.size();
    report.failures = static_cast<std::size_t>(std::ranges::count_if(history, is_failure));
    report.defect = defect_of(history);
    return report;
}

}  // namespace grapevine::e2e
