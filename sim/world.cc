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
constexpr std::uint16_t first_client_port = 40000;

std::uint16_t port_of(std::string_view name) {
    if (name == coordinator_name) return coordinator_port;
    unsigned number = 0;
    const std::string_view prefix = "server";
    ASSERT(name.starts_with(prefix), "{}", name);
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
    ASSERT(number > 0 && number < first_client_port - coordinator_port, "{}", name);
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
      around_{queue_, log_, network_},
      checks_(queue_) {
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
    for (std::size_t i = 1; i <= config_.nodes; ++i) {
        if (server_name(i) != name) seeds.push_back(address_of(server_name(i)));
    }
    return seeds;
}

NodeConfig World::config_for(const std::string& name) {
    NodeConfig config;
    config.self.id = rng_.draw<NodeId>();
    config.self.name = name;
    config.self.address = address_of(name);
    config.self.role = name == coordinator_name ? Role::coordinator : Role::storage;
    config.self.pid = static_cast<std::uint32_t>(nodes_.size()) + 1;
    config.copies_wanted = config_.copies;
    config.partitions = config_.partitions;
    config.seeds = seeds_for(name);
    return config;
}

NodeHost& World::launch(const std::string& name, const NodeConfig& config) {
    ASSERT(!current_.contains(name) || !current_.at(name)->is_alive(), "{} runs", name);
    names_[config.self.id] = name;
    NodeObserver& observer = *this;
    nodes_.push_back(std::make_unique<NodeHost>(around_, config, observer, rng_.next()));
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

NodeHost& World::start_coordinator_at(const std::string& place) {
    NodeConfig config = config_for(place);
    config.self.name = coordinator_name;
    config.self.role = Role::coordinator;
    return launch(place, config);
}

ClientHost& World::start_client() {
    const auto number = static_cast<std::uint16_t>(clients_.size() + 1);
    const Address address{loopback, static_cast<std::uint16_t>(first_client_port + number)};
    ClientConfig config;
    config.id = rng_.draw<ClientId>();
    config.seeds = seeds_for("");
    clients_.push_back(std::make_unique<ClientHost>(around_, config, address,
                                                    fmt::format("client{}", number), rng_.next()));
    return *clients_.back();
}

Result<void> World::check(const Fault& fault) const {
    const auto exists = [&](const std::string& name) {
        if (name == coordinator_name) return config_.coordinator;
        for (std::size_t i = 1; i <= config_.nodes; ++i) {
            if (server_name(i) == name) return true;
        }
        return false;
    };
    std::vector<std::string> names = fault.names;
    for (const auto& [a, b] : fault.pairs) names.insert(names.end(), {a, b});
    for (const std::string& name : names) {
        if (exists(name)) continue;
        return fail("there is no {}: this cluster has server1 to server{}{}", name, config_.nodes,
                    config_.coordinator ? " and coordinator" : "");
    }
    return {};
}

void World::apply(const Fault& fault) {
    log_.record(now(), {EventKind::fault, {}, {}, to_string(fault)});
    for (const std::string& name : fault.names) {
        NodeHost* host = node(name);
        const bool is_alive = host != nullptr && host->is_alive();
        if (fault.kind == FaultKind::restart && !is_alive) start(name);
        if (!is_alive) continue;
        if (fault.kind == FaultKind::kill) host->kill();
        if (fault.kind == FaultKind::pause) host->pause();
        if (fault.kind == FaultKind::resume) host->resume();
    }
    for (const auto& [from, to] : fault.pairs) {
        const Address a = address_of(from);
        const Address b = address_of(to);
        if (fault.kind == FaultKind::break_links) network_.break_links(a, b);
        for (const auto& [x, y] : {std::pair(a, b), std::pair(b, a)}) {
            if (fault.kind == FaultKind::cut) network_.cut(x, y);
            if (fault.kind == FaultKind::hang) network_.hang(x, y);
            if (fault.kind == FaultKind::heal) network_.heal(x, y);
        }
        if (fault.kind == FaultKind::cut_one_way) network_.cut(a, b);
    }
    if (fault.kind == FaultKind::heal && fault.pairs.empty()) network_.heal();
    if (fault.kind == FaultKind::loss) network_.set_loss(fault.percent);
}

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

RingPtr World::newest_ring() const {
    RingPtr newest;
    for (const NodeHost* host : alive()) {
        const RingPtr ring = host->ring();
        if (ring != nullptr && (newest == nullptr || ring->epoch > newest->epoch)) newest = ring;
    }
    return newest;
}

std::string World::name_of(NodeId id) const {
    const auto found = names_.find(id);
    return found == names_.end() ? fmt::format("{:x}", id.value) : found->second;
}

void World::took_turn(const NodeHost& host) {
    checks_.after_turn(host);
    const RingPtr ring = host.ring();
    if (ring == nullptr || ring->epoch <= newest_seen_) return;
    newest_seen_ = ring->epoch;
    if (on_ring_) on_ring_(host, ring);
}

void World::answers(const NodeHost& host, const Request& request, const Reply& reply) {
    checks_.before_answer(host, request, reply, alive());
}

void World::sends(const NodeHost& host, const Envelope& envelope) {
    if (on_message_) on_message_(host, envelope);
}

void World::says(const NodeHost& host, const LogLine& line) {
    if (on_log_) on_log_(host, line);
}

}  // namespace grapevine::sim
