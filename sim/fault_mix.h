#pragma once
// Which classes of faults a run has: "all", "none", or a list as "kill,pause,cut".

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/rng.h"

namespace grapevine::sim {

enum class FaultClass : std::uint8_t {
    kill,         // of one or many at once, and their successors, at once or later
    leave,        // nodes that are asked to leave, and their successors
    aim,          // kills in the middle of an agreement, a take-over, a fill
    pause,        //
    slow,         // turns that cost 10 to 100 times as much, or 1,000 times
    drift,        // clocks that are up to 1 in 64 faster or slower
    cut,          // between two, between groups, one way, with somebody between who reaches both
    flap,         // cuts that come and go
    clog,         // everything held, then all at once; this and the next two at times one way
    hang,         // links stand still, datagrams pass
    mute,         // datagrams are lost, links pass
    broken,       // links that end
    refuse,       // dials that are refused though somebody listens
    loss,         // of datagrams
    burst,        // of many in a row
    delay,        // another distribution of delays
    duplicate,    // datagrams that come again, late
    corrupt,      // flipped bits
    client,       // clients that die in the middle of an operation
    echo,         // requests that come again on a new connection, seconds later
    full,         // memory that something else takes
    wall,         // wall clocks that are set
    force,        // a quorum dies for good, and an operator founds the cluster anew
    join,         // nodes that were not there at the beginning
    accept_loss,  // what is down is given up
};
inline constexpr std::size_t fault_classes = 25;

class FaultMix {
public:
    static FaultMix all() { return FaultMix((1U << fault_classes) - 1); }
    static FaultMix none() { return FaultMix(0); }
    // Each class with one chance in two; never none.
    static FaultMix draw(Rng& rng);
    static Result<FaultMix> parse(std::string_view text);

    [[nodiscard]] bool has(FaultClass one) const { return (bits_ >> index(one) & 1) != 0; }
    [[nodiscard]] bool is_none() const { return bits_ == 0; }
    [[nodiscard]] FaultMix with(FaultClass one) const { return FaultMix(bits_ | 1U << index(one)); }
    [[nodiscard]] FaultMix without(FaultClass one) const {
        return FaultMix(bits_ & ~(1U << index(one)));
    }
    bool operator==(const FaultMix&) const = default;

private:
    explicit FaultMix(std::uint32_t bits) : bits_(bits) {}
    static unsigned index(FaultClass one) { return static_cast<unsigned>(one); }

    std::uint32_t bits_;
};

// "kill, aim, ...": all that there are.
std::string fault_class_names();

// What parse() reads.
std::string to_string(FaultMix mix);

}  // namespace grapevine::sim
