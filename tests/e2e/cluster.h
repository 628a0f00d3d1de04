#pragma once
// A cluster of real processes on loopback, as a person would start one, and the client program to
// ask it. Ends with its owner. Every method fails the test where the programs do not do what is
// documented.

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "e2e/network.h"
#include "e2e/process.h"

namespace grapevine::e2e {

// What the client program said about one key.
struct Told {
    std::string value;
    std::string server;
};

// One line of the client's --ring.
struct Row {
    std::string address;
    pid_t pid = 0;
    std::string state;
    std::uint64_t keys = 0;  // as primary
};

class Cluster {
public:
    // A coordinator that launches the nodes; returns when it says "ready".
    static Cluster launched(int nodes, int rep, std::vector<std::string> options = {});
    // A coordinator that launches none, and nodes that are started one by one.
    static Cluster by_hand(int nodes, int rep);
    // Nodes only: the first one bootstraps.
    static Cluster without_coordinator(int nodes, int rep);
    // The same, each with options of its own.
    static Cluster without_coordinator(int rep, const std::vector<std::vector<std::string>>& nodes,
                                       Confines confines = {});

    // A node at each host of a network; with a coordinator, that is where the test is.
    enum class Founder : std::uint8_t { node, coordinator };
    static Cluster on(const Network& network, int rep, Founder founder = Founder::node);

    Cluster(Cluster&&) noexcept = default;
    ~Cluster();

    [[nodiscard]] Process& coordinator() { return *coordinator_; }
    // What --coordinator takes: an address at which the ring can be had.
    [[nodiscard]] const std::string& address() const { return address_; }
    void ask_at(const std::string& address) { address_ = address; }

    // The client program with --coordinator and the given arguments.
    [[nodiscard]] Finished client(std::vector<std::string> arguments, Wait bound = patience) const;
    // --put that has to succeed; the server that answered.
    std::string put(const std::string& key, const std::string& value) const;
    // --get that has to find the key.
    [[nodiscard]] Told get(const std::string& key) const;
    // Gets each key and checks its value; the servers that answered, by key.
    std::map<std::string, std::string> check_all(
        const std::map<std::string, std::string>& expected) const;
    void wait_until_replicated() const;
    // All nodes that were not killed here are in the ring, and every partition has its copies. The
    // promises count from there: a machine that is busy enough can make a node look dead.
    void wait_until_whole() const;

    // As they were when the cluster was ready.
    [[nodiscard]] pid_t pid(const std::string& server) const { return row(server).pid; }
    [[nodiscard]] const std::string& address_of(const std::string& server) const {
        return row(server).address;
    }
    [[nodiscard]] const std::map<std::string, Row>& nodes() const { return rows_; }

    // What --ring says now, by name.
    [[nodiscard]] std::map<std::string, Row> table() const;
    static std::map<std::string, Row> table_in(const std::string& told);

    // SIGKILL, all at once, when the cluster is whole.
    void kill(std::span<const std::string> servers);
    void kill(const std::string& server) { kill(std::span(&server, 1)); }
    // The same without waiting for anything, for deaths in the middle of other things.
    void kill_now(std::span<const std::string> servers);
    void kill_now(const std::string& server) { kill_now(std::span(&server, 1)); }
    // On a network: the process of the node at a host, and a new one there when that has ended.
    [[nodiscard]] Process& at(std::size_t host) { return *started_.at(host); }
    void restart_at(const Network& network, std::size_t host);
    // A coordinator that joins the nodes in the place of the one that has ended.
    void restart_coordinator();
    // Starts a node for each that was started and killed here; waits until all have joined.
    void replace_dead();

private:
    Cluster() = default;
    static std::unique_ptr<Process> start(const std::string& name,
                                          std::vector<std::string> arguments,
                                          Confines confines = {});
    // Waits until so many nodes are in the ring; settle() also for their copies.
    void await_members(std::size_t nodes);
    void settle(std::size_t nodes);
    [[nodiscard]] const Row& row(const std::string& server) const { return rows_.at(server); }

    std::string address_;
    std::string logs_;  // a folder; kept where the test fails
    std::unique_ptr<Process> coordinator_;
    std::deque<std::unique_ptr<Process>> started_;  // nodes that no coordinator launched
    std::map<std::string, Row> rows_;
    std::set<std::string> killed_;
    std::set<pid_t> killed_pids_;
};

}  // namespace grapevine::e2e
