#pragma once
// What a coordinator that was told to end waits for when all that it launched have ended: that the
// nodes which run on know that these are gone. Its own votes may be needed to put them out of the
// ring, and without them the rest may be a majority then. So what it says of the rest is what is
// so, and not what may become so.

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "ring/ring.h"
#include "runtime/ask.h"
#include "runtime/loop.h"

namespace grapevine {

// A death is noticed and agreed on in a tenth of a second, on a busy machine in one or two.
inline constexpr Duration farewell_max = 3s;

class Farewell {
public:
    // What is known at a moment.
    struct View {
        Epoch epoch;
        std::vector<Address> staying;  // who runs on, as far as is known
        bool ended_are_in = false;     // the ring still has some of those that have ended
    };

    // `over` is called once: when nobody stays, when all who stay have answered in a ring without
    // those that have ended, or after a few seconds.
    Farewell(Loop& loop, std::function<View()> view, std::function<void()> over);

private:
    void look();
    void answered(const Result<ServerMessage>& answer);

    Loop& loop_;
    std::function<View()> view_;
    std::function<void()> over_;
    Time until_;
    Epoch wanted_;  // what those that are asked have to know
    bool all_know_ = false;
    std::size_t unanswered_ = 0;
    std::vector<std::unique_ptr<Ask>> asks_;
    Alarm alarm_;
};

}  // namespace grapevine
