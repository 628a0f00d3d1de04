#pragma once
// Which links this node has and wants. A link is directed: ours, for what we have to say. Wanted
// ones are dialed and dialed again with growing pauses; others are made when something is sent (an
// answer to a joiner, say) and hung up when they were idle for a while. Internal to node/.

#include <map>
#include <set>
#include <vector>

#include "base/address.h"
#include "base/time.h"

namespace grapevine {

class Links {
public:
    explicit Links(Duration redial) : redial_(redial) {}

    void want(Time now, const std::set<Address>& wanted);
    void up(Time now, Address peer);
    // `refused`: nobody listens there, which says more than silence.
    void down(Time now, Address peer, bool refused);

    // Something is to be sent: true where the link is up or being dialed (then or already), so that
    // the host may be handed the message; false while its redial is not yet due.
    bool use(Time now, Address peer);
    [[nodiscard]] bool is_up(Address peer) const;

    void tick(Time now);
    [[nodiscard]] Time next_deadline() const;
    [[nodiscard]] std::vector<Address> take_dials();
    [[nodiscard]] std::vector<Address> take_hang_ups();

private:
    enum class State : std::uint8_t { down, dialing, up };
    struct Link {
        State state = State::down;
        bool wanted = false;
        Time dial_at;      // down: not before
        Duration pause{};  // after the next failure
        Time used_at;
    };

    void dial(Link& link, Address peer);
    [[nodiscard]] static Time deadline_of(const Link& link);

    Duration redial_;
    std::map<Address, Link> links_;
    // Asked for after every input, and a voter has a link to every member: looked for again only
    // when a link changed that counts.
    mutable Time deadline_ = never;
    mutable bool deadline_known_ = false;
    std::vector<Address> dials_;
    std::vector<Address> hang_ups_;
};

}  // namespace grapevine
