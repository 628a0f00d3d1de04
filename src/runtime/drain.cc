#include "runtime/drain.h"

#include <fmt/format.h>

#include <utility>

#include "base/counted.h"
#include "runtime/clock.h"

namespace grapevine {

namespace {

constexpr Duration look_period = 200ms;

}  // namespace

std::string why_it_stays(const Ring& ring, NodeId leaver) {
    const Member* self = ring.member(leaver);
    if (self == nullptr) return "the others have not said that they go on without it";
    if (!self->is_up()) return "partitions wait for what it holds, and it is not admitted again";
    if (!somebody_stays(ring, leaver)) return "no other node stays that could hold what it holds";
    if (self->state == MemberState::up) return "no majority of the votes has agreed to it";
    return fmt::format("{} not moved to others yet",
                       counted(partitions_of(ring, leaver), "partition"));
}

Drain::Drain(Loop& loop, NodeHost& host, Logger& log, Duration timeout,
             std::function<void(const std::string&)> given_up)
    : host_(host),
      log_(log),
      timeout_(timeout),
      given_up_(std::move(given_up)),
      moved_at_(boot_time()),
      alarm_(loop, look_period, look_period, [this] { look(); }) {
    host_.leave();
}

void Drain::look() {
    const RingPtr& ring = host_.node().ring();
    if (ring == nullptr) return;
    const Time now = boot_time();
    const std::size_t left = partitions_of(*ring, host_.node().self().id);
    if (!left_ || left < *left_) {
        if (left > 0) log_.log(LogLevel::info, "leaving: {} to move", counted(left, "partition"));
        left_ = left;
        moved_at_ = now;
    }
    if (now < moved_at_ + timeout_ || given_up_ == nullptr) return;
    std::exchange(given_up_, nullptr)(why_it_stays(*ring, host_.node().self().id));
}

}  // namespace grapevine
