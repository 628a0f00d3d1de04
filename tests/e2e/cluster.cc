#include "e2e/cluster.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <regex>
#include <sstream>
#include <utility>

namespace grapevine::e2e {

namespace {

// For the logs of the nodes that a coordinator launches.
std::string make_folder() {
    std::string name = std::filesystem::temp_directory_path() / "grapevine-e2e-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    return name;
}

// Each host is a machine of its own, so all nodes take the same port.
std::string endpoint_at(std::size_t host) {
    return Network::address(host) + ":7001";
}

std::string coordinator_endpoint() {
    return Network::outside() + ":7000";
}

bool is_ready(const Process& coordinator) {
    static const std::regex ready("(^|\n)ready\n");
    return std::regex_search(coordinator.out(), ready);
}

}  // namespace

std::unique_ptr<Process> Cluster::start(const std::string& name, std::vector<std::string> arguments,
                                        Confines confines) {
    arguments.insert(arguments.begin(), program(name));
    return std::make_unique<Process>(arguments, confines);
}

Cluster Cluster::launched(int nodes, int rep, std::vector<std::string> options) {
    Cluster cluster;
    const std::string port = std::to_string(free_port());
    cluster.address_ = "127.0.0.1:" + port;
    cluster.logs_ = make_folder();
    options.insert(options.end(), {"--port", port, "--nodes", std::to_string(nodes), "--rep",
                                   std::to_string(rep), "--log-dir", cluster.logs_});
    cluster.coordinator_ = start("coordinator", options);
    Process& coordinator = *cluster.coordinator_;
    eventually(patience, [&] { return is_ready(coordinator) || coordinator.ended(); });
    INFO("coordinator said: " << coordinator.out() << coordinator.err());
    REQUIRE(is_ready(coordinator));
    cluster.settle(static_cast<std::size_t>(nodes));
    return cluster;
}

Cluster Cluster::by_hand(int nodes, int rep) {
    Cluster cluster;
    const std::string port = std::to_string(free_port());
    cluster.address_ = "127.0.0.1:" + port;
    cluster.coordinator_ = start("coordinator", {"--port", port, "--rep", std::to_string(rep)});
    for (int i = 0; i < nodes; ++i) {
        cluster.started_.push_back(start("kvnode", {"--seed", cluster.address_}));
        cluster.await_members(cluster.started_.size());
    }
    cluster.wait_until_replicated();
    return cluster;
}

Cluster Cluster::without_coordinator(int nodes, int rep) {
    return without_coordinator(
        rep, std::vector<std::vector<std::string>>(static_cast<std::size_t>(nodes)));
}

Cluster Cluster::without_coordinator(int rep, const std::vector<std::vector<std::string>>& nodes,
                                     Confines confines) {
    Cluster cluster;
    const std::string port = std::to_string(free_port());
    cluster.address_ = "127.0.0.1:" + port;
    std::vector<std::string> place{"--bootstrap", "--port", port, "--rep", std::to_string(rep)};
    for (std::vector<std::string> options : nodes) {
        options.insert(options.begin(), place.begin(), place.end());
        cluster.started_.push_back(start("kvnode", options, confines));
        place = {"--seed", cluster.address_};
    }
    cluster.settle(nodes.size());
    return cluster;
}

Cluster Cluster::on(const Network& network, int rep, Founder founder) {
    Cluster cluster;
    for (std::size_t host = 0; host < network.hosts(); ++host)
        cluster.address_ += (host == 0 ? "" : ",") + endpoint_at(host);
    std::vector<std::string> place{"--bootstrap", "--rep", std::to_string(rep)};
    if (founder == Founder::coordinator) {
        cluster.coordinator_ = start(
            "coordinator", {"--rep", std::to_string(rep), "--listen", coordinator_endpoint()});
        cluster.address_ += "," + coordinator_endpoint();
        place = {"--seed", cluster.address_};
    }
    for (std::size_t host = 0; host < network.hosts(); ++host) {
        place.insert(place.end(), {"--listen", endpoint_at(host)});
        cluster.started_.push_back(start("kvnode", place, {.network = network.place(host)}));
        place = {"--seed", cluster.address_};
    }
    cluster.settle(network.hosts());
    return cluster;
}

void Cluster::restart_at(const Network& network, std::size_t host) {
    REQUIRE(started_[host]->wait(patience).has_value());
    started_[host] = start("kvnode", {"--seed", address_, "--listen", endpoint_at(host)},
                           {.network = network.place(host)});
}

void Cluster::restart_coordinator() {
    REQUIRE(coordinator_->wait(patience).has_value());
    coordinator_ = start("coordinator", {"--seed", address_, "--listen", coordinator_endpoint()});
}

Cluster::~Cluster() {
    // The coordinator stops what it launched; where it is gone, or does not, the pids are known.
    if (coordinator_ && !coordinator_->ended()) {
        coordinator_->signal(SIGTERM);
        coordinator_->wait(5s);
    }
    if (started_.empty()) {
        for (const auto& [name, row] : rows_) {
            if (is_running(row.pid)) ::kill(row.pid, SIGKILL);
        }
    }
    if (logs_.empty()) return;
    if (std::uncaught_exceptions() > 0) {
        std::cerr << "The logs of the nodes are in " << logs_ << "\n";
    } else {
        std::filesystem::remove_all(logs_);
    }
}

void Cluster::settle(std::size_t nodes) {
    await_members(nodes);
    wait_until_replicated();
}

void Cluster::await_members(std::size_t nodes) {
    const bool settled = eventually(patience, [&] {
        rows_ = table();
        return rows_.size() == nodes;
    });
    INFO("nodes in the ring: " << rows_.size());
    REQUIRE(settled);
}

Finished Cluster::client(std::vector<std::string> arguments, Wait bound) const {
    arguments.insert(arguments.begin(), {program("client"), "--coordinator", address_});
    return run(arguments, {}, bound);
}

std::string Cluster::put(const std::string& key, const std::string& value) const {
    const Finished finished = client({"--put", key, "--val", value});
    INFO("put " << key << ": " << finished.code << " " << finished.out << finished.err);
    REQUIRE(finished.code == 0);
    static const std::regex form("OK, (server[0-9]+)\n");
    std::smatch match;
    REQUIRE(std::regex_match(finished.out, match, form));
    return match[1];
}

Told Cluster::get(const std::string& key) const {
    const Finished finished = client({"--get", key});
    INFO("get " << key << ": " << finished.code << " " << finished.out << finished.err);
    REQUIRE(finished.code == 0);
    static const std::regex form("([^,]*), ([^,]*), (server[0-9]+)\n");
    std::smatch match;
    REQUIRE(std::regex_match(finished.out, match, form));
    REQUIRE(match[1] == key);
    return {.value = match[2], .server = match[3]};
}

std::map<std::string, std::string> Cluster::check_all(
    const std::map<std::string, std::string>& expected) const {
    std::map<std::string, std::string> servers;
    for (const auto& [key, value] : expected) {
        const Told told = get(key);
        INFO("key " << key);
        REQUIRE(told.value == value);
        servers[key] = told.server;
    }
    return servers;
}

void Cluster::wait_until_replicated() const {
    const Finished finished = client({"--wait", "--timeout", "30"});
    INFO("--wait: " << finished.code << " " << finished.out << finished.err);
    REQUIRE(finished.code == 0);
}

std::map<std::string, Row> Cluster::table() const {
    return table_in(client({"--ring"}).out);
}

std::map<std::string, Row> Cluster::table_in(const std::string& told) {
    std::map<std::string, Row> rows;
    std::istringstream lines(told);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string name;
        Row row;
        std::string primary;
        std::string copies;
        if (words >> name >> row.address >> row.pid >> row.state && name.starts_with("server")) {
            words >> primary >> copies >> row.keys;
            rows[name] = row;
        }
    }
    return rows;
}

void Cluster::wait_until_whole() const {
    const bool whole = eventually(patience, [&] {
        const auto now = table();
        return std::ranges::all_of(rows_, [&](const auto& row) {
            const auto found = now.find(row.first);
            return killed_.contains(row.first) ||
                   (found != now.end() && found->second.state == "up");
        });
    });
    REQUIRE(whole);
    wait_until_replicated();
}

void Cluster::kill(std::span<const std::string> servers) {
    wait_until_whole();
    kill_now(servers);
}

void Cluster::kill_now(std::span<const std::string> servers) {
    for (const std::string& server : servers) {
        REQUIRE(::kill(pid(server), SIGKILL) == 0);
        killed_.insert(server);
        killed_pids_.insert(pid(server));
    }
}

void Cluster::replace_dead() {
    for (std::unique_ptr<Process>& node : started_) {
        if (!killed_pids_.contains(node->pid())) continue;
        REQUIRE(node->wait(patience).has_value());
        node = start("kvnode", {"--seed", address_});
    }
    settle(started_.size());
}

}  // namespace grapevine::e2e
