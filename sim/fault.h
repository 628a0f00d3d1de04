#pragma once
// Faults as data: what is done to the world, and when. One vocabulary for the command line,
// scripts, the swarm and tests.
//
//     2s:kill=server3,server5     all at the same instant; client2: in the middle of its work
//     4s:restart=server3          a new process, without its old state, on the same address
//     4s:back=coordinator         a new process with what its last one saved: the same voter; where
//                                 nothing was saved, as restart
//     4s:leave=server3            is asked to leave: its partitions move to others, then it ends
//     4s:join=server8             a node that was not there at the beginning comes
//     2s:aim=accept               the first process that sends an Accept dies right after; moments:
//                                 see `Moment`; aim=accept@server1,server2: only one of these
//     1500ms:pause=server1        frozen; resume=server1
//     3s:slow=server1@50          its turns cost 50 times as much; @1: as usual
//     3s:full=server1@16          all but so many KiB of the memory that it may use are taken
//     9s:roomy=server1            and free again
//     3s:wall=server1@-60000      its wall clock is set by so many milliseconds, back or forwards
//     3s:drift=server1@-15625     its clock is slower by so many parts per million; @0: as usual
//
//     6s:cut=server1/server2      nothing passes either way; a+b/c+d: between groups
//     6s:cutoneway=a/b            nothing passes from a to b; likewise clogoneway, hangoneway,
//                                 muteoneway
//     6s:flap=a/b@200ms           cut and healed in turn, so long each
//     6s:clog=a/b                 what is sent is held, and arrives all at once when healed
//     6s:hang=a/b                 datagrams pass, links stand still
//     6s:mute=a/b                 links pass, datagrams are lost
//     6s:refuse=a/b               dials from a to b are refused, though b lives
//     9s:heal=a/b                 ends all of these, both ways; heal alone: everywhere
//     6s:break=a/b                the links between them end, new ones can be made
//
//     3s:loss=20                  percent of all datagrams, from then on
//     3s:burst=20@8               the same, 8 in a row on average
//     3s:duplicate=5@2s           percent of all datagrams come again, up to 2 s later
//     3s:corrupt=5                percent of all datagrams arrive with flipped bits
//     3s:delay=100us-2ms-80ms     one way: uniform between the first two, with a tail to the third
//     3s:echo=10@4s               percent of what clients send comes again on a new connection, up
//                                 to 4 s later
//     5s:force                    an operator looks, and where the quorum is gone for good it
//                                 founds the cluster anew from the survivors (sim/founder.h)
//     5s:acceptloss               an operator gives up what is down: it restarts empty
//     9s:calm                     all that goes on ends: heal, resume, no loss ...

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sim/delay.h"
#include "sim/moment.h"

namespace grapevine::sim {

enum class FaultKind : std::uint8_t {
    kill,
    restart,
    back,
    leave,
    pause,
    resume,
    cut,
    cut_one_way,
    heal,
    break_links,
    loss,
    aim,
    slow,
    drift,
    flap,
    clog,
    hang,
    mute,
    refuse,
    burst,
    duplicate,
    corrupt,
    delay,
    echo,
    calm,
    full,
    roomy,
    wall,
    force,
    join,
    clog_one_way,
    hang_one_way,
    mute_one_way,
    accept_loss,
};

inline constexpr std::int64_t slow_max = 1000;
inline constexpr std::int64_t wall_jump_max_ms = 100'000'000'000;  // three years

struct Fault {
    Duration at{};  // after the cluster was first ready
    FaultKind kind = FaultKind::kill;
    std::vector<std::string> names;                          // whom; aim: of whom one (empty: any)
    std::vector<std::pair<std::string, std::string>> pairs;  // between whom; heal: empty for all
    std::uint32_t percent = 0;  // loss, burst, duplicate, corrupt, echo
    std::int64_t number =
        0;            // slow: times; drift: ppm; full: KiB; wall: ms; burst: how many in a row
    Duration span{};  // flap: half a period; duplicate, echo: how late at most
    Moment moment = Moment::prepare;     // aim
    DelayPlan delay{.least{}, .most{}};  // delay
    bool operator==(const Fault&) const = default;
};

Result<Fault> parse_fault(std::string_view text);

// What parse_fault reads.
std::string to_string(const Fault& fault);

// "1500ms", "2s", "1500us", "1.5s".
Result<Duration> parse_duration(std::string_view text);

}  // namespace grapevine::sim
