#pragma once
// The words of scenarios: a cluster in a simulated world, what is done to it, and what can be seen.
//
//     Cluster cluster({.nodes = 5, .copies = 3, .seed = 7});
//     cluster.run_until_ready();
//     cluster.put("k", "v");
//     cluster.kill({cluster.primary_of("k")});
//     CHECK(cluster.get("k") == "v");

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"
#include "history/linearizability.h"
#include "sim/recorder.h"
#include "sim/world.h"

namespace grapevine::sim {

using Names = std::vector<std::string>;

class Cluster {
public:
    // Starts the coordinator (or the founder) and all nodes.
    explicit Cluster(const WorldConfig& config, bool start_nodes = true);

    // --- time; each returns false where the limit was reached or a check broke ---
    bool run_until(const std::function<bool()>& condition, Duration limit);
    bool run_until_ready(Duration limit = 10s);
    bool run_until_restored(Duration limit = 30s);
    void run_for(Duration span) { world_.run_until(world_.now() + span); }

    // --- operations, one at a time, by a client of its own ---
    // "OK", "not found", "condition failed", "unavailable", "unknown", ...; a get that succeeds
    // returns the value.
    std::string put(const std::string& key, const std::string& value);
    std::string get(const std::string& key);
    std::string erase(const std::string& key);
    Outcome run(const Operation& operation);
    // Another client, in place of one whose handle has ended with its cluster.
    void renew_client();
    // Without waiting for the answer: empty until it is there.
    std::shared_ptr<std::string> begin(const Operation& operation);

    // --- faults, now ---
    void kill(const Names& names) { do_now(FaultKind::kill, names); }
    void restart(const Names& names) { do_now(FaultKind::restart, names); }
    void pause(const Names& names) { do_now(FaultKind::pause, names); }
    void resume(const Names& names) { do_now(FaultKind::resume, names); }
    // Every one of a from every one of b, both ways.
    void cut(const Names& a, const Names& b);
    void heal() { do_now(FaultKind::heal, {}); }
    void lose(std::uint32_t percent);

    // --- what can be seen ---
    // Every process that runs is in the newest ring, and its storage members are those processes;
    // every node serves what it is primary of.
    [[nodiscard]] bool is_ready() const;
    // Ready, and every partition has the copies it can have.
    [[nodiscard]] bool is_restored() const;
    // Of the newest ring; storage members that are up, by number.
    [[nodiscard]] Names members() const;
    [[nodiscard]] Names running() const;  // storage processes
    [[nodiscard]] std::uint64_t epoch() const;
    [[nodiscard]] std::string primary_of(const std::string& key) const;
    [[nodiscard]] Names copies_of(const std::string& key) const;
    // May answer for the key at this moment.
    [[nodiscard]] bool serves(const std::string& name, const std::string& key) const;
    // The first difference between copies of a partition; empty: there is none.
    [[nodiscard]] std::string difference_between_copies() const;
    [[nodiscard]] const std::string& defect() const { return world_.checks().defect(); }
    [[nodiscard]] const History& history() const { return history_; }

    [[nodiscard]] World& world() { return world_; }
    [[nodiscard]] const World& world() const { return world_; }

private:
    void do_now(FaultKind kind, const Names& names);
    [[nodiscard]] const Entry* entry_of(const std::string& key) const;

    World world_;
    History history_;
    std::unique_ptr<Recorder> client_;
};

// What a person would call the outcome.
std::string to_text(const Operation& operation, const Outcome& outcome);

}  // namespace grapevine::sim
