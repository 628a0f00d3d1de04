#pragma once
// Grapevine's own cluster: a coordinator and the nodes that it launches.

#include <memory>

#include "bench/native_dialect.h"
#include "bench/ring_watch.h"
#include "bench/servers.h"
#include "bench/session.h"
#include "bench/target.h"

namespace grapevine::bench {

class GrapevineTarget final : public Target {
public:
    // Returns when every partition has its copies.
    static Result<std::unique_ptr<Target>> start(Session& session, const ClusterConfig& config,
                                                 const Workload& workload);

    [[nodiscard]] std::string name() const override { return "grapevine"; }
    [[nodiscard]] std::string description() const override;
    [[nodiscard]] Routes routes() const override;
    [[nodiscard]] std::uint64_t routes_version() const override;
    [[nodiscard]] MakeDialect dialect(std::string_view value, unsigned acks) override;
    [[nodiscard]] Use use() const override { return use_of(*servers_, *watch_->ring()); }
    [[nodiscard]] const std::string& broken() const override { return servers_->broken(); }

private:
    explicit GrapevineTarget(const ClusterConfig& config) : config_(config) {}

    ClusterConfig config_;
    std::unique_ptr<Servers> servers_;
    std::unique_ptr<RingWatch> watch_;
    std::shared_ptr<NativeView> view_;  // null: no dialect was asked for yet
};

}  // namespace grapevine::bench
