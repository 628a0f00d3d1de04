#include "sim/network.h"

#include <algorithm>
#include <vector>

#include "base/assert.h"

namespace grapevine::sim {

Network::Network(const NetworkConfig& config, EventQueue& queue, EventLog& log, std::uint64_t seed)
    : config_(config), calm_(config), queue_(queue), log_(log), rng_(seed) {
    const DelayPlan delay{config.delay_min, config.delay_max, config.delay_tail};
    ASSERT(delay.is_sound());
    ASSERT(config.loss_percent <= 100, "{} %", config.loss_percent);
}

void Network::attach(Address address, Endpoint& endpoint) {
    const bool is_free = endpoints_.emplace(address, &endpoint).second;
    ASSERT(is_free, "{} is taken", address);
}

void Network::detach(Address address) {
    endpoints_.erase(address);
    std::vector<LinkId> ended;
    for (auto& [id, link] : links_) {
        if (link.forth.from == address || link.forth.to == address) ended.push_back(id);
    }
    for (const LinkId id : ended) end_link(id, links_.at(id), address);
}

// --- datagrams ---

void Network::datagram(Address from, Address to, std::string bytes) {
    ++datagrams_sent_;
    if (rng_.chance(config_.duplicate_per_mille, 1000)) {
        send_copy({from, to, bytes}, rng_.between(Duration{}, config_.duplicate_late));
    }
    send_copy({from, to, std::move(bytes)}, Duration{});
}

void Network::send_copy(Datagram datagram, Duration later) {
    Duration delay = draw_delay() + later;
    if (rng_.chance(config_.straggle_per_mille, 1000)) {
        delay += rng_.between(Duration{}, config_.straggle_max);
    }
    if (is_lost(datagram.from, datagram.to)) {
        log_.record(queue_.now(),
                    {EventKind::datagram_lost, datagram.from, datagram.to, datagram.bytes});
        return;
    }
    if (config_.corrupt_percent > 0 && rng_.chance(config_.corrupt_percent, 100)) corrupt(datagram);
    queue_.after(delay, [this, sent = std::move(datagram)]() mutable { deliver(sent); });
}

bool Network::is_lost(Address from, Address to) {
    const bool alone = rng_.chance(config_.loss_percent, 100);
    if (config_.burst.percent == 0) return alone;
    return bursts_[{from, to}].is_lost(rng_, config_.burst) || alone;
}

// One to eight bits, which differ from each other.
void Network::corrupt(Datagram& datagram) {
    const std::size_t bits = datagram.bytes.size() * 8;
    if (bits == 0) return;
    std::vector<std::size_t> flipped;
    for (std::uint64_t left = 1 + rng_.below(8); left > 0; --left) {
        const std::size_t bit = rng_.below(bits);
        if (std::ranges::find(flipped, bit) != flipped.end()) continue;
        flipped.push_back(bit);
        auto& byte = datagram.bytes[bit / 8];
        byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (bit % 8)));
    }
    datagram.corrupted = true;
    ++datagrams_corrupted_;
}

void Network::deliver(Datagram& datagram) {
    const auto& [from, to, bytes, corrupted] = datagram;
    if (is_obstructed(from, to, {Obstacle::clog})) {
        std::vector<Datagram>& waiting = ways_.at({from, to}).waiting;
        if (waiting.size() < config_.clogged_max) waiting.push_back(std::move(datagram));
        return;
    }
    const bool passes = !is_obstructed(from, to, {Obstacle::cut, Obstacle::mute});
    const bool arrives = passes && endpoints_.contains(to);
    log_.record(queue_.now(),
                {arrives ? EventKind::datagram : EventKind::datagram_lost, from, to, bytes});
    if (!arrives) return;
    hand(to, {ArrivalKind::datagram, LinkId{}, std::move(datagram.bytes), corrupted});
}

void Network::set_duplicates(std::uint32_t per_mille, Duration late) {
    config_.duplicate_per_mille = per_mille;
    config_.duplicate_late = late;
}

void Network::set_delay(const DelayPlan& plan) {
    ASSERT(plan.is_sound());
    config_.delay_min = plan.least;
    config_.delay_max = plan.most;
    config_.delay_tail = plan.tail;
}

void Network::calm() {
    config_ = calm_;
    bursts_.clear();
    heal();
}

// --- links ---

LinkId Network::dial(Address from, Address to) {
    const LinkId id{++last_link_};
    Link& link = links_[id];
    link.forth.from = link.back.to = from;
    link.forth.to = link.back.from = to;
    queue_.after(draw_delay(), [this, id, from, to, dialed = queue_.now()] {
        dial_arrives(id, from, to, dialed);
    });
    return id;
}

void Network::dial_arrives(LinkId id, Address from, Address to, Time dialed) {
    const auto found = links_.find(id);
    if (found == links_.end() || found->second.back.closed) return;  // the dialer gave up or died
    const bool answers = !holds_bytes(from, to) && !holds_bytes(to, from);
    const bool listens = endpoints_.contains(to) && !is_obstructed(from, to, {Obstacle::refuse});
    log_.record(queue_.now(),
                {answers && listens ? EventKind::dial : EventKind::dial_failed, from, to, {}});
    if (answers && listens) {
        const Time up = queue_.now() + draw_delay();
        found->second.back.last = up;  // nothing that the other end says or does overtakes it
        hand(to, {ArrivalKind::opened, id, {}});
        queue_.at(up, [this, id, from] {
            const auto link = links_.find(id);
            if (link == links_.end() || link->second.back.closed) return;
            hand(from, {ArrivalKind::up, id, {}});
        });
        return;
    }
    const auto kind = answers ? ArrivalKind::refused : ArrivalKind::timeout;
    const Time told = answers ? queue_.now() + draw_delay() : dialed + config_.dial_timeout;
    queue_.at(told, [this, id, from, kind] {
        if (links_.erase(id) > 0) hand(from, {kind, id, {}});
    });
}

void Network::send(LinkId id, Address from, std::string bytes) {
    const auto found = links_.find(id);
    if (found == links_.end()) return;
    Link& link = found->second;
    Pipe& pipe = from == link.forth.from ? link.forth : link.back;
    if (pipe.closed) return;
    if (pipe.bytes + bytes.size() > config_.link_bytes_max) {
        end_link(id, link, from);
        hand(from, {ArrivalKind::ended, id, {}});
        return;
    }
    push(id, pipe, {false, std::move(bytes)}, draw_delay());
}

void Network::close(LinkId id, Address from) {
    const auto found = links_.find(id);
    if (found != links_.end()) end_link(id, found->second, from);
}

// `by` hears nothing any more. The other end is told, after what is under way to it.
void Network::end_link(LinkId id, Link& link, Address by) {
    Pipe& to_ender = by == link.forth.from ? link.back : link.forth;
    Pipe& from_ender = by == link.forth.from ? link.forth : link.back;
    to_ender.closed = true;
    if (!from_ender.closed) {
        const bool other_died = !endpoints_.contains(from_ender.to);
        if (other_died) from_ender.closed = true;
        if (rng_.chance(1, 2)) lose_tail(from_ender);
        if (!other_died) push(id, from_ender, {true, {}}, config_.death_notice);
    }
    drop_if_closed(id);
}

// A reset overtakes bytes that wait in the sender's kernel.
void Network::lose_tail(Pipe& pipe) {
    const std::size_t held = pipe.stalled;  // their events are past: schedule() counts on them
    if (pipe.items.size() <= held) return;
    const std::size_t kept = held + rng_.below(pipe.items.size() - held + 1);
    for (std::size_t i = kept; i < pipe.items.size(); ++i) {
        pipe.bytes -= pipe.items[i].bytes.size();
        pipe.items[i].bytes.clear();
    }
}

void Network::drop_if_closed(LinkId id) {
    const auto found = links_.find(id);
    if (found == links_.end()) return;
    if (found->second.forth.closed && found->second.back.closed) links_.erase(found);
}

void Network::push(LinkId id, Pipe& pipe, Item item, Duration delay) {
    pipe.last = std::max(pipe.last, queue_.now() + delay);
    pipe.bytes += item.bytes.size();
    pipe.items.push_back(std::move(item));
    schedule(id, &pipe == &links_.at(id).forth, pipe.last);
}

void Network::schedule(LinkId id, bool forth, Time at) {
    queue_.at(at, [this, id, forth] { pump(id, forth); });
}

// One item arrives, unless a cut holds it back.
void Network::pump(LinkId id, bool forth) {
    const auto found = links_.find(id);
    if (found == links_.end()) return;
    Pipe& pipe = forth ? found->second.forth : found->second.back;
    if (pipe.items.empty()) return;
    if (holds_bytes(pipe.from, pipe.to)) {
        ++pipe.stalled;
        return;
    }
    Item item = std::move(pipe.items.front());
    pipe.items.pop_front();
    pipe.bytes -= item.bytes.size();
    if (pipe.closed || (!item.ends && item.bytes.empty())) return;
    log_.record(queue_.now(),
                {item.ends ? EventKind::ended : EventKind::bytes, pipe.from, pipe.to, item.bytes});
    const Address to = pipe.to;
    if (item.ends) {
        pipe.closed = true;
        drop_if_closed(id);
    }
    hand(to, {item.ends ? ArrivalKind::ended : ArrivalKind::bytes, id, std::move(item.bytes)});
}

// --- obstacles ---

bool Network::is_obstructed(Address from, Address to, std::initializer_list<Obstacle> any) const {
    if (ways_.empty()) return false;
    const auto way = ways_.find({from, to});
    if (way == ways_.end()) return false;
    return std::ranges::any_of(any, [&](Obstacle one) {
        return (way->second.obstacles & static_cast<unsigned>(one)) != 0;
    });
}

void Network::obstruct(Address from, Address to, Obstacle obstacle) {
    ways_[{from, to}].obstacles |= static_cast<unsigned>(obstacle);
}

void Network::flap(Address from, Address to, Duration span) {
    ASSERT(span > Duration{});
    Way& way = ways_[{from, to}];
    way.flapping = ++last_flapping_;
    flip({from, to}, way.flapping, span);
}

void Network::flip(const Ends& ends, std::uint64_t flapping, Duration span) {
    const auto way = ways_.find(ends);
    if (way == ways_.end() || way->second.flapping != flapping) return;  // healed
    way->second.obstacles ^= static_cast<unsigned>(Obstacle::cut);
    release(ends, way->second);
    queue_.after(span, [this, ends, flapping, span] { flip(ends, flapping, span); });
}

// What waits and need not any more arrives in one burst, before what is on its way.
void Network::release(const Ends& ends, Way& way) {
    if (!is_obstructed(ends.first, ends.second, {Obstacle::clog})) {
        for (Datagram& held : std::exchange(way.waiting, {})) {
            queue_.after(draw_delay(), [this, sent = std::move(held)]() mutable { deliver(sent); });
        }
    }
    if (holds_bytes(ends.first, ends.second)) return;
    for (auto& [id, link] : links_) {
        for (Pipe* pipe : {&link.forth, &link.back}) {
            if (pipe->stalled == 0 || pipe->from != ends.first || pipe->to != ends.second) continue;
            const Time at = queue_.now() + draw_delay();
            pipe->last = std::max(pipe->last, at);
            for (; pipe->stalled > 0; --pipe->stalled) schedule(id, pipe == &link.forth, at);
        }
    }
}

void Network::heal(Address from, Address to) {
    const auto way = ways_.find({from, to});
    if (way == ways_.end()) return;
    way->second.obstacles = 0;
    release(way->first, way->second);
    ways_.erase(way);
}

void Network::heal() {
    while (!ways_.empty()) {
        const Ends ends = ways_.begin()->first;
        heal(ends.first, ends.second);
    }
}

void Network::break_links(Address a, Address b) {
    std::vector<LinkId> broken;
    for (const auto& [id, link] : links_) {
        const Pipe& pipe = link.forth;
        if ((pipe.from == a && pipe.to == b) || (pipe.from == b && pipe.to == a)) {
            broken.push_back(id);
        }
    }
    for (const LinkId id : broken) {
        const Address dialer = links_.at(id).forth.from;
        end_link(id, links_.at(id), dialer);
        hand(dialer, {ArrivalKind::ended, id, {}});
    }
}

void Network::hand(Address to, Arrival arrival) {
    const auto found = endpoints_.find(to);
    if (found != endpoints_.end()) found->second->arrive(std::move(arrival));
}

}  // namespace grapevine::sim
