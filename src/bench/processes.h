#pragma once
// The processes of one cluster that a run starts, with a folder for their logs and data. All are
// ended with their owner, and the folder is removed; where the run is killed they end too, and the
// folder stays.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "bench/session.h"
#include "runtime/children.h"

namespace grapevine::bench {

class Processes {
public:
    static Result<std::unique_ptr<Processes>> begin(Session& session);
    ~Processes();
    Processes(const Processes&) = delete;
    Processes& operator=(const Processes&) = delete;

    [[nodiscard]] const std::string& folder() const { return folder_; }
    // A folder of its own below that one.
    Result<std::string> make_folder(const std::string& name);

    // The pid. What it says goes to NAME.log; names are not used twice.
    Result<int> start(const std::string& name, const std::vector<std::string>& command);
    // SIGTERM to one that is expected to end by it, with exit code 0.
    void tell_to_end(int pid);
    // SIGKILL to one that is expected to end by it.
    void kill(int pid);
    // Sends a signal to all, and waits for so long; true: none is left.
    bool end_all(int signal, Duration patience);
    [[nodiscard]] bool ended(int pid) const;

    // Empty: all that was started runs, or ended as it was told to. Otherwise who does not.
    [[nodiscard]] const std::string& broken() const { return broken_; }
    [[nodiscard]] std::vector<int> pids() const;

private:
    struct Child {
        int pid = 0;
        bool told = false;    // to end
        bool killed = false;  // its end is no clean one, and as it should be
    };

    explicit Processes(Session& session);
    void exited(const std::string& name, int status, int signal);
    [[nodiscard]] std::string name_of(int pid) const;  // empty: not started here, or ended
    [[nodiscard]] std::string last_words(const std::string& name) const;

    Session& session_;
    std::string folder_;
    std::map<std::string, Child> running_;  // by name
    std::string broken_;
    Children children_;
};

inline Address on_loopback(std::uint16_t port) {
    return {.ip = 0x7f000001, .port = port};
}

// What processes have used, for differences.
struct Use {
    Duration cpu{};         // of the servers; those that were ended meanwhile included
    Duration own_cpu{};     // of this process
    std::uint64_t rss = 0;  // bytes, of the servers
};
Use use_of(const std::vector<int>& pids);

}  // namespace grapevine::bench
