#include "sim/member_net.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "wire/wire.h"

namespace grapevine::sim {

namespace {

constexpr std::uint32_t first_ip = 10U << 24;  // 10.0.0.0
constexpr std::uint16_t port = 7000;
constexpr std::size_t datagrams_waiting_max = 256;  // a socket's receive buffer
constexpr std::size_t pairs_in_a_microsecond = 32;  // that are placed

MemberIndex index_of(Address address) {
    return address.ip - first_ip;
}

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
    hash ^= value + 0x9e3779b97f4a7c15 + (hash << 6) + (hash >> 2);
    return hash * 0xbf58476d1ce4e5b9;
}

}  // namespace

struct MemberNet::Host {
    Host(MemberIndex number, const NodeConfig& config, std::uint64_t seed, Time now)
        : index(number),
          node_store(config.self.stores() ? std::make_unique<MemoryStore>() : nullptr),
          node(config, node_store.get(), seed, now) {}

    MemberIndex index;
    std::unique_ptr<MemoryStore> node_store;
    Node node;
    bool alive = true;
    bool cut = false;
    bool paused = false;
    Time wake_at = never;
    Time busy_until;
    Time leaves_at;                                 // the next message that is sent
    Epoch seen;                                     // of the latest ring that was reported
    std::map<MemberIndex, std::uint32_t> outgoing;  // by listener
    std::set<std::uint32_t> incoming;
    std::vector<Event> inbox;
    std::size_t datagrams_waiting = 0;
    PlacementTask placing;  // until then, by another of its threads
    Time placed_at = never;
    Traffic sent;
};

Traffic Traffic::operator-(const Traffic& earlier) const {
    return {.swim_datagrams = swim_datagrams - earlier.swim_datagrams,
            .swim_bytes = swim_bytes - earlier.swim_bytes,
            .lease_datagrams = lease_datagrams - earlier.lease_datagrams,
            .lease_bytes = lease_bytes - earlier.lease_bytes,
            .link_messages = link_messages - earlier.link_messages,
            .link_bytes = link_bytes - earlier.link_bytes,
            .overflowed = overflowed - earlier.overflowed,
            .busy_us = busy_us - earlier.busy_us};
}

MemberNet::MemberNet(const NetworkConfig& config, const TurnCost& cost, std::uint64_t seed)
    : config_(config), cost_(cost), rng_(seed) {
    ASSERT(cost.turn > Duration{} && cost.message >= Duration{});
    ASSERT(config.delay_min > Duration{} && config.delay_min <= config.delay_max);
}

MemberNet::~MemberNet() = default;

Address MemberNet::address_of(MemberIndex member) {
    return {first_ip + member, port};
}

MemberIndex MemberNet::add(NodeConfig config) {
    const auto index = static_cast<MemberIndex>(hosts_.size());
    config.self.address = address_of(index);
    config.agreement.make_ring = [this](const RingPtr& ring, const RingChange& change) {
        return rings_.make(ring, change);
    };
    hosts_.push_back(std::make_unique<Host>(index, config, rng_.next(), now()));
    hosts_.back()->wake_at = now();
    wheel_.at(now(), {Kind::wake, index});
    return index;
}

void MemberNet::give_ring(MemberIndex member, const RingPtr& ring) {
    Host& host = *hosts_[member];
    const NodeId other = ring->members.front().id == host.node.self().id ? ring->members.back().id
                                                                         : ring->members.front().id;
    host.node.receive(now(), {.cluster = ring->cluster,
                              .from = other,
                              .from_address = ring->member(other)->address,
                              .to = host.node.self().id,
                              .epoch = ring->epoch,
                              .body = RingAnswer{rings_.intern(ring)}});
    turn(host);
}

// --- views ---

bool MemberNet::is_alive(MemberIndex member) const {
    return hosts_[member]->alive;
}

bool MemberNet::is_cut(MemberIndex member) const {
    return hosts_[member]->cut;
}

bool MemberNet::is_paused(MemberIndex member) const {
    return hosts_[member]->paused;
}

const Node& MemberNet::node(MemberIndex member) const {
    return hosts_[member]->node;
}

const Traffic& MemberNet::traffic(MemberIndex member) const {
    return hosts_[member]->sent;
}

bool MemberNet::separates(MemberIndex a, MemberIndex b) const {
    return hosts_[a]->cut || hosts_[b]->cut;
}

// --- faults ---

void MemberNet::kill(MemberIndex member) {
    Host& host = *hosts_[member];
    if (!host.alive) return;
    host.alive = false;
    host.inbox.clear();
    for (const std::uint32_t link : std::exchange(host.incoming, {})) {
        wheel_.after(config_.death_notice, {Kind::ended, link});
    }
    for (const auto& [peer, link] : std::exchange(host.outgoing, {})) close(link);
}

void MemberNet::cut(MemberIndex member) {
    hosts_[member]->cut = true;
}

void MemberNet::pause(MemberIndex member) {
    hosts_[member]->paused = true;
}

void MemberNet::resume(MemberIndex member) {
    Host& host = *hosts_[member];
    if (std::exchange(host.paused, false) && host.alive) wake(host, now());
}

// --- time ---

void MemberNet::run_until(Time time) {
    while (const auto event = wheel_.next(time)) happen(*event);
}

bool MemberNet::run_until(Time limit, const std::function<bool()>& stop) {
    while (!stop()) {
        const auto event = wheel_.next(limit);
        if (!event) return stop();
        happen(*event);
    }
    return true;
}

void MemberNet::happen(const Event& event) {
    hash_ = mixed(hash_, static_cast<std::uint64_t>(to_us(now())) << 4 |
                             static_cast<std::uint64_t>(event.kind));
    hash_ = mixed(hash_, event.subject);
    switch (event.kind) {
        case Kind::wake: {
            Host& host = *hosts_[event.subject];
            if (now() < host.wake_at) return;
            host.wake_at = never;
            return host.alive && !host.paused ? turn(host) : void();
        }
        case Kind::datagram:
            return arrive(event.subject, event);
        case Kind::dial_arrives:
            return dial_arrives(event.subject);
        case Kind::message:
        case Kind::hung_up:
            return arrive(links_[event.subject].listener, event);
        case Kind::up:
        case Kind::refused:
        case Kind::timeout:
        case Kind::ended:
            return arrive(links_[event.subject].dialer, event);
    }
}

void MemberNet::arrive(MemberIndex to, const Event& event) {
    Host& host = *hosts_[to];
    const bool carries = event.kind == Kind::datagram || event.kind == Kind::message;
    const bool is_datagram = event.kind == Kind::datagram;
    const bool overflows = is_datagram && host.datagrams_waiting >= datagrams_waiting_max;
    host.sent.overflowed += overflows ? 1 : 0;
    if (!host.alive || overflows ||
        (carries && separates(payloads_[event.payload].from, host.index))) {
        if (carries) unstore(event.payload);
        return;
    }
    host.inbox.push_back(event);
    host.datagrams_waiting += is_datagram ? 1 : 0;
    wake(host, now());
}

void MemberNet::wake(Host& host, Time time) {
    time = std::max({time, now(), host.busy_until});
    if (host.paused || time >= host.wake_at) return;
    host.wake_at = time;
    wheel_.at(time, {Kind::wake, host.index});
}

void MemberNet::take(Host& host, const Event& event) {
    switch (event.kind) {
        case Kind::datagram:
            return take_datagram(host, unstore(event.payload));
        case Kind::message:
            return take_message(host, unstore(event.payload));
        case Kind::hung_up:
            host.incoming.erase(event.subject);
            return host.node.peer_hung_up(now(), address_of(links_[event.subject].dialer));
        default:
            return take_dial_result(host, event);
    }
}

void MemberNet::take_datagram(Host& host, Payload payload) {
    const Result<Envelope> envelope = decode_datagram(payload.bytes);
    ASSERT(envelope, "{}", envelope.error().message);
    host.node.receive(now(), *envelope);
}

void MemberNet::take_message(Host& host, Payload payload) {
    if (payload.whole != nullptr) return host.node.receive(now(), *payload.whole);
    FrameReader reader;
    reader.feed(payload.bytes);
    const auto frame = reader.next();
    ASSERT(frame && *frame, "a message on a link is not one frame");
    const Result<Envelope> envelope = decode_envelope((*frame)->payload);
    ASSERT(envelope, "{}", envelope.error().message);
    host.node.receive(now(), *envelope);
}

void MemberNet::take_dial_result(Host& host, const Event& event) {
    Link& link = links_[event.subject];
    if (link.closed) return;
    const Address peer = address_of(link.listener);
    if (event.kind == Kind::up) {
        link.up = true;
        host.node.link_up(now(), peer);
        for (Payload& payload : std::exchange(links_[event.subject].waiting, {})) {
            push(event.subject, std::move(payload));
        }
        return;
    }
    link.closed = true;
    link.waiting.clear();
    host.outgoing.erase(link.listener);
    host.node.link_down(now(), peer,
                        event.kind == Kind::refused   ? LinkEnd::refused
                        : event.kind == Kind::timeout ? LinkEnd::timeout
                                                      : LinkEnd::ended);
}

void MemberNet::dial_arrives(std::uint32_t number) {
    const Link& link = links_[number];
    if (link.closed) return;
    Host& listener = *hosts_[link.listener];
    if (separates(link.dialer, link.listener)) {
        wheel_.at(link.dialed + config_.dial_timeout, {Kind::timeout, number});
    } else if (!listener.alive) {
        wheel_.after(draw_delay(), {Kind::refused, number});
    } else {
        listener.incoming.insert(number);
        wheel_.after(draw_delay(), {Kind::up, number});
    }
}

// --- a member's turn ---

void MemberNet::turn(Host& host) {
    const auto arrived = static_cast<std::int64_t>(host.inbox.size());
    host.datagrams_waiting = 0;
    for (const Event& event : std::exchange(host.inbox, {})) take(host, event);
    if (host.placed_at <= now()) placed(host);
    if (host.node.next_deadline() <= now()) host.node.tick(now());
    host.leaves_at = now() + cost_.turn + arrived * cost_.message;
    carry_out(host);
    host.busy_until = host.leaves_at;
    host.sent.busy_us += static_cast<std::uint64_t>(to_us(host.busy_until - now()));
    wake(host, std::min(host.node.next_deadline(), host.placed_at));
}

// Members ask for the same, so it is computed once.
void MemberNet::placed(Host& host) {
    host.placed_at = never;
    if (placed_.first != host.placing) placed_ = {host.placing, desired_placement(host.placing)};
    host.node.placed(now(), std::move(host.placing), placed_.second);
}

void MemberNet::carry_out(Host& host) {
    NodeEffects effects = host.node.take_effects();
    if (effects.placement) {
        const std::size_t pairs = effects.placement->partitions * effects.placement->nodes.size();
        host.placing = *std::move(effects.placement);
        host.placed_at = now() + 1ms + std::chrono::microseconds(pairs / pairs_in_a_microsecond);
    }
    for (const auto& [to, envelope] : effects.datagrams) {
        send_datagram(host, index_of(to), envelope);
    }
    for (const auto& [to, envelope] : effects.links) send_on_link(host, index_of(to), envelope);
    for (const Address peer : effects.dials) dial(host, index_of(peer));
    for (const Address peer : effects.hang_ups) hang_up(host, index_of(peer));
    if (on_log_) {
        for (const LogLine& line : effects.log) on_log_(host.index, line);
    }
    const RingPtr& ring = host.node.ring();
    if (ring == nullptr || ring->epoch == host.seen) return;
    host.seen = ring->epoch;
    if (on_ring_) on_ring_(host.index, ring);
}

void MemberNet::send_datagram(Host& host, MemberIndex to, const Envelope& envelope) {
    std::string bytes = encode_datagram(envelope);
    const bool is_lease = std::holds_alternative<Heartbeat>(envelope.body);
    (is_lease ? host.sent.lease_datagrams : host.sent.swim_datagrams) += 1;
    (is_lease ? host.sent.lease_bytes : host.sent.swim_bytes) += bytes.size();
    const auto send_copy = [&](std::string copy) {
        Duration delay = draw_delay();
        if (rng_.chance(config_.straggle_per_mille, 1000)) {
            delay += rng_.between(Duration{}, config_.straggle_max);
        }
        if (rng_.chance(config_.loss_percent, 100)) return;
        Payload payload{std::move(copy), nullptr, host.index};
        wheel_.at(host.leaves_at + delay, {Kind::datagram, to, store(std::move(payload))});
    };
    if (rng_.chance(config_.duplicate_per_mille, 1000)) send_copy(bytes);
    send_copy(std::move(bytes));
    host.leaves_at += cost_.message;
}

MemberNet::Payload MemberNet::pack(Host& host, const Envelope& envelope) {
    Payload payload{{}, nullptr, host.index};
    ++host.sent.link_messages;
    if (SharedRings::is_bulky(envelope.body)) {
        host.sent.link_bytes += rings_.size_of(envelope);
        payload.whole = std::make_unique<Envelope>(envelope);
        auto* answer = std::get_if<RingAnswer>(&payload.whole->body);
        if (answer != nullptr && answer->ring) answer->ring = rings_.intern(answer->ring);
    } else {
        payload.bytes = encode(envelope);
        host.sent.link_bytes += payload.bytes.size();
    }
    return payload;
}

void MemberNet::send_on_link(Host& host, MemberIndex to, const Envelope& envelope) {
    dial(host, to);
    const std::uint32_t number = host.outgoing.at(to);
    Payload payload = pack(host, envelope);
    if (links_[number].up) {
        push(number, std::move(payload));
    } else {
        links_[number].waiting.push_back(std::move(payload));
    }
}

void MemberNet::push(std::uint32_t number, Payload payload) {
    Link& link = links_[number];
    Host& host = *hosts_[link.dialer];
    link.last = std::max(link.last, std::max(host.leaves_at, now()) + draw_delay());
    host.leaves_at += cost_.message;
    wheel_.at(link.last, {Kind::message, number, store(std::move(payload))});
}

void MemberNet::dial(Host& host, MemberIndex to) {
    const auto number = static_cast<std::uint32_t>(links_.size());
    if (!host.outgoing.try_emplace(to, number).second) return;
    links_.push_back({.dialer = host.index, .listener = to, .dialed = now()});
    wheel_.after(draw_delay(), {Kind::dial_arrives, number});
}

void MemberNet::hang_up(Host& host, MemberIndex to) {
    const auto found = host.outgoing.find(to);
    if (found == host.outgoing.end()) return;
    close(found->second);
    host.outgoing.erase(found);
}

// By its dialer.
void MemberNet::close(std::uint32_t number) {
    links_[number].closed = true;
    links_[number].waiting.clear();
    if (links_[number].up) wheel_.after(config_.death_notice, {Kind::hung_up, number});
}

// --- payloads under way ---

std::uint32_t MemberNet::store(Payload payload) {
    if (free_.empty()) {
        payloads_.push_back(std::move(payload));
        return static_cast<std::uint32_t>(payloads_.size() - 1);
    }
    const std::uint32_t place = free_.back();
    free_.pop_back();
    payloads_[place] = std::move(payload);
    return place;
}

MemberNet::Payload MemberNet::unstore(std::uint32_t place) {
    free_.push_back(place);
    return std::exchange(payloads_[place], {});
}

}  // namespace grapevine::sim
