#include "runtime/drain.h"

#include <set>
#include <utility>
#include <variant>

#include "base/counted.h"
#include "coordinator/report.h"
#include "runtime/clock.h"

namespace grapevine {

namespace {

constexpr Duration look_period = 200ms;
constexpr Duration receiver_patience = 1s;

// Of whatever the leaver has a copy of. Ascending.
std::set<NodeId> receivers(const Ring& ring, NodeId leaver) {
    std::set<NodeId> receivers;
    for (const Entry& entry : ring.table) {
        if (!entry.is_copy(leaver)) continue;
        for (const Fill& fill : entry.fills) receivers.insert(fill.id);
    }
    return receivers;
}

}  // namespace

Drain::Drain(Loop& loop, NodeHost& host, Logger& log, Duration timeout,
             std::function<void(const std::string&)> given_up)
    : loop_(loop),
      host_(host),
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
    const NodeId self = host_.node().self().id;
    if (!left_ && !somebody_stays(*ring, self)) {
        log_.log(LogLevel::warning,
                 "leaving: {}; without one it ends in {} s, or when it is told again",
                 why_it_stays(*ring, self), timeout_ / 1s);
    }
    const std::size_t left = partitions_of(*ring, self);
    if (!left_ || left < *left_) {
        if (left > 0) log_.log(LogLevel::info, "leaving: {} to move", counted(left, "partition"));
        left_ = left;
        moved_at_ = now;
    }
    ask_who_receives(*ring);
    if (now < moved_at_ + timeout_ || given_up_ == nullptr) return;
    std::exchange(given_up_, nullptr)(why_it_stays(*ring, self));
}

void Drain::ask_who_receives(const Ring& ring) {
    if (unanswered_ > 0) return;
    asks_.clear();
    for (const NodeId id : receivers(ring, host_.node().self().id)) {
        const Member* member = ring.member(id);
        if (member == nullptr) continue;
        ++unanswered_;
        asks_.push_back(std::make_unique<Ask>(
            loop_, member->address, StatusRequest{}, receiver_patience,
            [this](const Result<ServerMessage>& answer) {
                --unanswered_;
                const auto* status = answer ? std::get_if<StatusReply>(&*answer) : nullptr;
                const bool receives = status != nullptr && status->fill_bytes_per_second > 0;
                if (receives) moved_at_ = boot_time();
            }));
    }
}

}  // namespace grapevine
