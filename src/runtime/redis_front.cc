#include "runtime/redis_front.h"

#include <utility>
#include <variant>

#include "base/hash.h"
#include "runtime/clock.h"

namespace grapevine {

namespace {

// Longer than a failover takes, also one with several deaths, and than clients wait.
constexpr Duration program_deadline = 10s;

resp::RunStatus status_of(OutcomeKind kind) {
    switch (kind) {
        case OutcomeKind::ok:
        case OutcomeKind::not_found:
        case OutcomeKind::condition_failed:
            return resp::RunStatus::ok;
        case OutcomeKind::invalid:
            return resp::RunStatus::refused;
        case OutcomeKind::unavailable:
        case OutcomeKind::ended:
            return resp::RunStatus::unavailable;
        case OutcomeKind::unknown:
            return resp::RunStatus::unknown;
        case OutcomeKind::overloaded:
            return resp::RunStatus::overloaded;
    }
    return resp::RunStatus::unavailable;
}

}  // namespace

class RedisFront::Connection final : public TextClient {
public:
    Connection(RedisFront& all, ConnectionId its_id, Address peer)
        : id(its_id), session(all.front_, its_id.value, peer, boot_time()), all_(all) {
        all_.connections_[id] = this;
    }
    ~Connection() override { all_.connections_.erase(id); }

    void received(std::string_view bytes) override { session.feed(bytes); }
    bool next(Time now) override {
        all_.stir(*this);
        return session.step(now);
    }
    [[nodiscard]] bool is_full() const override { return session.is_full(); }
    [[nodiscard]] bool has_written() const override { return session.has_written(); }
    void hold(bool held) override {
        if (session.is_held() == held) return;
        session.hold(held);
        if (!held) all_.stir(*this);
    }
    [[nodiscard]] std::size_t input_bytes() const override { return session.input_bytes(); }
    [[nodiscard]] std::size_t owed_bytes() const override { return session.owed_bytes(); }
    [[nodiscard]] bool is_over() const override { return session.is_over(); }

    ConnectionId id;
    resp::Session session;
    bool stirred = false;   // in stirred_
    bool was_full = false;  // when it was served last

private:
    RedisFront& all_;
};

RedisFront::RedisFront(Loop& loop, resp::FrontConfig config, Address self, Outside outside)
    : loop_(loop),
      self_(self),
      outside_(std::move(outside)),
      front_(
          std::move(config), outside_.facts,
          [this](Time now, std::string_view key, bool writes, resp::Args args,
                 command::Reply& reply) {
              return execute(now, {.key = key, .writes = writes, .args = args}, reply);
          },
          outside_.prefetch) {
    make_client();
}

RedisFront::~RedisFront() = default;

void RedisFront::make_client() {
    to_node_.clear();
    waiting_.clear();
    ClientConfig config;
    config.seeds = {self_};
    client_ = std::make_unique<ClientHost>(
        loop_, std::move(config), ClientHost::Events{.ring = {}, .note = outside_.note},
        ClientHost::Shortcut{self_,
                             [this](ClientMessage&& message) { queue(std::move(message)); }});
}

// What still waits here was not lost: while others take long the core sends it again, and reads
// would be executed as often.
void RedisFront::queue(ClientMessage&& message) {
    const auto* const request = std::get_if<Request>(&message);
    if (request != nullptr && !waiting_.insert(request->sequence).second) return;
    to_node_.push_back(std::move(message));
}

std::unique_ptr<TextClient> RedisFront::open(ConnectionId id, Address peer) {
    return std::make_unique<Connection>(*this, id, peer);
}

void RedisFront::set_ring(Time now, const RingPtr& ring) {
    const RingPtr before = front_.ring();
    front_.set_ring(now, ring);
    if (before != nullptr && before->cluster != ring->cluster) {
        // The cluster was founded anew: a handle of the old one ends with it.
        client_->end("the cluster was founded anew");
        client_->work();
        make_client();
    }
    client_->receive(RingReply{ring});
}

void RedisFront::receive(ServerMessage message) {
    client_->receive(std::move(message));
}

void RedisFront::stir(Connection& connection) {
    if (!std::exchange(connection.stirred, true)) stirred_.push_back(connection.id);
}

void RedisFront::work() {
    client_->work();
    for (const std::uint64_t id : std::exchange(front_.killed, {})) {
        const auto found = connections_.find(ConnectionId{id});
        if (found != connections_.end()) stir(*found->second);
    }
    for (const ConnectionId id : std::exchange(stirred_, {})) {
        const auto found = connections_.find(id);
        if (found == connections_.end()) continue;
        found->second->stirred = false;
        serve(*found->second);
    }
    client_->work();
    deliver_some();
}

std::optional<Time> RedisFront::execute(Time now, const AtOnceCommand& command,
                                        command::Reply& reply) {
    constexpr std::uint64_t steps_least = 1000;  // of a turn, of whatever is executed
    if (is_spent()) return std::nullopt;
    const auto done = outside_.execute(now, command, reply);
    if (!done) return std::nullopt;
    steps_ += steps_least + done->steps;
    return done->valid_until;
}

// A program may take milliseconds.
void RedisFront::deliver_some() {
    if (to_node_.empty() || is_spent()) return;
    Time before = boot_time();
    while (!to_node_.empty() && !is_spent()) {
        ClientMessage message = std::move(to_node_.front());
        to_node_.pop_front();
        if (const auto* const request = std::get_if<Request>(&message)) {
            waiting_.erase(request->sequence);
        }
        outside_.deliver(std::move(message));
        const Time after = boot_time();
        spent_ += after - before;
        before = after;
    }
}

void RedisFront::serve(Connection& connection) {
    resp::Session& session = connection.session;
    for (resp::Run& run : session.take_runs()) submit(connection.id, std::move(run));
    if (session.tell_until() != never && session.tell_until() <= boot_time()) {
        return outside_.hang_up(connection.id);
    }
    // Who is still reading what is before it is not closed for not reading this, however large.
    // What must be told by some time does not wait.
    const auto waits = [&] { return session.is_held() && session.tell_until() == never; };
    while (session.output_size() > 0 && !waits()) {
        std::string output = session.take_output();
        session.about.output_bytes += output.size();
        front_.counters.output_bytes += output.size();
        outside_.write(connection.id, std::move(output));
    }
    if (session.is_killed()) return outside_.hang_up(connection.id);
    if (session.is_over() && session.output_size() == 0) return outside_.finish(connection.id);
    const bool was_full = std::exchange(connection.was_full, session.is_full());
    if (was_full && !connection.was_full) outside_.go_on(connection.id);
}

void RedisFront::submit(ConnectionId connection, resp::Run&& run) {
    const PartitionId partition = run.partition;
    Operation operation;
    operation.kind = run.writes ? OperationKind::run : OperationKind::query;
    if (!run.has_key) {
        const std::uint32_t width = slot_count / front_.partitions();
        operation.slot = static_cast<std::int32_t>(partition.value * width);
    }
    operation.key = std::move(run.key);
    operation.value = std::move(run.program);
    operation.deadline = program_deadline;
    client_->submit(std::move(operation), [this, connection, partition](Outcome&& outcome) {
        finished(connection, partition, std::move(outcome));
    });
}

void RedisFront::finished(ConnectionId id, PartitionId partition, Outcome&& outcome) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    stir(*found->second);
    const auto status = outcome.full   ? resp::RunStatus::full
                        : outcome.busy ? resp::RunStatus::overloaded
                                       : status_of(outcome.kind);
    found->second->session.finished(partition, {.status = status,
                                                .replies = std::move(outcome.value),
                                                .detail = std::move(outcome.detail),
                                                .by = outcome.server});
}

}  // namespace grapevine
