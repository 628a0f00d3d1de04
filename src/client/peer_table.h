#pragma once
// The addresses that a client knows (its seeds, the ring's members) and how they have behaved:
// which may be dialed now, and who is asked next for a ring. Part of the client core.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/ids.h"
#include "base/rng.h"
#include "base/time.h"
#include "client/backoff.h"
#include "ring/ring.h"

namespace grapevine {

class PeerTable {
public:
    PeerTable(std::vector<Address> seeds, Backoff backoff, std::uint64_t seed);

    // Learns the members that are up and forgets all others but the seeds. Returns the forgotten
    // ones that were in use.
    std::vector<Address> adopt(const Ring& ring);

    void used(Address address);  // something is sent there
    void heard(Address address);
    // It answered an operation, or is about to.
    void answered(Time now, Address address);
    [[nodiscard]] Time answered_at(Address address) const;  // Time::min(): not yet
    // Its link could not be made, or ended: it is left alone for a pause that grows.
    void failed(Time now, Address address);
    // It did not answer in time. True where it had not been silent before.
    bool silent(Time now, Address address);

    // Until when nothing should be sent there; in the past where it did not fail.
    [[nodiscard]] Time blocked_until(Address address) const;
    // When its link failed last, if nothing was heard since; Time::min() otherwise.
    [[nodiscard]] Time failed_at(Address address) const;
    // When its silence was noticed, if nothing was heard since; never otherwise.
    [[nodiscard]] Time silent_since(Address address) const;

    // Whom to ask for a ring: in turn, those that are well before the silent ones, nobody that is
    // blocked or in `taken`. Nothing: nobody now.
    std::optional<Address> next_to_ask(Time now, const std::vector<Address>& taken);
    // When next_to_ask() may find somebody whom it does not find now; never: nobody is blocked.
    [[nodiscard]] Time next_unblocked(Time now) const;

    [[nodiscard]] NodeId id(Address address) const;  // zero: not a member of the ring
    [[nodiscard]] std::string name(Address address) const;
    [[nodiscard]] std::string describe(Address address) const;  // "server3 (127.0.0.1:7003)"

private:
    // Of a peer that nothing was heard of since.
    struct Ailment {
        std::uint32_t failures = 0;
        Time failed_at = Time::min();
        Time blocked_until = Time::min();
        std::uint32_t silences = 0;
        Time silent_since = never;
        Time ask_after = Time::min();  // silent ones are asked less and less often
    };
    struct Peer {
        NodeId id;
        std::string name;  // empty: a seed that no ring named
        bool listed = false;
        bool used = false;
        Time answered_at = Time::min();
        Ailment ailment;

        [[nodiscard]] Time may_ask_at() const {
            return std::max(ailment.blocked_until, ailment.ask_after);
        }
    };

    [[nodiscard]] const Peer* find(Address address) const;
    [[nodiscard]] Peer* find(Address address);

    Backoff backoff_;
    Rng rng_;
    std::map<Address, Peer> peers_;
    std::vector<Address> seeds_;
    std::vector<Address> order_;  // of asking: the seeds as given, then the members
    std::size_t turn_ = 0;
};

}  // namespace grapevine
