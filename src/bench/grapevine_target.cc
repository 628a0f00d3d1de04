#include "bench/grapevine_target.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "runtime/clock.h"

namespace grapevine::bench {

namespace {

constexpr Duration serving_patience = 60s;

}  // namespace

Result<std::unique_ptr<Target>> GrapevineTarget::start(Session& session,
                                                       const ClusterConfig& config,
                                                       const Workload& workload) {
    std::unique_ptr<GrapevineTarget> target(new GrapevineTarget(config));
    auto servers = Servers::start(session, config);
    if (!servers) return std::unexpected(servers.error());
    target->servers_ = *std::move(servers);
    target->watch_ =
        std::make_unique<RingWatch>(session.loop(), target->servers_->seeds(), workload);
    const RingWatch& watch = *target->watch_;
    const auto whole = session.wait(serving_patience, "Grapevine does not serve", [&] {
        return !target->broken().empty() ||
               (watch.settled() && watch.ring()->storage_count() == config.nodes);
    });
    if (!whole) return std::unexpected(whole.error());
    if (!target->broken().empty()) return fail("{}", target->broken());
    return target;
}

std::string GrapevineTarget::description() const {
    return fmt::format("Grapevine, {} nodes, --rep {}", config_.nodes, config_.copies);
}

Routes GrapevineTarget::routes() const {
    const Ring& ring = *watch_->ring();
    Routes routes;
    std::vector<NodeId> ids;
    for (std::uint32_t slot = 0; slot < slot_count; ++slot) {
        const NodeId primary = ring.entry(partition_of_slot(slot, ring.partitions())).primary();
        auto found = std::ranges::find(ids, primary);
        if (found == ids.end()) {
            routes.nodes.push_back(ring.member(primary)->address);
            found = ids.insert(ids.end(), primary);
        }
        routes.owner.push_back(static_cast<std::uint16_t>(found - ids.begin()));
    }
    return routes;
}

std::uint64_t GrapevineTarget::routes_version() const {
    return watch_->ring()->epoch.value;
}

// The nodes see to the copies: `acks` is not for them.
MakeDialect GrapevineTarget::dialect(std::string_view value, unsigned) {
    const Ring& ring = *watch_->ring();
    if (view_ == nullptr || view_->epoch != ring.epoch) view_ = native_view(ring);
    return [view = view_, value] {
        return std::make_unique<NativeDialect>(view, ClientId{random_u64() | 1}, value);
    };
}

}  // namespace grapevine::bench
