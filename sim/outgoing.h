#pragma once
// The links that a process dials, one for each address: frames wait while the dial is under way,
// and what one turn sends travels together.

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/address.h"
#include "sim/network.h"

namespace grapevine::sim {

class OutgoingLinks {
public:
    // `hello` makes the first frame of each connection.
    OutgoingLinks(Network& network, Address self, std::function<std::string()> hello);

    // Dials unless there is a link or a dial under way.
    void dial(Address peer);
    // The buffer to append a frame to; it is sent with the next flush. Dials as needed.
    std::string& frames_to(Address peer);
    using OnSend = std::function<void(Address peer, const std::string& frames)>;
    // `told` hears what leaves, the first frame of a connection not included. Null: nobody does.
    void flush(const OnSend& told = {});
    void hang_up(Address peer);
    void clear() {
        links_.clear();
        to_flush_.clear();
    }

    // Of the network's news about a link that was dialed here: whose it is. Nothing: not one of
    // these, or not any more.
    [[nodiscard]] std::optional<Address> peer_of(LinkId link) const;
    void is_up(Address peer);
    void forget(Address peer) { links_.erase(peer); }

private:
    struct Link {
        LinkId id;
        bool up = false;
        std::string hello;  // empty: sent
        std::string waiting;
    };

    Network& network_;
    Address self_;
    std::function<std::string()> hello_;
    std::map<Address, Link> links_;
    std::set<Address> to_flush_;  // where something may wait; a link that is not up yet comes again
};

}  // namespace grapevine::sim
