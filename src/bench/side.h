#pragma once
// One of two clusters that are compared, with the load on it.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "bench/lanes.h"
#include "bench/phase.h"
#include "bench/session.h"
#include "bench/target.h"

namespace grapevine::bench {

// How long a side is loaded.
struct Length {
    std::uint64_t operations = 0;  // so many, from the first to the last answer; 0: for so long
    Duration span{};
};

class Side {
public:
    // `target` outlives it. `acks` as in Target::dialect.
    Side(Session& session, Target& target, const LanesConfig& config, unsigned acks);

    // Puts every key; again, where some were refused: a node may not have heard yet of the ring
    // that its clients know.
    Result<void> fill();
    // From the first to the last answer. At a fixed rate a span is as many operations as are due in
    // it; otherwise nothing new is begun after it.
    Result<Phase> run(const Length& length, std::uint64_t seed);

private:
    // Connects, where it is not or the routes are others.
    Result<void> prepare();
    Result<void> load(const Length& length, std::uint64_t seed);
    // Until all that was begun is answered: so many operations; 0: it does not matter how many.
    Result<void> finish(const std::string& what, std::uint64_t operations = 0);
    Result<void> wait(Duration bound, const std::string& what,
                      const std::function<bool()>& condition);

    Session& session_;
    Target& target_;
    LanesConfig config_;
    unsigned acks_;
    std::string value_;
    std::uint64_t routes_version_ = 0;
    std::unique_ptr<Lanes> lanes_;  // null: not connected
};

}  // namespace grapevine::bench
