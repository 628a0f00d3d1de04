#pragma once
// Clients that wait until what they gave up restarts empty. Internal to node/.

#include <map>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "client/messages.h"
#include "ring/ring.h"
#include "store/operation.h"

namespace grapevine {

class Losses {
public:
    struct Due {
        ConnectionId connection;
        AcceptLossReply reply;
    };

    // One at a time on a connection; a second replaces the first.
    void ask(Time now, ConnectionId connection, Epoch epoch);
    void closed(ConnectionId connection) { waiting_.erase(connection); }

    // Everybody whose partitions are all up again by this ring, or who has waited long enough.
    std::vector<Due> take_due(Time now, const RingPtr& ring);
    // What to tell the voters; nothing: nobody waits.
    [[nodiscard]] std::optional<Epoch> accepted() const;
    [[nodiscard]] Time next_deadline() const;

private:
    struct Waiting {
        Epoch epoch;
        Time until;
        // Those that were down, with the generation that was given up; none: no ring that late was
        // seen here yet.
        std::optional<std::map<PartitionId, Generation>> down;
    };

    static AcceptLossReply look(Waiting& waiting, const Ring& ring);

    std::map<ConnectionId, Waiting> waiting_;
};

}  // namespace grapevine
