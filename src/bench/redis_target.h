#pragma once
// Redis Cluster without persistence, of Debian's redis-server: masters that share the slots evenly,
// each with so many replicas.

#include <memory>
#include <string>
#include <vector>

#include "bench/processes.h"
#include "bench/session.h"
#include "bench/target.h"

namespace grapevine::bench {

inline const std::string redis_program = "redis-server";

class RedisTarget final : public Target {
public:
    // Returns when the cluster is whole and all replicas are linked.
    static Result<std::unique_ptr<Target>> start(Session& session, std::size_t masters,
                                                 std::size_t replicas_each);

    [[nodiscard]] std::string name() const override { return "redis"; }
    [[nodiscard]] std::string description() const override;
    [[nodiscard]] Routes routes() const override;
    [[nodiscard]] MakeDialect dialect(std::string_view value, unsigned acks) override;
    [[nodiscard]] Use use() const override { return use_of(processes_->pids()); }
    [[nodiscard]] const std::string& broken() const override { return processes_->broken(); }

private:
    struct Server {
        Address address;
        std::uint16_t bus_port = 0;
    };

    RedisTarget(Session& session, std::size_t masters, std::size_t replicas_each)
        : session_(session), masters_(masters), replicas_each_(replicas_each) {}
    Result<void> start_all();
    Result<void> start_one(std::size_t index);
    Result<void> join();
    Result<void> share_slots();
    Result<void> replicate();
    [[nodiscard]] bool whole();
    [[nodiscard]] bool linked(std::size_t index);
    Result<std::string> call(std::size_t index, std::initializer_list<std::string_view> words);
    // A line "name:value" of what such a call answers; empty: none.
    std::string field(std::size_t index, std::initializer_list<std::string_view> words,
                      std::string_view name);
    Result<void> try_until(const std::string& what, const std::function<bool()>& attempt);

    Session& session_;
    std::size_t masters_;
    std::size_t replicas_each_;
    std::unique_ptr<Processes> processes_;
    std::vector<Server> servers_;  // the masters, then the replicas of each master in turn
    std::string version_;
};

}  // namespace grapevine::bench
