#pragma once
// The machine room: processes with names, the network between them, and the faults that befall
// them. One thread and one seed; the same configuration gives the same run, event for event.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/rng.h"
#include "base/time.h"
#include "sim/checks.h"
#include "sim/client_host.h"
#include "sim/echoes.h"
#include "sim/event_log.h"
#include "sim/event_queue.h"
#include "sim/fault.h"
#include "sim/founder.h"
#include "sim/inquiry.h"
#include "sim/network.h"
#include "sim/node_host.h"
#include "sim/quorums.h"
#include "sim/refills.h"

namespace grapevine::sim {

struct WorldConfig {
    std::size_t nodes = 5;
    std::uint32_t copies = 3;
    std::uint64_t seed = 1;
    std::uint32_t partitions = 64;  // production has 1,024; fewer make a run faster
    Duration sweep = 5ms;           // how often all nodes are asked whom they serve
    bool coordinator = true;        // false: server1 founds the cluster
    Duration request_memory = grapevine::request_memory;  // of all nodes
    Duration placing_takes = 1ms;  // beside a node's loop, and what it takes for each pair on top
    std::uint32_t zones = 0;       // that the nodes stand in, in turn; 0: each by itself
    std::vector<std::uint32_t> weights = {};  // of the nodes, in turn; none: all the same
    NetworkConfig network;
    NodeConfig node;      // what all nodes begin with; who they are is the world's
    ClientConfig client;  // likewise
};

inline const std::string coordinator_name = "coordinator";
// The first client of a world belongs to who watches it (sim/cluster.h): it is neither killed nor
// paused.
inline const std::string watching_client = "client1";
// Of a node, where its world does not say: more than any run fills.
inline constexpr std::uint64_t memory_max = std::uint64_t{1} << 30;
inline constexpr unsigned servers_max = 999;
std::string server_name(std::size_t number);  // "server3", up to servers_max

class World final : private NodeObserver {
public:
    explicit World(const WorldConfig& config);
    ~World() override;
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    // The coordinator, or server1 as founder. One that finds that a cluster lives while it listens
    // ends.
    void found(Duration listen = {});
    // A new process with a new, empty state under that name, on the name's own address.
    NodeHost& start(const std::string& name);
    // A storage node in the place (address) of that name that asks for another name; empty: for
    // none.
    NodeHost& start_as(const std::string& place, const std::string& asked);
    // Another coordinator, that joins, in that place.
    NodeHost& start_coordinator_at(const std::string& place);
    // The coordinator again, as the voter that it was, with what its last process saved.
    NodeHost& resume_coordinator();
    ClientHost& start_client();

    void apply(const Fault& fault);
    // Ends everything that faults have begun: heals, resumes, stops losing ... The dead stay dead.
    void calm();
    // A sentence where the fault names somebody who does not exist in this world.
    // Whom one of `list` lets join may be named too.
    [[nodiscard]] Result<void> check(const Fault& fault, const std::vector<Fault>& list = {}) const;

    // Carries out everything up to then; stops early where a check breaks.
    void run_until(Time time);
    void run_event() { queue_.run_next(); }
    [[nodiscard]] bool is_broken() const { return !checks_.defect().empty(); }

    [[nodiscard]] Time now() const { return queue_.now(); }
    [[nodiscard]] EventQueue& queue() { return queue_; }
    [[nodiscard]] EventLog& log() { return log_; }
    [[nodiscard]] Network& network() { return network_; }
    [[nodiscard]] Checks& checks() { return checks_; }
    [[nodiscard]] const Checks& checks() const { return checks_; }
    [[nodiscard]] Rng& rng() { return rng_; }
    [[nodiscard]] const WorldConfig& config() const { return config_; }

    // Carries out everything up to the first whole millisecond at which the condition holds. False:
    // it did not within the limit, or a check broke.
    bool run_until(const std::function<bool()>& condition, Duration limit);

    // Null: no process of that name was ever started. The latest one, dead or alive.
    [[nodiscard]] NodeHost* node(std::string_view name) const;
    // A node or client of that name.
    [[nodiscard]] bool is_alive(std::string_view name) const;
    // Alive, the coordinator included, in the order of their addresses.
    [[nodiscard]] std::vector<const NodeHost*> alive() const;
    // By its number, from 1; the dead too.
    [[nodiscard]] const ClientHost& client(std::uint64_t number) const {
        return *clients_.at(number - 1);
    }
    // Alive, in the order of their beginning.
    [[nodiscard]] std::vector<const ClientHost*> clients() const;
    // Aimed kills that wait for their moment.
    [[nodiscard]] std::size_t aimed() const;
    // Those that have not struck, though their time may be over.
    [[nodiscard]] std::size_t not_struck() const { return aims_.size(); }
    [[nodiscard]] const Echoes& echoes() const { return echoes_; }
    [[nodiscard]] Founder& founder() { return founder_; }
    [[nodiscard]] const Founder& founder() const { return founder_; }
    // Those that live, paused or cut off, have the majority of some ring of this cluster; of whose
    // processes these had died, and, where `with_disk`, a dead coordinator could come back with
    // what it saved.
    [[nodiscard]] bool can_go_on(ClusterId cluster, const std::set<std::string>& without = {},
                                 bool with_disk = false) const;
    // A dead coordinator's, where the cluster could go on with it.
    void throw_away_disk(ClusterId cluster);
    // Under which entry the request was answered (its `since`): a write the first time, a read the
    // last time; zero: never.
    [[nodiscard]] Epoch answered_since(ClientId client, std::uint64_t sequence) const;
    // The newest ring that any process alive is in; null: none.
    [[nodiscard]] RingPtr newest_ring() const;
    // Storage nodes that there were from the beginning or that joined, dead or alive, by number.
    [[nodiscard]] std::vector<std::string> servers() const;
    [[nodiscard]] Address address_of(std::string_view name) const;
    [[nodiscard]] std::string name_of(NodeId id) const;  // also of the dead
    [[nodiscard]] std::string name_of(ClientId id) const;

    // What nodes said, as it happens.
    using OnLog = std::function<void(const NodeHost&, const LogLine&)>;
    void on_log(OnLog listener) { on_log_ = std::move(listener); }
    using OnRing = std::function<void(const NodeHost&, const RingPtr&)>;
    // The first time that anybody adopts a ring.
    void on_ring(OnRing listener) { on_ring_ = std::move(listener); }

    using OnMessage = std::function<void(const NodeHost&, const Envelope&)>;
    // Everything that nodes send each other.
    void on_message(OnMessage listener) { on_message_ = std::move(listener); }

    // A kill that was aimed at a moment strikes.
    using OnStrike = std::function<void(const Fault&)>;
    void on_strike(OnStrike listener) { on_strike_ = std::move(listener); }

    using OnAnswer = std::function<void(const NodeHost&, const Request&, const Reply&)>;
    // Everything that nodes answer to clients' requests, refusals too.
    void on_answer(OnAnswer listener) { on_answer_ = std::move(listener); }

private:
    void took_turn(const NodeHost& host) override;
    void answers(const NodeHost& host, const Asked& asked, const Reply& reply,
                 bool is_late) override;
    void executed(const NodeHost& host, PartitionId partition) override;
    void tells(const NodeHost& host, PartitionId partition, const AtOnce& done) override;
    void sends(const NodeHost& host, const Envelope& envelope) override;
    void says(const NodeHost& host, const LogLine& line) override;

    // A kill that waits for its moment, and gives up some time after.
    struct Aim {
        Fault fault;
        Time since;
        [[nodiscard]] bool waits(Time now) const;
    };

    void sweep();
    void look_at_ring(const NodeHost& host);
    void note_answer(const NodeHost& host, const Request& request, const Reply& reply);
    void bring_back_coordinator();
    void accept_loss();
    void apply_to(Process& process, const Fault& fault);
    void apply_between(Address a, Address b, const Fault& fault);
    void apply_everywhere(const Fault& fault);
    [[nodiscard]] Process* process(std::string_view name) const;
    [[nodiscard]] bool exists(std::string_view name) const;
    [[nodiscard]] std::vector<Address> seeds_for(std::string_view name) const;
    [[nodiscard]] NodeConfig config_for(const std::string& name);
    NodeHost& launch(const std::string& name, const NodeConfig& config);

    WorldConfig config_;
    Rng rng_;
    EventQueue queue_;
    EventLog log_;
    Network network_;
    Echoes echoes_;
    Surroundings around_;
    Checks checks_;
    std::map<std::string, NodeHost*> current_;  // by name
    std::map<NodeId, std::string> names_;
    std::vector<std::unique_ptr<NodeHost>> nodes_;  // the dead included: events may name them
    std::vector<std::unique_ptr<ClientHost>> clients_;
    std::vector<Aim> aims_;
    Refills refills_;
    RingPtr newest_seen_;  // null: none yet
    Quorums quorums_;
    std::map<std::pair<ClientId, std::uint64_t>, Epoch> answered_since_;
    Founder founder_;
    Inquiry acceptance_;         // of losses, by an operator
    std::set<unsigned> joined_;  // numbers of nodes
    OnLog on_log_;
    OnRing on_ring_;
    OnMessage on_message_;
    OnAnswer on_answer_;
    OnStrike on_strike_;
};

}  // namespace grapevine::sim
