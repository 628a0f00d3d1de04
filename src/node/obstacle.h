#pragma once
// What keeps a joiner out of the ring that it sees, and when to speak of it: the members pass over
// who does not fit, without an answer. Internal to node/.

#include <optional>
#include <string>

#include "base/address.h"
#include "base/ids.h"
#include "base/time.h"
#include "ring/ring.h"

namespace grapevine {

struct Obstacle {
    enum class Kind : std::uint8_t { name, address, coordinator };
    Kind kind;
    NodeId holder;  // the up member that has what the joiner asks for
    bool operator==(const Obstacle&) const = default;
};

// Nothing where this ring could admit it. One that returns with its state is never refused for its
// name: where that is taken it gets another.
std::optional<Obstacle> obstacle_of(const Ring& ring, const Member& joiner);

// "server1 at 127.0.0.1:7001 has the name"
std::string describe(const Ring& ring, const Obstacle& obstacle);

// How long an obstacle stands. The ring of a dead member's name names it until it is evicted, which
// takes less than a second: a process that is started again under its name has to wait that long.
class Obstacles {
public:
    struct Notice {
        bool warn = false;      // tell people, now
        bool hopeless = false;  // the holder lives: waiting is in vain
    };
    // Each time the node asks to be admitted. `holder_answers`: it is known to live.
    Notice look(Time now, const std::optional<Obstacle>& seen, bool holder_answers);

private:
    std::optional<Obstacle> seen_;
    Time warn_at_ = never;
    Time answers_since_ = never;
};

}  // namespace grapevine
