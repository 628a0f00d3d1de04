#include "sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/assert.h"

namespace grapevine::sim {

namespace {

constexpr std::uint32_t loopback = 127U << 24 | 1;
constexpr std::uint16_t coordinator_port = 7000;
constexpr std::uint16_t founder_port = 39000;
constexpr std::uint16_t acceptance_port = 39001;
constexpr std::uint16_t first_client_port = 40000;
constexpr std::uint16_t first_echo_port = 60000;
constexpr std::string_view client_prefix = "client";
constexpr unsigned clients_max = 10'000;
// How long an aimed kill waits for its moment.
constexpr Duration aim_lasts = 3s;

// Zero: not a number.
unsigned number_after(std::string_view prefix, std::string_view name) {
    if (!name.starts_with(prefix)) return 0;
    const std::string_view digits = name.substr(prefix.size());
    unsigned number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool is_whole = error == std::errc{} && end == digits.data() + digits.size();
    return is_whole && name == fmt::format("{}{}", prefix, number) ? number : 0;
}

// One of these lets it join.
bool joins(const std::vector<Fault>& faults, std::string_view name) {
    return std::ranges::any_of(faults, [&](const Fault& fault) {
        return fault.kind == FaultKind::join &&
               std::ranges::find(fault.names, name) != fault.names.end();
    });
}

std::uint16_t port_of(std::string_view name) {
    if (name == coordinator_name) return coordinator_port;
    if (const unsigned client = number_after(client_prefix, name); client > 0) {
        ASSERT(client <= clients_max, "{}", name);
        return static_cast<std::uint16_t>(first_client_port + client);
    }
    const unsigned number = number_after("server", name);
    ASSERT(number > 0 && number <= servers_max, "{}", name);
    return static_cast<std::uint16_t>(coordinator_port + number);
}

}  // namespace

std::string server_name(std::size_t number) {
    return fmt::format("server{}", number);
}

World::World(const WorldConfig& config)
    : config_(config),
      rng_(config.seed),
      network_(config.network, queue_, log_, rng_.next()),
      echoes_(queue_, network_, {loopback, first_echo_port}, config.seed + 3),
      around_{queue_, log_, network_, echoes_, config.placing_takes},
      checks_(queue_, config.node.lease.waited_out()),
      founder_(*this, {loopback, founder_port}, config.seed + 4),
      acceptance_(network_, {loopback, acceptance_port}) {
    ASSERT(config.nodes > 0 && config.copies > 0);
    sweep();
}

void World::sweep() {
    checks_.sweep(alive());
    queue_.after(config_.sweep, [this] { sweep(); });
}

World::~World() = default;

Address World::address_of(std::string_view name) const {
    return {loopback, port_of(name)};
}

std::vector<Address> World::seeds_for(std::string_view name) const {
    std::vector<Address> seeds;
    if (config_.coordinator && name != coordinator_name) {
        seeds.push_back({loopback, coordinator_port});
    }
    for (const std::string& server : servers()) {
        if (server != name) seeds.push_back(address_of(server));
    }
    return seeds;
}

NodeConfig World::config_for(const std::string& name) {
    NodeConfig config = config_.node;
    config.self.id = rng_.draw<NodeId>();
    config.self.name = name;
    config.self.address = address_of(name);
    config.self.role = name == coordinator_name ? Role::coordinator : Role::storage;
    config.self.pid = static_cast<std::uint32_t>(nodes_.size()) + 1;
    if (const unsigned number = number_after("server", name); number > 0) {
        if (config_.zones > 0) config.self.zone = fmt::format("zone{}", number % config_.zones);
        if (!config_.weights.empty()) {
            config.self.weight = config_.weights[number % config_.weights.size()];
        }
    }
    config.copies_wanted = config_.copies;
    config.partitions = config_.partitions;
    config.request_memory = config_.request_memory;
    if (config.memory_max == 0) config.memory_max = memory_max;
    config.seeds = seeds_for(name);
    return config;
}

NodeHost& World::launch(const std::string& name, const NodeConfig& config) {
    ASSERT(!current_.contains(name) || !current_.at(name)->is_alive(), "{} runs", name);
    names_[config.self.id] = name;
    NodeObserver& observer = *this;
    NodeConfig watched = config;
    watched.on_commit = [this, name](PartitionId partition, const Op& op) {
        const NodeHost& host = *current_.at(name);
        // Who founds a cluster anew commits what it holds alone in the same turn.
        if (newest_seen_ == nullptr || host.ring()->cluster != newest_seen_->cluster) {
            look_at_ring(host);
        }
        checks_.committed(host, partition, op);
    };
    nodes_.push_back(std::make_unique<NodeHost>(around_, watched, observer, rng_.next()));
    current_[name] = nodes_.back().get();
    return *nodes_.back();
}

void World::found(Duration listen) {
    const bool with_coordinator = config_.coordinator;
    const std::string name = with_coordinator ? coordinator_name : server_name(1);
    NodeConfig config = config_for(name);
    config.found = true;
    config.listen = listen;
    config.cluster = rng_.draw<ClusterId>();
    config.genesis_members = with_coordinator ? config_.nodes : 1;
    config.seeds.clear();
    launch(name, config);
}

NodeHost& World::start(const std::string& name) {
    return launch(name, config_for(name));
}

NodeHost& World::start_as(const std::string& place, const std::string& asked) {
    NodeConfig config = config_for(place);
    config.self.name = asked;
    return launch(place, config);
}

NodeHost& World::resume_coordinator() {
    NodeConfig config = config_for(coordinator_name);
    Result<SavedState> saved = decode_saved(node(coordinator_name)->saved());
    ASSERT(saved.has_value(), "{}", saved.error().message);
    config.self.id = saved->id;
    config.resume = *std::move(saved);
    return launch(coordinator_name, config);
}

void World::bring_back_coordinator() {
    const NodeHost* last = node(coordinator_name);
    if (last == nullptr || last->saved().empty()) {
        start(coordinator_name);
    } else {
        resume_coordinator();
    }
}

NodeHost& World::start_coordinator_at(const std::string& place) {
    NodeConfig config = config_for(place);
    config.self.name = coordinator_name;
    config.self.role = Role::coordinator;
    return launch(place, config);
}

ClientHost& World::start_client() {
    const auto number = static_cast<std::uint16_t>(clients_.size() + 1);
    const Address address{loopback, static_cast<std::uint16_t>(first_client_port + number)};
    ClientConfig config = config_.client;
    config.id = rng_.draw<ClientId>();
    config.seeds = seeds_for("");
    clients_.push_back(std::make_unique<ClientHost>(around_, config, address, number, rng_.next()));
    return *clients_.back();
}

bool World::exists(std::string_view name) const {
    if (name == coordinator_name) return config_.coordinator;
    const unsigned number = number_after("server", name);
    return (number > 0 && number <= config_.nodes) || joined_.contains(number);
}

std::vector<std::string> World::servers() const {
    std::vector<std::string> names;
    for (std::size_t i = 1; i <= config_.nodes; ++i) names.push_back(server_name(i));
    for (const unsigned number : joined_) names.push_back(server_name(number));
    return names;
}

Result<void> World::check(const Fault& fault, const std::vector<Fault>& list) const {
    std::vector<std::string> names = fault.names;
    for (const auto& [a, b] : fault.pairs) names.insert(names.end(), {a, b});
    for (const std::string& name : names) {
        const unsigned client = number_after(client_prefix, name);
        const bool is_client = client > 0 && client <= clients_max;
        if (is_client && fault.kind == FaultKind::restart) {
            return fail("{} is not restarted: another client takes its place", name);
        }
        const bool stops_it = fault.kind == FaultKind::kill || fault.kind == FaultKind::pause;
        if (fault.kind == FaultKind::back && name != coordinator_name) {
            return fail("{} saves nothing to come back with: only the coordinator does", name);
        }
        const bool is_of_nodes = fault.kind == FaultKind::leave || fault.kind == FaultKind::full ||
                                 fault.kind == FaultKind::roomy;
        if (is_of_nodes && (is_client || name == coordinator_name)) {
            return fail("{} holds nothing: only nodes leave or are full", name);
        }
        if (name == watching_client && stops_it) {
            return fail("{} is who looks what became of it all; take another client", name);
        }
        const bool is_new = !is_client && !exists(name);
        if (fault.kind == FaultKind::join) {
            const unsigned number = number_after("server", name);
            if (is_new && number > 0 && number <= servers_max) continue;
            if (!is_new) return fail("{} is there from the beginning: join brings others", name);
            return fail("{} is no node's name: server{} to server{} can join", name,
                        config_.nodes + 1, servers_max);
        }
        if (!is_new || joins(list, name)) continue;
        return fail("there is no {}: this cluster has server1 to server{}{}", name, config_.nodes,
                    config_.coordinator ? " and coordinator" : "");
    }
    return {};
}

// --- faults ---

// Asked is one of those that go on in the newest ring, by the time as if by chance.
void World::accept_loss() {
    const RingPtr ring = newest_ring();
    if (ring == nullptr) return;
    std::vector<const NodeHost*> may_answer = alive();
    std::erase_if(may_answer, [&](const NodeHost* host) {
        return !host->is_running() || host->ring() == nullptr || host->ring()->epoch != ring->epoch;
    });
    if (may_answer.empty()) return;
    const auto chosen = static_cast<std::uint64_t>(to_us(now() - Time{})) % may_answer.size();
    acceptance_.forget();
    acceptance_.ask(may_answer[chosen]->address(), {AcceptLoss{ring->epoch}});
}

void World::apply(const Fault& fault) {
    log_.record(now(), {EventKind::fault, {}, {}, to_string(fault)});
    if (fault.kind == FaultKind::aim) {
        aims_.push_back({fault, now()});
        return;
    }
    for (const std::string& name : fault.names) {
        const bool was_alive = is_alive(name);
        if (fault.kind == FaultKind::join && !was_alive && !exists(name)) {
            joined_.insert(number_after("server", name));
            start(name);
        }
        if (fault.kind == FaultKind::restart && !was_alive && exists(name)) start(name);
        if (fault.kind == FaultKind::back && !was_alive && exists(name)) bring_back_coordinator();
        if (fault.kind == FaultKind::leave && was_alive) node(name)->leave();
        if (fault.kind == FaultKind::full && was_alive && node(name) != nullptr) {
            checks_.memory_is_short();
            node(name)->fill_up(static_cast<std::size_t>(fault.number) << 10);
        }
        if (fault.kind == FaultKind::wall && was_alive && node(name) != nullptr) {
            node(name)->set_wall_clock(fault.number);
        }
        if (fault.kind == FaultKind::roomy && was_alive && node(name) != nullptr) {
            node(name)->make_room();
        }
        if (was_alive) apply_to(*process(name), fault);
    }
    for (const auto& [from, to] : fault.pairs) {
        apply_between(address_of(from), address_of(to), fault);
    }
    if (fault.names.empty() && fault.pairs.empty()) apply_everywhere(fault);
}

void World::apply_to(Process& process, const Fault& fault) {
    if (fault.kind == FaultKind::kill) process.kill();
    if (fault.kind == FaultKind::pause) process.pause();
    if (fault.kind == FaultKind::resume) process.resume();
    if (fault.kind == FaultKind::slow) process.slow_down(fault.number);
    if (fault.kind == FaultKind::drift) process.drift(fault.number);
}

void World::apply_between(Address a, Address b, const Fault& fault) {
    switch (fault.kind) {
        case FaultKind::break_links:
            return network_.break_links(a, b);
        case FaultKind::cut_one_way:
            return network_.obstruct(a, b, Obstacle::cut);
        case FaultKind::clog_one_way:
            return network_.obstruct(a, b, Obstacle::clog);
        case FaultKind::hang_one_way:
            return network_.obstruct(a, b, Obstacle::hang);
        case FaultKind::mute_one_way:
            return network_.obstruct(a, b, Obstacle::mute);
        case FaultKind::refuse:
            return network_.obstruct(a, b, Obstacle::refuse);
        default:
            break;
    }
    for (const auto& [x, y] : {std::pair(a, b), std::pair(b, a)}) {
        if (fault.kind == FaultKind::cut) network_.obstruct(x, y, Obstacle::cut);
        if (fault.kind == FaultKind::clog) network_.obstruct(x, y, Obstacle::clog);
        if (fault.kind == FaultKind::hang) network_.obstruct(x, y, Obstacle::hang);
        if (fault.kind == FaultKind::mute) network_.obstruct(x, y, Obstacle::mute);
        if (fault.kind == FaultKind::flap) network_.flap(x, y, fault.span);
        if (fault.kind == FaultKind::heal) network_.heal(x, y);
    }
}

void World::apply_everywhere(const Fault& fault) {
    const auto length = static_cast<std::uint32_t>(fault.number);
    if (fault.kind == FaultKind::heal) network_.heal();
    if (fault.kind == FaultKind::loss) network_.set_loss(fault.percent);
    if (fault.kind == FaultKind::burst) network_.set_burst({fault.percent, length});
    if (fault.kind == FaultKind::duplicate) network_.set_duplicates(fault.percent * 10, fault.span);
    if (fault.kind == FaultKind::corrupt) network_.set_corruption(fault.percent);
    if (fault.kind == FaultKind::delay) network_.set_delay(fault.delay);
    if (fault.kind == FaultKind::echo) echoes_.set(fault.percent, fault.span);
    if (fault.kind == FaultKind::calm) calm();
    if (fault.kind == FaultKind::force) founder_.call();
    if (fault.kind == FaultKind::accept_loss) accept_loss();
}

void World::calm() {
    network_.calm();
    echoes_.set(0, {});
    aims_.clear();
    founder_.hurry();
    const auto end = [](Process& process) {
        if (!process.is_alive()) return;
        process.slow_down(1);
        if (process.clock().ppm() != 0) process.drift(0);
        process.resume();
    };
    for (const auto& host : nodes_) {
        end(*host);
        if (host->is_alive()) host->make_room();
    }
    for (const auto& client : clients_) end(*client);
}

bool World::is_alive(std::string_view name) const {
    const Process* found = process(name);
    return found != nullptr && found->is_alive();
}

Process* World::process(std::string_view name) const {
    const unsigned client = number_after(client_prefix, name);
    if (client == 0) return node(name);
    return client <= clients_.size() ? clients_[client - 1].get() : nullptr;
}

bool World::Aim::waits(Time now) const {
    return now < since + aim_lasts;
}

std::size_t World::aimed() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(aims_, [&](const Aim& aim) { return aim.waits(now()); }));
}

// A moment later, so that what is sent in this one is on its way.
void World::sends(const NodeHost& host, const Envelope& envelope) {
    if (on_message_) on_message_(host, envelope);
    const auto aim = std::ranges::find_if(aims_, [&](const Aim& each) {
        const std::vector<std::string>& names = each.fault.names;
        return each.waits(now()) && is_at(each.fault.moment, envelope) &&
               (names.empty() || std::ranges::find(names, host.name()) != names.end());
    });
    if (aim == aims_.end()) return;
    const Duration after = now() + 1us - aim->since;
    Fault kill{.at = aim->fault.at + after, .kind = FaultKind::kill, .names = {host.name()}};
    aims_.erase(aim);
    queue_.first_at(now() + 1us, [this, kill = std::move(kill)] {
        if (on_strike_) on_strike_(kill);
        apply(kill);
    });
}

// --- time ---

void World::run_until(Time time) {
    while (!is_broken() && queue_.next() <= time) queue_.run_next();
    if (!is_broken()) queue_.advance_to(time);
}

bool World::run_until(const std::function<bool()>& condition, Duration limit) {
    const Time end = now() + limit;
    while (!is_broken()) {
        if (condition()) return true;
        if (now() >= end) return false;
        run_until(std::min(now() + 1ms, end));
    }
    return false;
}

NodeHost* World::node(std::string_view name) const {
    const auto found = current_.find(std::string(name));
    return found == current_.end() ? nullptr : found->second;
}

std::vector<const NodeHost*> World::alive() const {
    std::vector<const NodeHost*> alive;
    for (const auto& [name, host] : current_) {
        if (host->is_alive()) alive.push_back(host);
    }
    std::ranges::sort(alive, {}, [](const NodeHost* host) { return host->address(); });
    return alive;
}

std::vector<const ClientHost*> World::clients() const {
    std::vector<const ClientHost*> alive;
    for (const auto& client : clients_) {
        if (client->is_alive()) alive.push_back(client.get());
    }
    return alive;
}

RingPtr World::newest_ring() const {
    RingPtr newest;
    for (const auto& [name, host] : current_) {
        if (!host->is_alive()) continue;
        const RingPtr ring = host->ring();
        if (ring != nullptr && (newest == nullptr || ring->epoch > newest->epoch)) newest = ring;
    }
    return newest;
}

std::string World::name_of(NodeId id) const {
    const auto found = names_.find(id);
    return found == names_.end() ? fmt::format("{:x}", id.value) : found->second;
}

std::string World::name_of(ClientId id) const {
    const auto found =
        std::ranges::find_if(clients_, [&](const auto& client) { return client->id() == id; });
    return found == clients_.end() ? fmt::format("{:x}", id.value) : (*found)->name();
}

void World::took_turn(const NodeHost& host) {
    checks_.after_turn(host);
    look_at_ring(host);
}

void World::look_at_ring(const NodeHost& host) {
    const RingPtr ring = host.ring();
    if (ring == nullptr) return;
    if (newest_seen_ != nullptr) {
        const bool is_same = ring->cluster == newest_seen_->cluster;
        if (is_same && ring->epoch == newest_seen_->epoch) return;
        quorums_.saw(*ring);
        if (ring->epoch < newest_seen_->epoch) return;
    }
    quorums_.saw(*ring);
    newest_seen_ = ring;
    checks_.new_ring(ring);
    const auto name = [this](NodeId id) { return name_of(id); };
    const std::string restless = refills_.saw(now(), ring, name);
    if (!restless.empty()) checks_.report(Rule::rest, restless);
    if (on_ring_) on_ring_(host, ring);
}

void World::executed(const NodeHost& host, PartitionId partition) {
    checks_.executed(host, partition, alive());
}

void World::tells(const NodeHost& host, PartitionId partition, const AtOnce& done) {
    checks_.before_telling(host, partition, done, alive());
}

void World::answers(const NodeHost& host, const Asked& asked, const Reply& reply, bool is_late) {
    const Request& request = asked.request;
    checks_.before_answer(host, request, reply, is_late, alive());
    note_answer(host, request, reply);
    if (host.has_trusted_clock_since(asked.at)) {
        checks_.before_read(request, reply, host, asked.unix_ms);
    }
    if (on_answer_) on_answer_(host, request, reply);
}

void World::note_answer(const NodeHost& host, const Request& request, const Reply& reply) {
    if (!is_answer(reply.status)) return;
    const Ring& ring = *host.ring();
    const Epoch since = ring.entry(partition_of(request, ring.partitions())).since;
    const auto [known, is_first] =
        answered_since_.emplace(std::pair(request.client, request.sequence), since);
    if (!is_first && is_read(request.kind)) known->second = since;
}

Epoch World::answered_since(ClientId client, std::uint64_t sequence) const {
    const auto known = answered_since_.find({client, sequence});
    return known == answered_since_.end() ? Epoch{} : known->second;
}

// --- who is left ---

bool World::can_go_on(ClusterId cluster, const std::set<std::string>& without,
                      bool with_disk) const {
    std::vector<Quorums::Left> left;
    for (const NodeHost* host : alive()) {
        const RingPtr ring = host->ring();
        if (ring == nullptr || ring->cluster != cluster || without.contains(host->name())) continue;
        left.push_back({host->id(), ring->epoch});
    }
    const NodeHost* coordinator = node(coordinator_name);
    const bool is_dead = coordinator != nullptr && !coordinator->is_alive();
    if (with_disk && is_dead && !coordinator->saved().empty()) {
        left.push_back({coordinator->id(), Epoch{}});
    }
    return quorums_.can_go_on(cluster, left);
}

void World::throw_away_disk(ClusterId cluster) {
    if (can_go_on(cluster, {}, true)) node(coordinator_name)->lose_disk();
}

void World::says(const NodeHost& host, const LogLine& line) {
    if (line.level == LogLevel::error && line.text.starts_with(illegal_proposal)) {
        checks_.report(Rule::well_formed, fmt::format("{}: {}", host.name(), line.text));
    }
    if (on_log_) on_log_(host, line);
}

}  // namespace grapevine::sim
