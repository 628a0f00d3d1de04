#include "sim/node_host.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "base/hash.h"
#include "command/program.h"
#include "command/reply.h"

namespace grapevine::sim {

namespace {

constexpr Duration reads_kept = 60s;

}  // namespace

NodeHost::NodeHost(Surroundings& surroundings, const NodeConfig& config, NodeObserver& observer,
                   std::uint64_t seed)
    : Process(surroundings, config.self.address, config.self.name, seed),
      observer_(observer),
      id_(config.self.id),
      store_(config.self.stores() ? std::make_unique<LadenStore>(config.self.id.value) : nullptr),
      memory_max_(config.memory_max),
      node_(std::make_unique<Node>(config, store_.get(), rng().next(), surroundings.queue.now())),
      outgoing_(surroundings.network, config.self.address, [this] {
          return encode(Hello{.cluster = cluster(),
                              .speaker = Speaker::peer,
                              .from = id_,
                              .address = address(),
                              .ancestors = ancestors()});
      }) {
    wake_at(now());
}

void NodeHost::fill_up(std::size_t left) {
    if (store_ == nullptr) return;
    store_->leave(left, memory_max_);
}

void NodeHost::make_room() {
    if (store_ != nullptr) store_->unload();
}

void NodeHost::set_wall_clock(std::int64_t by_ms) {
    wall_offset_ms_ += by_ms;
    if (by_ms < 0) set_back_at_ = now();
    wake_at(now());
}

std::int64_t NodeHost::unix_ms() const {
    constexpr std::int64_t beginning_ms = 1'800'000'000'000;
    return beginning_ms + wall_offset_ms_ + to_ms(now().time_since_epoch());
}

ClusterId NodeHost::cluster() const {
    return node_->ring() ? node_->ring()->cluster : ClusterId{};
}

Ancestors NodeHost::ancestors() const {
    return node_->ring() ? node_->ring()->ancestors : Ancestors{};
}

void NodeHost::take(Arrival arrival) {
    node_->wall_clock(now(), unix_ms());
    switch (arrival.kind) {
        case ArrivalKind::datagram:
            return take_datagram(arrival);
        case ArrivalKind::opened:
            incoming_.try_emplace(arrival.link);
            return;
        case ArrivalKind::bytes:
            return take_bytes(arrival.link, arrival.bytes);
        case ArrivalKind::up:
            if (const auto peer = outgoing_.peer_of(arrival.link)) {
                outgoing_.is_up(*peer);
                node_->link_up(now(), *peer);
            }
            return;
        case ArrivalKind::refused:
        case ArrivalKind::timeout:
        case ArrivalKind::ended:
            return take_end(arrival.link, arrival.kind);
    }
}

void NodeHost::take_datagram(const Arrival& arrival) {
    const Result<Envelope> envelope = decode_datagram(arrival.bytes);
    if (envelope && !arrival.corrupted) return node_->receive(now(), *envelope);
    if (!envelope && arrival.corrupted) {
        ++corrupted_rejected_;
    } else {
        bad_message_ = envelope ? "a corrupted datagram decodes" : envelope.error().message;
    }
}

void NodeHost::take_bytes(LinkId link, const std::string& bytes) {
    const auto found = incoming_.find(link);
    if (found == incoming_.end()) {
        if (const auto peer = outgoing_.peer_of(link)) take_answer(*peer, bytes);
        return;
    }
    found->second.reader.feed(bytes);
    for (;;) {
        const auto at = incoming_.find(link);  // a frame may have ended the link
        if (at == incoming_.end()) return;
        const auto frame = at->second.reader.next();
        if (!frame) return turn_away(link, frame.error().message);
        if (!*frame) return;
        take_frame(link, **frame);
    }
}

// On a link that this node dialed, the other end says nothing but that it will not have it.
void NodeHost::take_answer(Address peer, const std::string&) {
    outgoing_.hang_up(peer);
    node_->link_down(now(), peer, LinkEnd::ended);
}

void NodeHost::take_frame(LinkId link, const Frame& frame) {
    const Incoming& from = incoming_.at(link);
    if (!from.hello) return greet(link, frame);
    if (from.hello->speaker == Speaker::peer && frame.kind == FrameKind::peer) {
        const Result<Envelope> envelope = decode_envelope(frame.payload);
        if (!envelope) return turn_away(link, envelope.error().message);
        return node_->receive(now(), *envelope);
    }
    Result<ClientMessage> message = decode_client_message(frame.payload);
    if (!message) return turn_away(link, message.error().message);
    if (node_->overloaded()) {
        unread_.emplace_back(link, std::move(*message));
    } else {
        take_request(link, std::move(*message));
    }
}

void NodeHost::greet(LinkId link, const Frame& frame) {
    Result<Hello> hello = decode_hello(frame.payload);
    if (!hello) return turn_away(link, hello.error().message);
    const Result<void> fits = check_hello(*hello, protocol_version, cluster(), ancestors());
    if (!fits) {
        around().network.send(link, address(), encode(Refusal{fits.error().message}));
        incoming_.erase(link);
        around().network.close(link, address());
        return;
    }
    incoming_.at(link).hello = *hello;
}

void NodeHost::turn_away(LinkId link, const std::string& why) {
    bad_message_ = why;
    incoming_.erase(link);
    around().network.close(link, address());
}

void NodeHost::take_request(LinkId link, ClientMessage message) {
    const auto client = incoming_.find(link);
    if (client == incoming_.end()) return;
    if (const auto* request = std::get_if<Request>(&message)) {
        Incoming& incoming = client->second;
        auto& requests = is_read(request->kind) ? incoming.reads : incoming.writes;
        const auto [asked, is_first] =
            requests.try_emplace(request->sequence, Asked{*request, now(), unix_ms()});
        if (!is_first) asked->second.request = *request;
        auto& writes = incoming.writes;
        writes.erase(writes.begin(), writes.lower_bound(request->floor));
        auto& reads = incoming.reads;
        while (reads.begin() != reads.end() && reads.begin()->second.at + reads_kept < now()) {
            reads.erase(reads.begin());
        }
    }
    node_->receive(now(), ConnectionId{link.value}, std::move(message));
}

void NodeHost::take_end(LinkId link, ArrivalKind how) {
    if (const auto peer = outgoing_.peer_of(link)) {
        outgoing_.forget(*peer);
        node_->link_down(now(), *peer,
                         how == ArrivalKind::refused   ? LinkEnd::refused
                         : how == ArrivalKind::timeout ? LinkEnd::timeout
                                                       : LinkEnd::ended);
        return;
    }
    const auto found = incoming_.find(link);
    if (found == incoming_.end()) return;
    const std::optional<Hello> hello = found->second.hello;
    incoming_.erase(found);
    if (!hello) return;
    if (hello->speaker == Speaker::peer) {
        node_->peer_hung_up(now(), hello->address);
    } else {
        node_->client_closed(now(), ConnectionId{link.value});
    }
}

void NodeHost::tick() {
    node_->wall_clock(now(), unix_ms());
    if (now() >= placed_at_) {
        placed_at_ = never;
        Placement placement = desired_placement(placing_);
        node_->placed(now(), std::move(placing_), std::move(placement));
    }
    if (now() >= node_->next_deadline()) node_->tick(now());
    execute_own();
}

Time NodeHost::next_deadline() const {
    return own_.empty() ? std::min(node_->next_deadline(), placed_at_) : Time::min();
}

// Elsewhere, as long as it would take on a machine that is busy.
void NodeHost::place(PlacementTask task) {
    const auto pairs = static_cast<std::int64_t>(task.partitions * task.nodes.size());
    placing_ = std::move(task);
    placed_at_ = now() + around().placing_takes + std::chrono::microseconds(8 * pairs);
}

void NodeHost::execute(const Operation& program, Told told) {
    own_.push_back({.program = program, .told = std::move(told), .done = {}, .reply = {}});
    wake_at(now());
}

PartitionId NodeHost::partition_asked(const Own& own) const {
    return partition_of_key(own.program.key, ring()->partitions());
}

void NodeHost::execute_own() {
    for (Own& own : std::exchange(own_, {})) {
        const auto program = command::decode(own.program.value);
        ASSERT(program && !program->atomic && program->commands.size() == 1);
        command::Reply reply;
        is_executing_ = true;
        own.done = node_->execute(now(),
                                  {.key = own.program.key,
                                   .writes = own.program.kind == OperationKind::run,
                                   .args = program->commands.front().args},
                                  reply);
        is_executing_ = false;
        if (own.done) observer_.executed(*this, partition_asked(own));
        own.reply = reply.take();
        executed_.push_back(std::move(own));
    }
}

void NodeHost::tell_own() {
    for (Own& own : std::exchange(executed_, {})) {
        if (!own.done) {
            own.told(std::nullopt);
            continue;
        }
        Outcome outcome;
        if (own.done->valid_until > now()) {
            observer_.tells(*this, partition_asked(own), *own.done);
            outcome.value = std::move(own.reply);
            outcome.version = own.done->version;
        } else {
            outcome.kind = OutcomeKind::unknown;
        }
        own.told(outcome);
    }
}

void NodeHost::leave() {
    if (std::exchange(is_leaving_, true)) return;
    leave_is_due_ = true;
    wake_at(now());
}

void NodeHost::carry_out() {
    if (std::exchange(leave_is_due_, false)) node_->leave(now());
    NodeEffects effects = node_->take_effects();
    if (effects.persist && !stores()) saved_ = encode(node_->durable_state());
    for (const auto& [to, envelope] : effects.datagrams) {
        observer_.sends(*this, envelope);
        around().network.datagram(address(), to, encode_datagram(envelope));
    }
    for (const auto& [to, envelope] : effects.links) {
        observer_.sends(*this, envelope);
        append_frame(outgoing_.frames_to(to), envelope);
    }
    for (const Address peer : effects.dials) outgoing_.dial(peer);
    outgoing_.flush();
    for (const Address peer : effects.hang_ups) outgoing_.hang_up(peer);
    for (auto& reply_to : effects.replies) reply(reply_to);
    for (const LinkId link : std::exchange(answered_, {})) {
        const auto client = incoming_.find(link);
        if (client == incoming_.end()) continue;
        around().network.send(link, address(), std::exchange(client->second.answers, {}));
    }
    tell_own();
    if (effects.placement) place(*std::move(effects.placement));
    for (const LogLine& line : effects.log) {
        around().log.record(around().queue.now(), {EventKind::log, address(), {}, line.text});
        observer_.says(*this, line);
    }
    observer_.took_turn(*this);
    if (effects.stop || effects.left || effects.occupied_by || effects.name_held_by) return kill();
    if (unread_.empty() || node_->overloaded()) return;
    auto requests = std::exchange(unread_, {});
    for (auto& [link, message] : requests) take_request(link, std::move(message));
    wake_at(now());
}

void NodeHost::reply(NodeEffects::ToClient& to_client) {
    const auto found = incoming_.find(LinkId{to_client.connection.value});
    if (found == incoming_.end()) return;  // the client has gone
    if (auto* answer = std::get_if<Reply>(&to_client.message)) {
        if (to_client.must_be_refused(now())) *answer = node_->refuse(*answer);
        // It stood still in the middle of the turn.
        const bool is_late = to_client.valid_until <= now() && to_client.valid_until > handled_at();
        observe_reply(found->second, *answer, is_late);
    }
    answered_.insert(found->first);
    append_frame(found->second.answers, to_client.message);
}

void NodeHost::observe_reply(const Incoming& client, const Reply& reply, bool is_late) {
    // A request that was sent twice is answered twice.
    for (const auto* requests : {&client.writes, &client.reads}) {
        const auto request = requests->find(reply.sequence);
        if (request == requests->end()) continue;
        return observer_.answers(*this, request->second, reply, is_late);
    }
}

void NodeHost::died() {
    incoming_.clear();
    answered_.clear();
    outgoing_.clear();
    unread_.clear();
    placed_at_ = never;
    node_.reset();
    store_.reset();
    auto own = std::exchange(own_, {});
    std::ranges::move(std::exchange(executed_, {}), std::back_inserter(own));
    Outcome unknown;
    unknown.kind = OutcomeKind::unknown;
    for (const Own& each : own) each.told(unknown);
}

}  // namespace grapevine::sim
