#include "runtime/client_host.h"

#include <utility>

#include "base/assert.h"
#include "base/rng.h"
#include "runtime/clock.h"

namespace grapevine {

namespace {

ClientConfig with_id(ClientConfig config) {
    if (!config.id) config.id = Rng(random_u64()).draw<ClientId>();
    return config;
}

constexpr Duration ask_timeout = 500ms;
constexpr int client_rounds_max = 8;
// A timer that is so late says that the thread was held up.
constexpr Duration late = 50ms;

}  // namespace

ClientHost::ClientHost(Loop& loop, ClientConfig config, Events events, Shortcut shortcut)
    : loop_(loop),
      events_(std::move(events)),
      shortcut_(std::move(shortcut)),
      turn_(loop, [this] { work(); }),
      client_(with_id(std::move(config)), random_u64()) {}

void ClientHost::submit(Operation operation, Done done) {
    const OperationId id = client_.submit(boot_time(), std::move(operation));
    done_.emplace(id, std::move(done));
    touched_ = true;
    turn_.again();
}

void ClientHost::want_ring(Epoch newer_than) {
    client_.want_ring(boot_time(), newer_than);
    touched_ = true;
    turn_.again();
}

void ClientHost::end(const std::string& why) {
    client_.end(why);
    touched_ = true;
    turn_.again();
}

std::size_t ClientHost::queued_bytes() const {
    std::size_t bytes = 0;
    for (const auto& [peer, link] : links_) bytes += link->stream().queued();
    return bytes;
}

void ClientHost::receive(ServerMessage message) {
    client_.receive(boot_time(), shortcut_.address, std::move(message));
    touched_ = true;
}

void ClientHost::work() {
    for (const Address peer : std::exchange(unreachable_, {})) fail(peer, "cannot be dialed");
    tick();
    // What completes may submit more, which leaves in the same turn.
    for (int round = 0; touched_ && round < client_rounds_max; ++round) carry_out();
    outbox_.flush_all();  // links that have come up wait for it too
    graveyard_.clear();
    if (touched_ || !unreachable_.empty()) turn_.again();
    turn_.wake_at(boot_time(), client_.next_deadline());
}

// Where this thread was held up, what came meanwhile is read before anybody is taken for silent:
// the loop goes round once more.
void ClientHost::tick() {
    const Time now = boot_time();
    const Time due = client_.next_deadline();
    const bool was_held_up = due < now - late;
    if (was_held_up && !std::exchange(looked_again_, true)) return turn_.again();
    looked_again_ = false;
    if (now < due) return;
    client_.tick(now);
    touched_ = true;
}

void ClientHost::carry_out() {
    touched_ = false;
    ClientEffects effects = client_.take_effects();
    for (const std::string& text : effects.notes) note(text);
    for (const Address peer : effects.disconnects) forget(peer);
    for (auto& [to, message] : effects.messages) send(to, std::move(message));
    if (effects.new_ring != nullptr && events_.ring) events_.ring(effects.new_ring);
    for (Completion& completion : effects.completions) {
        const auto found = done_.find(completion.id);
        ASSERT(found != done_.end(), "operation {} completed twice", completion.id);
        const Done done = std::move(found->second);
        done_.erase(found);
        done(std::move(completion.outcome));
    }
}

void ClientHost::send(Address to, ClientMessage&& message) {
    if (shortcut_.deliver && to == shortcut_.address) return shortcut_.deliver(std::move(message));
    auto& link = links_[to];
    if (link == nullptr) {
        link = std::make_unique<FrameLink>(loop_, outbox_, *this);
        peers_[link.get()] = to;
        // Members of another cluster refuse who names his; who has no ring yet cannot.
        Hello hello;
        if (ring() != nullptr) hello.cluster = ring()->cluster;
        link->send(hello);
        if (link->stream().dial(to) != 0) unreachable_.push_back(to);
    }
    link->send(message);
}

void ClientHost::forget(Address peer) {
    const auto found = links_.find(peer);
    if (found == links_.end()) return;
    found->second->close();
    peers_.erase(found->second.get());
    graveyard_.push_back(std::move(found->second));
    links_.erase(found);
}

void ClientHost::fail(Address peer, const std::string& why) {
    note(fmt::format("{}: {}", peer, why));
    forget(peer);
    client_.link_failed(boot_time(), peer);
    touched_ = true;
}

Address ClientHost::peer_of(const FrameLink& frames) const {
    const auto found = peers_.find(&frames);
    ASSERT(found != peers_.end());
    return found->second;
}

void ClientHost::frame(FrameLink& frames, const Frame& frame) {
    const Address peer = peer_of(frames);
    if (frame.kind == FrameKind::refusal) {
        const auto refusal = decode_refusal(frame.payload);
        fail(peer, refusal ? refusal->message : refusal.error().message);
        return ask_who_refused(peer);
    }
    if (frame.kind != FrameKind::server) return fail(peer, "sends what no server sends");
    auto message = decode_server_message(frame.payload);
    if (!message) return fail(peer, message.error().message);
    client_.receive(boot_time(), peer, *std::move(message));
    touched_ = true;
}

void ClientHost::frames_taken(FrameLink& frames) {
    const auto found = peers_.find(&frames);
    if (found == peers_.end() || !frames.is_within_frame()) return;
    client_.partly_received(frames.arrived(), found->second);
}

// Where a ring was seen, a refusal can mean that the cluster has become another one. Its ring,
// asked for without naming ours, tells the core.
void ClientHost::ask_who_refused(Address peer) {
    if (ring() == nullptr || (ask_ != nullptr && !ask_->is_over())) return;
    ask_ = std::make_unique<Ask>(loop_, peer, RingPoll{}, ask_timeout,
                                 [this, peer](const Result<ServerMessage>& answer) {
                                     if (!answer) return;
                                     client_.receive(boot_time(), peer, *answer);
                                     touched_ = true;
                                     turn_.again();
                                 });
}

void ClientHost::garbled(FrameLink& frames, const std::string& why) {
    fail(peer_of(frames), why);
}

void ClientHost::ended(FrameLink& frames, int error) {
    fail(peer_of(frames), uv_strerror(error));
}

void ClientHost::note(const std::string& text) const {
    if (events_.note) events_.note(text);
}

}  // namespace grapevine
