#include "node/obstacle.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"

namespace grapevine {

namespace {

constexpr Duration patience = 1s;
constexpr Duration reminder = 10s;
// Several times as long as a dead or hanging member stays in the ring.
constexpr Duration hope_max = 5s;

}  // namespace

std::optional<Obstacle> obstacle_of(const Ring& ring, const Member& joiner) {
    using Kind = Obstacle::Kind;
    if (!joiner.stores()) {
        if (const Member* there = ring.coordinator()) return Obstacle{Kind::coordinator, there->id};
    }
    const bool returns = ring.member(joiner.id) != nullptr;
    if (!returns && !joiner.name.empty()) {
        if (const Member* there = ring.member_named(joiner.name)) {
            return Obstacle{Kind::name, there->id};
        }
    }
    if (const Member* there = ring.member_at(joiner.address)) {
        return Obstacle{Kind::address, there->id};
    }
    return std::nullopt;
}

std::string describe(const Ring& ring, const Obstacle& obstacle) {
    const Member* holder = ring.member(obstacle.holder);
    ASSERT(holder != nullptr);
    std::string who = fmt::format("{} at {}", holder->name, holder->address);
    switch (obstacle.kind) {
        case Obstacle::Kind::name:
            return who + " has the name";
        case Obstacle::Kind::address:
            return who + " has the address";
        case Obstacle::Kind::coordinator:
            return who + " is the coordinator already";
    }
    return who;
}

Obstacles::Notice Obstacles::look(Time now, const std::optional<Obstacle>& seen,
                                  bool holder_answers) {
    if (seen != seen_) {
        seen_ = seen;
        warn_at_ = seen ? now + patience : never;
        answers_since_ = never;
    }
    if (!seen || !holder_answers) {
        answers_since_ = never;
    } else {
        answers_since_ = std::min(answers_since_, now);
    }
    Notice notice;
    notice.warn = now >= warn_at_;
    if (notice.warn) warn_at_ = now + reminder;
    notice.hopeless = answers_since_ != never && now >= answers_since_ + hope_max;
    return notice;
}

}  // namespace grapevine
