#include "runtime/drain.h"

#include <utility>

#include "base/counted.h"
#include "coordinator/report.h"
#include "runtime/clock.h"

namespace grapevine {

namespace {

constexpr Duration look_period = 200ms;

}  // namespace

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
