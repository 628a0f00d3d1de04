#include "node/node.h"

#include <algorithm>
#include <array>
#include <ranges>

#include "base/assert.h"
#include "base/limits.h"
#include "node/programs.h"
#include "node/state.h"

namespace grapevine {

namespace {

void check(const NodeConfig& config, const Store* store) {
    ASSERT(config.self.id && config.self.address);
    ASSERT(config.copies_wanted >= 1 && config.copies_wanted <= copies_max);
    ASSERT(config.self.stores() == (store != nullptr));
    ASSERT(!config.found || config.cluster);
    // With the same id others would expect the same data, which no promise brings back.
    ASSERT(!config.resume || (!config.found && !config.self.stores() && config.resume->ring &&
                              config.resume->id == config.self.id));
    ASSERT(config.heartbeat + 4 * config.heartbeat_patience < config.lease.held());
}

ReplicationConfig replication_config(const NodeConfig& config) {
    ReplicationConfig replication;
    replication.lease_wait = config.lease.waited_out();
    replication.patience = config.lease.lease + 50ms;
    replication.pending_bytes_max = config.pending_bytes_max;
    replication.memory_max = config.memory_max;
    replication.fill_bytes_per_second = config.backfill_rate;
    replication.request_memory = config.request_memory;
    replication.interpreter = &programs();
    replication.on_commit = config.on_commit;
    replication.bugs = config.bugs;
    return replication;
}

NodeConfig with_bugs_everywhere(NodeConfig config) {
    config.lease.bugs = config.agreement.bugs = config.planner.bugs = config.bugs;
    return config;
}

// Jitter and chance of the parts must not march in step.
std::uint64_t derive(Rng& rng) {
    return rng.next();
}

}  // namespace

// --- construction ---

Node::State::State(NodeConfig given, Store* given_store, std::uint64_t seed, Time now)
    : config(with_bugs_everywhere(std::move(given))),
      self(config.self),
      rng(seed),
      store(given_store),
      swim(config.swim, self.id, derive(rng)),
      lease(config.lease, self.id),
      agreement(config.agreement, self.id, derive(rng)),
      links(config.redial),
      heartbeats({.period = config.heartbeat, .patience = config.heartbeat_patience}, self.id),
      link_checks(config.link_check, self.id),
      governor(config.rank_delay, config.genesis_members, config.bugs),
      placement(config.pairs_at_once),
      readmission(config.join_period, config.link_silence) {
    check(config, store);
    if (store != nullptr) {
        ReplicationConfig made = replication_config(config);
        made.hash_seed = derive(rng);
        replication.emplace(made, self.id, *store, [this](Time at, Epoch from) {
            return is_member() ? lease.expiry(at, from) : Time::min();
        });
    }
    if (config.resume) {
        adopt(now, {.ring = config.resume->ring});
        agreement.resume(now, config.resume->promises);
        const Founding& stood = config.resume->consent;
        consent.resume(config.resume->consents, static_cast<bool>(stood.ballot));
        resume_consent(now, stood);
    } else if (!config.found) {
        join_at = now;
    } else if (config.listen > Duration{}) {
        found_at = now + config.listen;
    } else {
        found(now);
    }
    settle(now);
}

Node::Node(NodeConfig config, Store* store, std::uint64_t seed, Time now)
    : state_(std::make_unique<State>(std::move(config), store, seed, now)) {}

Node::~Node() = default;

// --- inputs ---

void Node::receive(Time now, const Envelope& envelope) {
    state_->receive(now, envelope);
    state_->settle(now);
}

void Node::link_up(Time now, Address peer) {
    state_->links.up(now, peer);
    const Member* member = state_->ring ? state_->ring->member_at(peer) : nullptr;
    if (member != nullptr && state_->replication) state_->replication->link_reset(now, member->id);
    state_->settle(now);
}

void Node::link_down(Time now, Address peer, LinkEnd how) {
    const bool refused = how == LinkEnd::refused;
    state_->links.down(now, peer, refused);
    const Member* member = state_->ring ? state_->ring->member_at(peer) : nullptr;
    if (refused && member != nullptr && member->id != state_->self.id) {
        state_->heartbeats.refused(member->id);
        state_->swim.gone(now, member->id);
    }
    state_->links.tick(now);  // a link that was up is dialed again at once
    state_->settle(now);
}

void Node::peer_hung_up(Time now, Address peer) {
    // Our own link tells more: if it is not up, see whether anybody listens.
    if (state_->ring && state_->ring->member_at(peer) != nullptr) state_->links.use(now, peer);
    state_->settle(now);
}

void Node::wall_clock(Time now, std::int64_t unix_ms) {
    if (state_->replication) state_->replication->wall_clock(now, unix_ms);
}

void Node::receive(Time now, ConnectionId connection, ClientMessage&& message) {
    // Requests are many, and replication alone hears of them.
    if (auto* request = std::get_if<Request>(&message)) {
        state_->last_input_at = now;
        state_->on_request(now, connection, std::move(*request));
        return;
    }
    state_->receive(now, connection, message);
    state_->settle(now);
}

std::optional<AtOnce> Node::execute(Time now, const AtOnceCommand& command, command::Reply& reply) {
    if (!state_->ring || !state_->replication || state_->heir) return std::nullopt;
    state_->last_input_at = now;
    return state_->replication->execute(now, command, reply);
}

void Node::prefetch(std::span<const ClientMessage> messages) const {
    if (!state_->replication) return;
    std::array<const Request*, Replication::prefetched_max> requests{};
    std::size_t count = 0;
    for (const ClientMessage& message : messages) {
        const auto* request = std::get_if<Request>(&message);
        if (request != nullptr && count < requests.size()) requests[count++] = request;
    }
    state_->replication->prefetch(std::span(requests).first(count));
}

void Node::prefetch(std::span<const std::string_view> keys) const {
    if (state_->replication) state_->replication->prefetch(keys);
}

void Node::client_closed(Time now, ConnectionId connection) {
    state_->polls.closed(connection);
    state_->losses.closed(connection);
    state_->consent.closed(connection);
    state_->settle(now);
}

Reply Node::refuse(const Reply& stale) const {
    return {.sequence = stale.sequence,
            .status = Status::lapsed,
            .version = {},
            .epoch = state_->ring ? state_->ring->epoch : Epoch{},
            .stamp_ms = -1,
            .value = {}};
}

void Node::leave(Time now) {
    state_->leave(now);
    state_->settle(now);
}

void Node::placed(Time now, PlacementTask task, Placement placement) {
    state_->placed(now, std::move(task), std::move(placement));
    state_->settle(now);
}

void Node::tick(Time now) {
    state_->tick(now);
    state_->settle(now);
}

NodeEffects Node::take_effects() {
    state_->drain_replication(state_->last_input_at);
    state_->drain_links();
    state_->ask_for_placement();
    return std::exchange(state_->effects, {});
}

std::vector<NodeEffects::ToClient> Node::take_answers() {
    std::vector<NodeEffects::ToClient> answers;
    if (!state_->replication) return answers;
    std::vector<ReplicationReply> replies = state_->replication->take_replies();
    answers.reserve(replies.size());
    for (ReplicationReply& each : replies) answers.push_back(state_->to_client(std::move(each)));
    return answers;
}

Time Node::next_deadline() const {
    return state_->next_deadline();
}

// --- views ---

bool Node::overloaded() const {
    return state_->replication && state_->replication->overloaded();
}

const RingPtr& Node::ring() const {
    return state_->ring;
}

const Member& Node::self() const {
    return state_->self;
}

SavedState Node::durable_state() const {
    const Consent& consent = state_->consent;
    return {state_->self.id, state_->ring, state_->agreement.state(), consent.consents(),
            consent.stands() ? consent.founding() : Founding{}};
}

Time Node::serves_until(Time now, PartitionId partition) const {
    return state_->replication ? state_->replication->serves_until(now, partition) : Time::min();
}

const Replication* Node::replication() const {
    return state_->replication ? &*state_->replication : nullptr;
}

Time Node::backs_off_until() const {
    return std::max(state_->governor.trusts_from(), state_->readmission.asks_at_best());
}

StatusReply Node::status(Time now) const {
    return state_->status(now);
}

bool Node::serving(Time now) const {
    return state_->is_member() && state_->serves_all(now);
}

void Node::invariants() const {
    state_->swim.invariants();
    if (state_->replication) state_->replication->invariants();
}

// --- time ---

void Node::State::tick(Time now) {
    swim.tick(now);
    heartbeats.tick(now);
    for (const NodeId id : heartbeats.take_missed()) swim.missed(now, id);
    link_checks.tick(now);
    if (!consent.stands()) {
        if (now >= agreement.next_deadline()) brief_agreement(now);
        agreement.tick(now, [&](const auto& promisers) { return choose(now, promisers); });
    }
    if (replication) replication->tick(now);
    links.tick(now);
    for (auto& due : polls.take_due(now, shown())) reply(due.connection, std::move(due.reply));
    if (now >= losses.next_deadline()) answer_losses(now);
    if (now >= consent.next_deadline()) answer_founders(now);
    if (now >= consent_at) repeat_consent(now);
    if (now >= review_at) {
        review_at = now + 1s;
        // One looks for all: the others would plan in vain.
        if (governor.rank(*ring, self.id, dead_members()) == 0) consider(now, 0ms);
    }
    if (governor.due(now)) propose(now);
    if (now >= active_at) look_whether_active(now);
    if (now >= found_at) found(now);
    if (now >= beacon_at) send_beacons(now);
    if (now >= join_at) ask_to_join(now);
    if (now >= report_at) report_fills(now);
    if (now >= link_report_at) {
        report_links(now);
        look_for_majority(now);
    }
    if (now >= loss_report_at) report_loss(now);
    if (now >= leave_at) report_leaving(now);
    if (now >= withdrawn_until) end_withdrawn();
}

Time Node::State::next_deadline() const {
    Time due = std::min({swim.next_deadline(),
                         heartbeats.next_deadline(),
                         consent.stands() ? never : agreement.next_deadline(),
                         links.next_deadline(),
                         polls.next_deadline(),
                         governor.next_deadline(),
                         active_at,
                         found_at,
                         link_checks.next_deadline(),
                         link_report_at,
                         losses.next_deadline(),
                         consent.next_deadline(),
                         consent_at,
                         loss_report_at,
                         leave_at,
                         withdrawn_until,
                         beacon_at,
                         join_at,
                         report_at,
                         review_at});
    return replication ? std::min(due, replication->next_deadline()) : due;
}

// --- effects ---

void Node::State::settle(Time now) {
    last_input_at = now;
    // Each part's news may be another's input: until nobody has any.
    bool more = true;
    while (more) {
        more = drain_agreement(now);
        more = drain_swim(now) || more;
    }
    drain_heartbeats(now);
}

bool Node::State::drain_swim(Time now) {
    SwimEffects out = swim.take_effects();
    for (auto& [to, message] : out.datagrams) send(now, to, std::move(message));
    for (auto& [to, message] : out.links) send(now, to, std::move(message));
    for (LogLine& line : out.log) effects.log.push_back(std::move(line));
    for (const SwimEvent& event : out.events) {
        const bool gone = event.evidence == Evidence::gone;
        const char* what = event.liveness == Liveness::alive     ? "answers again"
                           : event.liveness == Liveness::suspect ? "is suspected"
                           : gone                                ? "is gone"
                                                                 : "is silent for too long";
        log(event.liveness == Liveness::suspect ? LogLevel::debug : LogLevel::info,
            fmt::format("{} {}", name_of(event.member), what));
        if (event.liveness == Liveness::dead) {
            history.found_dead(event.member, event.evidence, swim.last_heard(event.member));
            consider(now, gone ? config.settle_gone : config.settle);
        }
        // It may hold what it should let go, and writes wait for it.
        const bool is_suspected = event.liveness == Liveness::suspect;
        if (is_suspected && governor.do_trims_wait()) consider(now, config.settle_gone);
    }
    return !out.events.empty();
}

bool Node::State::drain_agreement(Time now) {
    AgreementEffects out = agreement.take_effects();
    effects.persist = effects.persist || out.state_changed;
    if (out.voted) {
        lease.voted(now);
        history.proposed(now);
    }
    for (auto& [to, message] : out.messages) {
        const auto joiner = candidates.find(to);
        const auto pass = [&, to = to](auto& body) {
            if (joiner == candidates.end()) {
                send(now, to, std::move(body));
            } else {
                send(now, joiner->second, to, std::move(body));
            }
        };
        std::visit(pass, message);
    }
    if (!out.refused.empty()) {
        log(LogLevel::error, std::string(illegal_proposal) + out.refused);
    }
    if (!out.decided) return false;
    const RingPtr before = ring;
    const auto made = agreement.successor(*out.decided);
    if (!made) {  // voters accept no such thing: somebody lied
        log(LogLevel::error, fmt::format("a ring was decided that is not legal ({}); not adopted",
                                         made.error().message));
        return false;
    }
    adopt(now, *made);
    announce(now, *before);
    return true;
}

// Once per turn: what its inputs have to say to one peer goes into one message.
void Node::State::drain_replication(Time now) {
    if (!replication || !ring) return;
    ReplicationEffects out = replication->take_effects(now);
    for (auto& [to, message] : out.messages) {
        std::visit([&, to = to](auto& body) { send(now, to, std::move(body)); }, message);
    }
    effects.replies.reserve(effects.replies.size() + out.replies.size());
    for (ReplicationReply& each : out.replies) {
        effects.replies.push_back(to_client(std::move(each)));
    }
    for (LogLine& line : out.log) effects.log.push_back(std::move(line));
    for (const NodeId id : out.ahead) {
        if (const Member* member = ring->member(id)) fetch_ring(now, member->address, id);
    }
    for (const NodeId id : out.behind) {
        const Member* member = ring->member(id);
        if (member != nullptr) tell_ring(now, member->address, id, Epoch{});
    }
}

NodeEffects::ToClient Node::State::to_client(ReplicationReply&& answer) const {
    const bool forever = config.bugs.has(Bug::answer_past_lease) && !answer.is_of_read;
    return {answer.connection, std::move(answer.reply), forever ? never : answer.valid_until,
            answer.is_of_read};
}

void Node::State::drain_heartbeats(Time now) {
    for (auto& [to, message] : heartbeats.take_messages()) send(now, to, message);
    for (auto& [to, message] : link_checks.take_messages()) send(now, to, message);
}

void Node::State::drain_links() {
    for (const Address peer : links.take_dials()) effects.dials.push_back(peer);
    for (const Address peer : links.take_hang_ups()) effects.hang_ups.push_back(peer);
}

void Node::State::send(Time now, NodeId to, PeerBody body) {
    const Member* member = ring ? ring->member(to) : nullptr;
    if (member != nullptr && to != self.id) send(now, member->address, to, std::move(body));
}

void Node::State::send(Time now, Address address, NodeId to, PeerBody body) {
    if (heir) return;  // it is in no cluster that lives
    const bool datagram = is_datagram(body);
    // What cannot be sent now is lost, as it may be anyway: the protocols ask again.
    if (!datagram && !links.use(now, address)) return;
    Envelope envelope{.cluster = ring ? ring->cluster : ClusterId{},
                      .from = self.id,
                      .from_address = self.address,
                      .to = to,
                      .epoch = ring ? ring->epoch : Epoch{},
                      .body = std::move(body)};
    (datagram ? effects.datagrams : effects.links).emplace_back(address, std::move(envelope));
}

void Node::State::reply(ConnectionId connection, ServerMessage message, Time valid_until) {
    effects.replies.push_back({connection, std::move(message), valid_until});
}

void Node::State::log(LogLevel level, std::string text) {
    effects.log.push_back({level, std::move(text)});
}

std::set<NodeId> Node::State::dead_members() const {
    std::set<NodeId> dead;
    for (const NodeId id : swim.dead()) {
        if (id != self.id && ring && ring->is_up(id)) dead.insert(id);
    }
    return dead;
}

std::string Node::State::name_of(NodeId id) const {
    const Member* member = ring ? ring->member(id) : nullptr;
    return member != nullptr ? member->name : fmt::format("node {:016x}", id.value);
}

std::string Node::State::names_of(const std::vector<NodeId>& ids) const {
    constexpr std::size_t names_max = 10;
    std::string text;
    for (const NodeId id : ids | std::views::take(names_max)) {
        const Member* member = ring ? ring->member(id) : nullptr;
        if (!text.empty()) text += ", ";
        text += name_of(id);
        if (member != nullptr) text += fmt::format(" ({})", member->address);
    }
    if (ids.size() > names_max) text += fmt::format(" and {} more", ids.size() - names_max);
    return text;
}

}  // namespace grapevine
