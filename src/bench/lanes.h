#pragma once
// A lean load: so many connections, each bound to one node and keeping exactly `depth` operations
// in flight on keys that belong to that node. After each read all operations that it answered are
// replaced, with one write. Or, at a fixed rate, operations are due at even intervals, on one
// connection after the other, and count from when they were due; what is due where `depth` are in
// flight waits.
//
// It knows what a client of either system learns once, who serves which slot, and does nothing a
// steady cluster does not need: no retries, no time-outs, no redirects. What is not answered as it
// should be is a failed operation. So it costs little, and beside the protocol the same for every
// system.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/rng.h"
#include "base/time.h"
#include "bench/dialect.h"
#include "bench/flights.h"
#include "bench/generator.h"
#include "bench/pacer.h"
#include "bench/session.h"
#include "bench/workload.h"

namespace grapevine::bench {

// Who serves what.
struct Routes {
    std::vector<Address> nodes;
    std::vector<std::uint16_t> owner;  // by slot: an index in `nodes`
};

// The workload's keys by the node that they belong to.
std::vector<std::vector<Key>> keys_by_node(const Workload& workload, const Routes& routes);

struct LanesConfig {
    std::size_t connections = 50;  // spread over the nodes in turn
    std::size_t depth = 1;
    // Operations a second, on all connections together; 0: as many as can be.
    std::uint64_t rate = 0;
    Workload workload;
};

class Lane;

class Lanes {
public:
    // Dials.
    Lanes(Loop& loop, const Routes& routes, const MakeDialect& make, const LanesConfig& config);
    ~Lanes();
    Lanes(const Lanes&) = delete;
    Lanes& operator=(const Lanes&) = delete;

    [[nodiscard]] bool connected() const;
    // Once all are connected, and what was begun before is over.
    void begin_filling();                                          // every key is put once
    void begin_mix(std::uint64_t operations, std::uint64_t seed);  // uniformly drawn keys
    // Not at a fixed rate: no new ones; those under way go on.
    void end_mix() { left_ = 0; }
    [[nodiscard]] bool idle() const { return in_flight_ == 0 && (rate_ == 0 || left_ == 0); }
    // Of all that were begun ever: where it stands still, nothing is answered any more.
    [[nodiscard]] std::uint64_t answers() const { return answers_; }
    // Why a connection was lost; empty: none was.
    [[nodiscard]] const std::string& broken() const { return broken_; }

    // What was completed since this was last called.
    Tally take_tally() { return std::exchange(tally_, {}); }

private:
    friend class Lane;

    struct Draw {
        Key key;
        bool put = false;
    };
    // One node's keys.
    struct Deck {
        std::vector<Key> keys;
        std::size_t filled = 0;  // how many were put
        // The next draws, so that memory is read before it is needed. Null: none yet.
        std::array<const Key*, 8> ahead{};
        std::size_t next = 0;  // in `ahead`
    };

    // Operations are due at fixed times.
    [[nodiscard]] bool is_paced() const { return rate_ > 0 && !filling_; }
    // For a lane of this node; false: there are no more.
    bool draw(std::size_t node, Draw& drawn);
    void draw_any(Deck& deck, Draw& drawn);
    void completed(const Flight& flight, Time now, std::string_view defect);
    void begin();
    void hand_out_due();

    Workload workload_;
    std::vector<Deck> decks_;  // by node
    bool filling_ = false;
    Rng rng_{1};
    std::uint64_t left_ = 0;  // to draw
    std::size_t in_flight_ = 0;
    std::uint64_t answers_ = 0;
    Tally tally_;
    std::string broken_;
    std::vector<std::unique_ptr<Lane>> lanes_;
    // At a fixed rate.
    std::uint64_t rate_;
    Time begun_{};
    std::uint64_t to_hand_out_ = 0;
    std::uint64_t handed_out_ = 0;
    Pacer pacer_;
};

}  // namespace grapevine::bench
