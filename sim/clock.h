#pragma once
// A process's own clock: monotonic, and faster or slower than the world's by a few in a million.
//
// It is the clock that everything in the cores depends on but the expiry of keys: for that the host
// tells them a wall clock (sim/node_host.h), which is this one and a number that faults change. A
// core is told the time, CoreClock has no now(), and the test "no_core_reads_a_clock" looks at what
// the libraries of the cores call.

#include <cstdint>

#include "base/assert.h"
#include "base/time.h"

namespace grapevine::sim {

class LocalClock {
public:
    static constexpr std::int64_t drift_max = 1'000'000 / 64;  // parts per million, either way

    // What it shows at a moment of the world; not before the last change of its rate.
    [[nodiscard]] Time local(Time world) const {
        if (rate_ == million) return Time{world.time_since_epoch() + offset_};
        return local_base_ + Duration{(world - world_base_).count() * rate_ / million};
    }

    // The first moment of the world at which it shows this, or more.
    [[nodiscard]] Time when(Time local) const {
        // Far beyond every deadline, and what follows does not overflow.
        constexpr Time far = Time{} + std::chrono::hours(24 * 30);
        if (local >= far) return never;
        if (local < Time{}) return local;
        if (rate_ == million) return Time{local.time_since_epoch() - offset_};
        if (local <= local_base_) return world_base_;
        const std::int64_t span = (local - local_base_).count();
        return world_base_ + Duration{(span * million + rate_ - 1) / rate_};
    }

    // From now on so many parts per million faster; negative: slower. It shows no jump.
    void drift(Time world, std::int64_t ppm) {
        ASSERT(ppm >= -drift_max && ppm <= drift_max, "{} ppm", ppm);
        local_base_ = local(world);
        world_base_ = world;
        offset_ = local_base_ - world;
        rate_ = million + ppm;
    }

    [[nodiscard]] std::int64_t ppm() const { return rate_ - million; }

private:
    static constexpr std::int64_t million = 1'000'000;

    std::int64_t rate_ = million;
    Time world_base_;
    Time local_base_;
    Duration offset_{};  // of the local time, where the rate is the world's
};

}  // namespace grapevine::sim
