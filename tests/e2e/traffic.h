#pragma once
// Clients that read, write and delete a few keys all the time, and the history of what they asked
// and were told, for the linearizability checker. They are inside of the test, on its loop.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/rng.h"
#include "e2e/process.h"
#include "history/record.h"
#include "runtime/client_host.h"
#include "runtime/loop.h"

namespace grapevine::e2e {

struct TrafficPlan {
    std::vector<Address> seeds;
    std::size_t clients = 8;
    std::size_t keys = 64;
    Wait pause = 5ms;         // of a client between an answer and its next operation
    Duration deadline = 20s;  // of an operation
    std::uint64_t seed = 1;
};

class Traffic {
public:
    Traffic(Loop& loop, TrafficPlan plan);
    ~Traffic();
    Traffic(const Traffic&) = delete;
    Traffic& operator=(const Traffic&) = delete;

    // One operation at a time for each client, from now on.
    void begin();
    // No new operations; those under way go on.
    void end() { running_ = false; }
    [[nodiscard]] bool idle() const;

    [[nodiscard]] const History& history() const { return history_; }
    // Other keys from now on, and an empty history, so that each is judged from its first write.
    // Only when idle.
    void turn_page();

private:
    struct Member;
    void tick();
    void next(Member& member);
    [[nodiscard]] Operation draw(const Member& member);

    Loop& loop_;
    TrafficPlan plan_;
    Rng rng_;
    History history_;
    std::map<std::string, Version> seen_;  // the last version that an answer told, by key
    std::deque<std::unique_ptr<Member>> members_;
    Handle<uv_timer_t> timer_;
    std::uint64_t page_ = 0;
    std::uint64_t written_ = 0;
    bool running_ = false;
};

// The longest that an operation waited that was called at `from` or later: until its answer, or,
// where it failed, until the first answer about its key that is none; at most until `until`.
Duration longest_outage(const History& history, Time from, Time until);

// It was not answered, or refused for want of service.
bool is_failure(const OperationRecord& record);

// Empty: linearizable.
std::string defect_of(const History& history);

}  // namespace grapevine::e2e
