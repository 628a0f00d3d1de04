#pragma once
// A connection of a Redis client to a front like a node's, whose programs a client core takes
// through the simulated cluster.

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "resp/front.h"
#include "resp/session.h"
#include "scenarios/scenario.h"

namespace grapevine::testing {

class RedisUser {
public:
    explicit RedisUser(Cluster& cluster)
        : cluster_(cluster),
          host_(cluster.world().start_client()),
          front_({.self = NodeId{1},
                  .run_id = std::string(40, 'a'),
                  .redirect = resp::Redirect::proxy,
                  .limits = {}},
                 [] { return resp::Facts{}; }),
          session_(front_, 1, Address{0x7f000001, 1}, cluster.world().now()) {
        host_.on_completion([this](const Completion& completion) { completed(completion); });
    }
    RedisUser(const RedisUser&) = delete;
    RedisUser& operator=(const RedisUser&) = delete;

    // A line of words; empty: no reply came within the limit.
    std::string ask(const std::string& line, Duration limit = 60s) {
        begin(line);
        cluster_.run_until([this] { return has_reply(); }, limit);
        return take_reply();
    }
    // The same, without waiting.
    void begin(const std::string& line) {
        front_.set_ring(cluster_.world().now(), cluster_.world().newest_ring());
        session_.feed(line + "\r\n");
        pump();
    }
    [[nodiscard]] bool has_reply() const { return session_.output_size() > 0; }
    [[nodiscard]] std::string take_reply() {
        std::string reply;
        while (has_reply()) reply += session_.take_output();
        return reply;
    }

private:
    void pump() {
        const Time now = cluster_.world().now();
        while (session_.step(now)) {
        }
        const std::uint32_t slots = slot_count / front_.partitions();
        for (resp::Run& run : session_.take_runs()) {
            Operation program{
                .kind = run.writes ? OperationKind::run : OperationKind::query,
                .slot = run.has_key ? -1 : static_cast<std::int32_t>(run.partition.value * slots),
                .key = std::move(run.key),
                .value = std::move(run.program)};
            under_way_[host_.submit(std::move(program))] = run.partition;
        }
    }

    void completed(const Completion& completion) {
        const auto found = under_way_.find(completion.id);
        if (found == under_way_.end()) return;
        const PartitionId partition = found->second;
        under_way_.erase(found);
        const Outcome& outcome = completion.outcome;
        resp::RunResult result{.status = resp::RunStatus::unavailable,
                               .replies = outcome.value,
                               .detail = outcome.detail,
                               .by = outcome.server};
        if (outcome.kind == OutcomeKind::ok) result.status = resp::RunStatus::ok;
        if (outcome.kind == OutcomeKind::unknown) result.status = resp::RunStatus::unknown;
        if (outcome.kind == OutcomeKind::invalid) result.status = resp::RunStatus::refused;
        session_.finished(partition, std::move(result));
        pump();
    }

    Cluster& cluster_;
    sim::ClientHost& host_;
    resp::Front front_;
    resp::Session session_;
    std::map<OperationId, PartitionId> under_way_;
};

}  // namespace grapevine::testing
