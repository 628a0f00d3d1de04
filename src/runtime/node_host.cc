#include "runtime/node_host.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "runtime/clock.h"
#include "runtime/system.h"

namespace grapevine {

namespace {

// Silence is judged only after all datagrams that wait were read, unless they do not end.
constexpr std::size_t ticks_put_off_max = 16;
// Carrying effects out can itself tell the Node something (a link over its bound).
constexpr int rounds_max = 8;
// How long seeds may be silent before that is said, and how often it is said again.
constexpr Duration seed_patience = 2s;
constexpr Duration seed_reminder = 10s;
// The Redis clients of this process, among the connections that others dialed.
constexpr ConnectionId within{~std::uint64_t{0}};

// Whoever says something else than frames to a process that stores nothing.
class Stranger final : public TextClient {
public:
    explicit Stranger(std::function<void()> refuse) : refuse_(std::move(refuse)) {}
    void received(std::string_view) override {}
    bool next(Time) override {
        if (!std::exchange(told_, true)) refuse_();
        return false;
    }
    [[nodiscard]] bool is_full() const override { return false; }
    void hold(bool) override {}
    [[nodiscard]] bool has_written() const override { return false; }
    [[nodiscard]] std::size_t input_bytes() const override { return 0; }
    [[nodiscard]] std::size_t owed_bytes() const override { return 0; }
    [[nodiscard]] bool is_over() const override { return told_; }

private:
    std::function<void()> refuse_;
    bool told_ = false;
};

}  // namespace

NodeHost::NodeHost(Loop& loop, std::unique_ptr<Endpoint> endpoint, const NodeConfig& config,
                   Store* store, Logger& log, Events events, const std::optional<Redis>& redis)
    : log_(log),
      events_(std::move(events)),
      seeds_(config.found ? "" : fmt::format("{}", fmt::join(config.seeds, ", "))),
      turn_(loop, [this] { after_polling(); }),
      background_(loop),
      endpoint_(std::move(endpoint)),
      node_(config, store, random_u64(), boot_time()),
      peers_(loop, outbox_, log, peer_events()),
      inbound_(
          loop, outbox_, log, inbound_events(redis.has_value()),
          {.strangers_max = std::min(client_connections_max(), InboundLimits{}.strangers_max)}),
      store_(store),
      started_(boot_time()),
      rss_at_start_(use_of_process(getpid()).value_or(ProcessUse{}).rss) {
    if (redis) open_redis(loop, *redis);
    peers_.set_hello(hello());
    if (!config.found) {
        silence_.emplace(loop, seed_patience, seed_reminder,
                         [this] { say_that_seeds_are_silent(); });
    }
    endpoint_->start(*this);
    turn_.again();
}

PeerLinks::Events NodeHost::peer_events() {
    return {.up =
                [this](Address peer) {
                    touched_ = true;
                    node_.link_up(now(), peer);
                },
            .down =
                [this](Address peer, LinkEnd how) {
                    touched_ = true;
                    node_.link_down(now(), peer, how);
                }};
}

Inbound::Events NodeHost::inbound_events(bool takes_text) {
    using Open = std::function<std::unique_ptr<TextClient>(ConnectionId, Address)>;
    const Open open = [this](ConnectionId id, Address peer) { return redis_->open(id, peer); };
    const Open refuse = [this](ConnectionId id, Address) {
        return std::make_unique<Stranger>([this, id] {
            inbound_.write(id,
                           "-ERR this is Grapevine's coordinator, which has no keys: Redis clients "
                           "go to any kvnode\r\n");
            inbound_.finish(id);
        });
    };
    return {
        .cluster = [this] { return cluster(); },
        .ancestors = [this] { return ancestors(); },
        .envelope =
            [this](const Envelope& envelope) {
                touched_ = true;
                node_.receive(now(), envelope);
            },
        .peer_hung_up =
            [this](Address peer) {
                touched_ = true;
                node_.peer_hung_up(now(), peer);
            },
        .client_message =
            [this](Time arrived, ConnectionId connection, ClientMessage&& message) {
                touched_ = true;
                node_.receive(now_or(arrived), connection, std::move(message));
            },
        .prefetch = [this](std::span<const ClientMessage> messages) { node_.prefetch(messages); },
        .client_closed =
            [this](ConnectionId connection) {
                touched_ = true;
                node_.client_closed(now(), connection);
            },
        .batch_full = [this] { answer_requests(); },
        .text = takes_text ? open : refuse};
}

void NodeHost::open_redis(Loop& loop, const Redis& redis) {
    version_ = redis.version;
    resp::FrontConfig config;
    config.self = node_.self().id;
    config.run_id = resp::node_name(NodeId{random_u64()});
    config.zone = node_.self().zone;
    config.redirect = redis.redirect;
    config.advertise_replicas = redis.advertise_replicas;
    redis_ = std::make_unique<RedisFront>(
        loop, std::move(config), node_.self().address,
        RedisFront::Outside{
            .facts = [this] { return redis_facts(); },
            .deliver =
                [this](ClientMessage&& message) {
                    if (!std::exchange(touched_, true)) turn_.again();
                    node_.receive(now(), within, std::move(message));
                },
            .execute = [this](Time arrived, const AtOnceCommand& command,
                              command::Reply& reply) -> std::optional<AtOnce> {
                if (is_mute_) return std::nullopt;
                if (command.writes && !std::exchange(touched_, true)) turn_.again();
                return node_.execute(now_or(arrived), command, reply);
            },
            .prefetch = [this](std::span<const std::string_view> keys) { node_.prefetch(keys); },
            .write = [this](ConnectionId id,
                            std::string&& bytes) { inbound_.write(id, std::move(bytes)); },
            .go_on = [this](ConnectionId id) { inbound_.go_on(id); },
            .finish = [this](ConnectionId id) { inbound_.finish(id); },
            .hang_up = [this](ConnectionId id) { inbound_.hang_up(id); },
            .note =
                [this](const std::string& text) {
                    log_.log(LogLevel::debug, "for Redis clients: {}", text);
                }});
}

resp::Facts NodeHost::redis_facts() const {
    const StatusReply status = node_.status(boot_time());
    const CpuTimes cpu = cpu_times_of_self();
    resp::Facts facts;
    facts.version = version_;
    facts.name = node_.self().name;
    facts.address = node_.self().address;
    facts.pid = node_.self().pid;
    facts.uptime_s = static_cast<std::uint64_t>((boot_time() - started_) / 1s);
    facts.unix_us = unix_us();
    facts.used_memory = status.memory_bytes;
    facts.rss = use_of_process(static_cast<int>(facts.pid)).value_or(ProcessUse{}).rss;
    facts.rss_at_start = rss_at_start_;
    facts.memory_max = status.memory_max;
    facts.keys = status.keys;
    facts.keys_held = status.keys_held;
    for (std::uint32_t i = 0; ring_ != nullptr && i < ring_->partitions(); ++i) {
        const bool own = ring_->table[i].primary() == node_.self().id;
        if (own) facts.keys_expiring += store_->count_expiring(PartitionId{i});
    }
    facts.cpu_user_us = static_cast<std::uint64_t>(to_us(cpu.user));
    facts.cpu_system_us = static_cast<std::uint64_t>(to_us(cpu.system));
    facts.connections_max = std::min(client_connections_max(), InboundLimits{}.strangers_max);
    return facts;
}

Time NodeHost::now() {
    return now_ = boot_time();
}

Time NodeHost::now_or(Time arrived) {
    return now_ = std::max(now_, arrived);
}

void NodeHost::leave() {
    node_.leave(now());
    touched_ = true;
    turn_.again();
}

ClusterId NodeHost::cluster() const {
    return node_.ring() != nullptr ? node_.ring()->cluster : ClusterId{};
}

const Ancestors& NodeHost::ancestors() const {
    static const Ancestors none;
    return node_.ring() != nullptr ? node_.ring()->ancestors : none;
}

Hello NodeHost::hello() const {
    const Member& self = node_.self();
    return {.cluster = cluster(),
            .speaker = Speaker::peer,
            .from = self.id,
            .address = self.address,
            .ancestors = ancestors()};
}

void NodeHost::datagram(std::string_view bytes, Address from) {
    const auto envelope = decode_datagram(bytes);
    if (!envelope) return drop_datagram(from, envelope.error().message);
    const auto* beacon = std::get_if<Beacon>(&envelope->body);
    const Hello sender{.cluster = envelope->cluster,
                       .ancestors = beacon == nullptr ? Ancestors{} : beacon->ancestors};
    const auto ours = check_hello(sender, protocol_version, cluster(), ancestors());
    // It goes on all the same: who listens before it founds has to hear other clusters.
    if (!ours) drop_datagram(from, ours.error().message);
    touched_ = true;
    node_.receive(now(), *envelope);
}

// Whoever sends them cannot be told. A person can, but not by a line for each.
void NodeHost::drop_datagram(Address from, const std::string& why) {
    ++datagrams_bad_;
    const Time now = boot_time();
    const bool say = datagrams_bad_said_ == Time::min() || now >= datagrams_bad_said_ + 10s;
    if (say) datagrams_bad_said_ = now;
    log_.log(say ? LogLevel::warning : LogLevel::debug,
             "a datagram from {} is dropped ({} so far): {}", from, datagrams_bad_, why);
}

void NodeHost::incoming(uv_stream_t* listener) {
    inbound_.accept(listener);
}

void NodeHost::after_polling() {
    // Told once a turn, the Node goes on counting from here: a jump is noticed with the next turn.
    node_.wall_clock(now(), unix_ms());
    const bool more_wait = !endpoint_->read_rest();
    if (more_wait && ticks_put_off_ < ticks_put_off_max) {
        ++ticks_put_off_;
        turn_.again();
    } else {
        ticks_put_off_ = 0;
        if (const Time at = now(); at >= node_.next_deadline()) {
            node_.tick(at);
            touched_ = true;
        }
    }
    if (redis_ != nullptr) redis_->begin_turn();
    const auto has_work = [this] { return touched_ || (redis_ != nullptr && redis_->has_work()); };
    for (int round = 0; has_work() && round < rounds_max; ++round) {
        if (redis_ != nullptr) redis_->work();
        carry_out();
        if (redis_ != nullptr) redis_->work();
        outbox_.flush_all();
        peers_.check_limits(boot_time());
    }
    outbox_.flush_all();
    inbound_.check_limits(boot_time(), node_.overloaded());
    peers_.check_limits(boot_time());
    // Clients that are read again may have been answered already.
    const bool has_left = redis_ != nullptr && redis_->has_left();
    if (has_work() || has_left || !outbox_.is_empty()) turn_.again();
    turn_.wake_at(boot_time(), std::min({node_.next_deadline(), inbound_.next_deadline(),
                                         endpoint_->next_deadline()}));
}

void NodeHost::carry_out() {
    touched_ = false;
    NodeEffects effects = node_.take_effects();
    // Without events_.save all state is in memory, and a process that starts anew is a new member:
    // it never uses an id again whose promises it may have forgotten.
    if (effects.persist && events_.save && !events_.save(node_.durable_state())) is_mute_ = true;
    if (is_mute_) return;
    // Before messages leave: links that they open introduce the member as it is now.
    look_at_ring();
    for (const auto& [to, envelope] : effects.datagrams) {
        endpoint_->send(to, encode_datagram(envelope));
    }
    const Time now = boot_time();
    for (const auto& [to, envelope] : effects.links) peers_.send(now, to, envelope);
    for (const Address peer : effects.dials) peers_.dial(now, peer);
    for (const Address peer : effects.hang_ups) peers_.hang_up(peer);
    const Time sent_at = boot_time();
    for (auto& reply : effects.replies) answer(sent_at, std::move(reply));
    for (const LogLine& line : effects.log) log_.write(line.level, line.text);
    if (effects.placement) place(*std::move(effects.placement));
    if (effects.occupied_by) events_.occupied(*effects.occupied_by);
    if (effects.name_held_by && events_.name_held) events_.name_held(*effects.name_held_by);
    if (effects.left) {
        outbox_.flush_all();
        events_.left();
    }
    if (effects.stop) {
        outbox_.flush_all();
        events_.stop();
    }
}

void NodeHost::place(PlacementTask task) {
    struct Placing {
        PlacementTask task;
        Placement placement;
    };
    const auto placing = std::make_shared<Placing>(std::move(task));
    background_.run([placing] { placing->placement = desired_placement(placing->task); },
                    [this, placing] {
                        node_.placed(now(), std::move(placing->task),
                                     std::move(placing->placement));
                        touched_ = true;
                        turn_.again();
                    });
}

// What the node has to say to its peers waits for the end of the turn, when it is most.
void NodeHost::answer_requests() {
    if (is_mute_) return;
    auto answers = node_.take_answers();
    const Time sent_at = boot_time();
    for (auto& reply : answers) answer(sent_at, std::move(reply));
}

void NodeHost::answer(Time now, NodeEffects::ToClient&& reply) {
    if (reply.must_be_refused(now)) {
        tell(reply.connection, node_.refuse(std::get<Reply>(reply.message)));
    } else {
        tell(reply.connection, std::move(reply.message), reply.is_of_read);
    }
}

void NodeHost::tell(ConnectionId connection, ServerMessage&& message, bool is_of_read) {
    if (connection != within) return inbound_.answer(connection, message, is_of_read);
    redis_->receive(std::move(message));
}

void NodeHost::look_at_ring() {
    if (node_.ring() == ring_) return;
    ring_ = node_.ring();
    silence_.reset();
    peers_.set_hello(hello());
    if (!node_.self().name.empty()) log_.set_name(node_.self().name);
    log_.set_epoch(ring_->epoch);
    if (redis_ != nullptr) redis_->set_ring(boot_time(), ring_);
    events_.ring(ring_);
}

void NodeHost::say_that_seeds_are_silent() {
    log_.log(LogLevel::warning,
             "no ring from {} yet: still trying; start a coordinator there, or name a member with "
             "--seed",
             seeds_);
}

}  // namespace grapevine
