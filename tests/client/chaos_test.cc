// Random faults against servers that keep exactly-once as replicas do: whatever happens, a write
// takes effect once where the client says ok, never where it says that nothing was changed, and at
// most once where it does not know.

#include <algorithm>
#include <optional>
#include <set>

#include "base/rng.h"
#include "client/world.h"

using namespace grapevine;

namespace {

// Ids are remembered for this long (partition time), far shorter than in production, so that
// retries do meet their expiry. A stamp older than half of it is refused.
constexpr std::int64_t window_ms = 120;

// What the replicas of all partitions remember, kept in one place: the test is about the client.
struct Replicated {
    std::map<std::uint64_t, std::int64_t>
        executed_at;                          // sequence -> ms; forgotten after the window
    std::map<std::uint64_t, int> executions;  // sequence -> how often, for ever
    std::uint64_t floor = 0;

    Status write(const Request& request, std::int64_t now_ms) {
        std::erase_if(executed_at, [&](const auto& e) { return e.second < now_ms - window_ms; });
        if (request.sequence < floor) return Status::below_floor;
        if (executed_at.contains(request.sequence)) return Status::ok;
        if (request.stamp_ms < now_ms - window_ms / 2) return Status::bad_stamp;
        executed_at[request.sequence] = now_ms;
        ++executions[request.sequence];
        floor = std::max(floor, request.floor);
        return Status::ok;
    }
};

class Chaos {
public:
    explicit Chaos(std::uint64_t seed) : rng_(seed), world_(config()) {}

    void run() {
        for (int i = 0; i < 20'000; ++i) {
            world_.now += rng_.between(0us, 1ms);
            deliver();
            if (world_.client.next_deadline() <= world_.now) world_.client.tick(world_.now);
            if (rng_.chance(1, 10)) submit();
            if (rng_.chance(1, 150)) disturb();
            take();
            if (i % 50 == 0) world_.client.invariants();
        }
        world_.run_for(3s);  // nothing comes back any more: all deadlines pass
        world_.collect();
    }

    void check() const {
        std::map<OutcomeKind, int> seen;
        REQUIRE(world_.outcomes.size() == submitted_.size());
        for (const auto& [id, outcome] : world_.outcomes) {
            const auto found = replicated_.executions.find(id);
            const int times = found == replicated_.executions.end() ? 0 : found->second;
            CAPTURE(id, static_cast<int>(outcome.kind), outcome.detail, times);
            if (!writes_.contains(id)) {
                CHECK(outcome.kind != OutcomeKind::unknown);
                continue;
            }
            ++seen[outcome.kind];
            CHECK(times <= 1);
            if (outcome.kind == OutcomeKind::ok) CHECK(times == 1);
            if (outcome.kind == OutcomeKind::unavailable) CHECK(times == 0);
            CHECK(world_.ended_at.at(id) <= submitted_.at(id) + 3s);
        }
        // Or the run would have shown nothing.
        CHECK(seen[OutcomeKind::ok] > 300);
        CHECK(seen[OutcomeKind::unknown] > 0);
        CHECK(seen[OutcomeKind::unavailable] > 0);
    }

private:
    struct OnItsWay {
        int server = 0;
        int link = 0;  // which link to the server; messages of an ended one are lost
        std::variant<ClientMessage, ServerMessage> message;
    };

    static ClientConfig config() {
        ClientConfig made;
        made.attempt_timeout = 50ms;
        made.seeds = {address_of(0), address_of(3)};
        return made;
    }

    void submit() {
        const std::string key = key_in(static_cast<std::uint32_t>(rng_.below(8)));
        const Duration deadline = rng_.between(50ms, 2s);
        const bool write = rng_.chance(3, 4);
        const auto id = world_.client.submit(
            world_.now, write ? put_of(key, "v", deadline) : get_of(key, deadline));
        submitted_[id] = world_.now;
        if (write) writes_.insert(id);
    }

    // Moves primaries, ends links, pauses servers or wakes them.
    void disturb() {
        const int server = static_cast<int>(rng_.below(6));
        switch (rng_.below(5)) {
            case 0:
            case 1: {
                options_.epoch += 1;
                std::vector<int> copies = {1 + static_cast<int>(rng_.below(5)), 1};
                options_.copies[static_cast<std::uint32_t>(rng_.below(8))] = copies;
                ring_ = make_ring(options_);
                break;
            }
            case 2:
                end_link(server);
                break;
            case 3:
                paused_.insert(server);
                break;
            default:
                wake();
        }
    }

    void end_link(int server) {
        ++links_[server];
        world_.client.link_failed(world_.now, address_of(server));
    }

    // Hands the client's messages to the network, later to arrive.
    void take() {
        ClientEffects effects = world_.client.take_effects();
        for (auto& [to, message] : effects.messages) {
            const int server = to.port - 7000;
            if (rng_.chance(1, 60)) {
                end_link(server);  // the message is lost with its link
            } else {
                post(server, std::move(message));
            }
        }
        for (const Address address : effects.disconnects) ++links_[address.port - 7000];
        for (auto& [id, outcome] : effects.completions) {
            REQUIRE(world_.outcomes.emplace(id, outcome).second);
            world_.ended_at[id] = world_.now;
        }
    }

    void post(int server, std::variant<ClientMessage, ServerMessage> message) {
        const Time at = world_.now + rng_.between(50us, rng_.chance(1, 30) ? 150ms : 5ms);
        network_.emplace(at, OnItsWay{server, links_[server], std::move(message)});
    }

    void deliver() {
        while (!network_.empty() && network_.begin()->first <= world_.now) {
            OnItsWay each = std::move(network_.extract(network_.begin()).mapped());
            const bool asks = std::holds_alternative<ClientMessage>(each.message);
            const bool linked = each.link == links_[each.server];
            if (asks && paused_.contains(each.server)) {
                held_.push_back(std::move(each));
            } else if (asks) {
                // Requests arrive even if their link has ended by now; their answers do not.
                serve(each.server, linked, std::get<ClientMessage>(each.message));
            } else if (linked) {
                world_.client.receive(world_.now, address_of(each.server),
                                      std::get<ServerMessage>(each.message));
            }
        }
    }

    // What was sent to paused servers arrives now.
    void wake() {
        paused_.clear();
        for (OnItsWay& each : std::exchange(held_, {})) {
            network_.emplace(world_.now, std::move(each));
        }
    }

    void serve(int server, bool linked, const ClientMessage& message) {
        std::optional<ServerMessage> answer;
        if (const auto* poll = std::get_if<RingPoll>(&message)) {
            answer = RingReply{ring_->epoch > poll->have ? ring_ : nullptr};
        } else {
            answer = execute(server, std::get<Request>(message));
        }
        if (linked) post(server, std::move(*answer));
    }

    Reply execute(int server, const Request& request) {
        const std::int64_t now_ms = to_us(world_.now) / 1000;
        const Entry& entry = ring_->entry(partition_of_key(request.key, 8));
        Reply reply;
        reply.sequence = request.sequence;
        reply.epoch = ring_->epoch;
        reply.stamp_ms = now_ms;
        if (entry.primary() != id_of(server)) {
            reply.status = Status::not_primary;
        } else if (rng_.chance(1, 20)) {
            reply.status = rng_.chance(1, 2) ? Status::busy : Status::no_lease;
        } else if (rng_.chance(1, 200)) {
            reply.status = Status::unavailable;
        } else if (request.kind != OperationKind::get) {
            reply.status = replicated_.write(request, now_ms);
            if (rng_.chance(1, 50)) reply.status = Status::lapsed;
        }
        return reply;
    }

    Rng rng_;
    ClientWorld world_;
    RingOptions options_;
    RingPtr ring_ = make_ring();
    Replicated replicated_;
    std::multimap<Time, OnItsWay> network_;  // those of one time in order of sending
    std::vector<OnItsWay> held_;             // before paused servers
    std::map<int, int> links_;
    std::set<int> paused_;
    std::map<OperationId, Time> submitted_;
    std::set<OperationId> writes_;
};

}  // namespace

TEST_CASE("no write is told wrongly, whatever happens on the way", "[client]") {
    const std::uint64_t seed = GENERATE(range(1, 7));
    CAPTURE(seed);
    Chaos chaos(seed);
    chaos.run();
    chaos.check();
}
