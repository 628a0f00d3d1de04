#include "sim/network.h"

#include <algorithm>
#include <vector>

#include "base/assert.h"

namespace grapevine::sim {

Network::Network(const NetworkConfig& config, EventQueue& queue, EventLog& log, std::uint64_t seed)
    : config_(config), queue_(queue), log_(log), rng_(seed) {
    ASSERT(config.delay_min > Duration{} && config.delay_min <= config.delay_max);
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

void Network::datagram(Address from, Address to, std::string bytes) {
    ++datagrams_sent_;
    const std::uint64_t copies = rng_.chance(config_.duplicate_per_mille, 1000) ? 2 : 1;
    for (std::uint64_t i = 0; i < copies; ++i) {
        Duration delay = draw_delay();
        if (rng_.chance(config_.straggle_per_mille, 1000)) {
            delay += rng_.between(Duration{}, config_.straggle_max);
        }
        if (rng_.chance(config_.loss_percent, 100)) {
            log_.record(queue_.now(), {EventKind::datagram_lost, from, to, bytes});
            continue;
        }
        queue_.after(delay, [this, from, to, bytes] { deliver_datagram(from, to, bytes); });
    }
}

void Network::deliver_datagram(Address from, Address to, const std::string& bytes) {
    const bool arrives = !is_cut(from, to) && endpoints_.contains(to);
    log_.record(queue_.now(),
                {arrives ? EventKind::datagram : EventKind::datagram_lost, from, to, bytes});
    if (arrives) hand(to, {ArrivalKind::datagram, LinkId{}, bytes});
}

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
    const bool answers = !is_cut(from, to) && !is_cut(to, from);
    const bool listens = endpoints_.contains(to);
    log_.record(queue_.now(),
                {answers && listens ? EventKind::dial : EventKind::dial_failed, from, to, {}});
    if (answers && listens) {
        hand(to, {ArrivalKind::opened, id, {}});
        queue_.after(draw_delay(), [this, id, from] {
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
    if (is_cut(pipe.from, pipe.to) || hung_.contains({pipe.from, pipe.to})) {
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

void Network::cut(Address from, Address to) {
    cuts_.insert({from, to});
}

void Network::hang(Address from, Address to) {
    hung_.insert({from, to});
}

template <class Which>
void Network::resume_where(Which which) {
    for (auto& [id, link] : links_) {
        for (Pipe* pipe : {&link.forth, &link.back}) {
            if (pipe->stalled == 0 || !which(*pipe)) continue;
            // What was held back arrives in one burst, before what is on its way.
            const Time at = queue_.now() + draw_delay();
            pipe->last = std::max(pipe->last, at);
            for (; pipe->stalled > 0; --pipe->stalled) schedule(id, pipe == &link.forth, at);
        }
    }
}

void Network::heal(Address from, Address to) {
    cuts_.erase({from, to});
    hung_.erase({from, to});
    resume_where([&](const Pipe& pipe) { return pipe.from == from && pipe.to == to; });
}

void Network::heal() {
    cuts_.clear();
    hung_.clear();
    resume_where([](const Pipe&) { return true; });
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
