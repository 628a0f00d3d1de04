#pragma once
// What the coordinator launches and when it gives up: pure policy. The runtime starts processes,
// sends signals and prints lines; here is decided which.
//
// Launched processes are named server1 ... serverN. They are expected in the ring before a
// deadline; when it passes, or one of them ends before, the launch has failed: a line says who is
// missing, and everything that was launched is stopped. Stopping: SIGINT to all (SIGTERM would
// make them leave one by one), SIGKILL to those
// that are still there after `grace` (or at once when asked a second time). A process that ends
// after the launch is reported; with `respawn` it is started again under its name after a back-off,
// doubled each time that it did not last, unless it was told to end: then its status says that it
// left, or that it ended before it could.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/time.h"
#include "ring/ring.h"

namespace grapevine {

// Of kvnode, where it was told to end while it held what nobody else did yet.
inline constexpr int status_ended_early = 4;

struct LaunchConfig {
    std::size_t nodes = 0;    // to launch; 0: peers come by themselves, and there is no deadline
    Duration deadline = 30s;  // for all of them to be in the ring
    Duration grace = 2s;      // from SIGINT to SIGKILL
    bool respawn = false;
    Duration respawn_min = 500ms;  // the back-off, at first
    Duration respawn_max = 30s;
    Duration lasting = 60s;  // who lived for so long begins with the first back-off again
};

struct LaunchEffects {
    struct Signal {
        std::string name;
        int number = 0;
    };
    std::vector<std::string> spawns;  // names of processes to start
    std::vector<Signal> signals;
    std::vector<std::string> lines;  // for people, in order
    bool formed = false;             // everybody is in the ring for the first time
    bool over = false;               // nothing that was launched is left: the program may end
};

class Launch {
public:
    Launch(Time now, LaunchConfig config);

    void spawned(Time now, const std::string& name, int pid);
    void spawn_failed(Time now, const std::string& name, const std::string& why);
    // signal 0: it ended by itself, with `status`.
    void exited(Time now, const std::string& name, int status, int signal);
    void ring_changed(const Ring& ring);
    void stop(Time now);
    void tick(Time now);

    [[nodiscard]] LaunchEffects take_effects() { return std::exchange(effects_, {}); }
    [[nodiscard]] Time next_deadline() const;
    // Everybody was in the ring, and it is not being stopped.
    [[nodiscard]] bool is_formed() const { return phase_ == Phase::formed; }
    // As that process, running or ended: somebody else may have its name by now.
    [[nodiscard]] bool launched(const std::string& name, std::uint32_t pid) const;
    // Somebody was missing, or a process could not be started.
    [[nodiscard]] bool failed() const { return failed_; }

private:
    struct Starting {};
    struct Running {
        int pid = 0;
        Time since;
    };
    struct Waiting {  // to be started again
        Time until;
    };
    struct Ended {
        int status = 0;
        int signal = 0;
    };
    using Process = std::variant<Starting, Running, Waiting, Ended>;

    enum class Phase : std::uint8_t { forming, formed, stopping, killing, over };

    void give_up(Time now);
    // Nothing: it is not started again. Otherwise after which pause.
    std::optional<Duration> start_again(Time now, const std::string& name, Duration lived);
    void signal_all(int number);
    void end_if_none_left();
    [[nodiscard]] std::string missing() const;

    LaunchConfig config_;
    Phase phase_ = Phase::forming;
    Time due_ = never;  // forming: the deadline; stopping: when SIGKILL is sent
    bool failed_ = false;
    std::map<std::string, Process> processes_;
    std::map<std::string, std::set<std::uint32_t>> pids_;  // all that ever were, by name
    std::map<std::string, Duration> back_offs_;            // the last one of each
    std::map<std::string, bool> in_ring_;                  // by name of those that are expected
    LaunchEffects effects_;
};

// "was killed by signal 9 (SIGKILL)", "ended with status 3".
std::string describe_end(int status, int signal);

}  // namespace grapevine
