// What the primary orders by itself: its time, so that idle clients are forgotten, and the end of
// keys whose time has come.

#include <algorithm>
#include <chrono>
#include <utility>

#include "replication/primary.h"

namespace grapevine {

Op Primary::op_of_nobody(const Scope& scope, std::int64_t stamp_ms) {
    return {.version = {scope.context.ring->epoch, scope.replica.log.held() + 1},
            .kind = OpKind::none,
            .stamp_ms = stamp_ms,
            .client = {},
            .sequence = 0,
            .floor = 0,
            .answer = {},
            .key = {},
            .value = {},
            .more = {}};
}

// When an operation is due that lets the longest idle client be forgotten; never, while one that
// does so is under way.
Time Primary::forget_at(const Scope& scope) const {
    const auto due_ms = scope.replica.memory.forgets_at_ms(scope.context.config.request_memory);
    if (!active() || !due_ms || scope.replica.log.last_stamp_ms() >= *due_ms) return never;
    return time_base_at_ + std::chrono::milliseconds(*due_ms - time_base_ms_);
}

// An operation of no client that carries the partition's time, and with it the forgetting.
void Primary::keep_time(Scope& scope, std::int64_t stamp_ms) {
    if (scope.replica.log.last_stamp_ms() >= stamp_ms) return;
    order(scope, op_of_nobody(scope, stamp_ms));
}

// --- expiry ---

void Primary::order_erasures(Scope& scope, const std::set<std::string, std::less<>>& keys) {
    Op op = op_of_nobody(scope, partition_time(scope.now));
    if (keys.size() == 1) {
        op.kind = OpKind::erase;
        op.key = *keys.begin();
    } else {
        op.kind = OpKind::batch;
        std::vector<Change>& changes = op.more.edit().changes;
        changes.reserve(keys.size());
        for (const std::string& key : keys) {
            changes.push_back({.kind = OpKind::erase, .key = key, .value = {}, .expires_ms = 0});
        }
    }
    order(scope, std::move(op));
}

std::optional<std::int64_t> Primary::sweep_in_ms(const Scope& scope) const {
    constexpr std::int64_t day_ms = std::int64_t{24} * 3600 * 1000;
    const Context& context = scope.context;
    if (!context.store.any_expires()) return std::nullopt;
    if (!active() || swept_ > scope.replica.log.watermark()) return std::nullopt;
    const auto next_ms = context.store.expires_next_ms(scope.replica.id);
    if (!next_ms) return std::nullopt;
    const std::int64_t due_in_ms = *next_ms - context.unix_ms(scope.now);
    return std::min(day_ms, due_in_ms + to_ms(context.config.sweep_delay));
}

// After now: what cannot be done now is tried again soon.
Time Primary::look_for_due_at(const Scope& scope) const {
    const auto in_ms = sweep_in_ms(scope);
    if (!in_ms) return never;
    const std::int64_t pause_ms = lease_until(scope) > scope.now ? 1 : 50;
    return scope.now + std::chrono::milliseconds(std::max(*in_ms, pause_ms));
}

void Primary::sweep(Scope& scope) {
    Context& context = scope.context;
    const std::size_t most = std::min(context.config.sweep_keys, context.sweep_left);
    if (most == 0 || lease_until(scope) <= scope.now) return;
    std::set<std::string, std::less<>> keys;
    context.store.visit_due(scope.replica.id, context.unix_ms(scope.now), most,
                            [&](const Record& record) { keys.emplace(record.key); });
    context.sweep_left -= keys.size();
    swept_ = scope.replica.log.drop_changed(keys);
    if (keys.empty()) return;
    swept_ = scope.replica.log.held() + 1;
    order_erasures(scope, keys);
}

}  // namespace grapevine
