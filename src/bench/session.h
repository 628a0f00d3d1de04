#pragma once
// One run of the program: its loop, whether somebody wants it to end, and what it tells meanwhile.

#include <functional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "runtime/loop.h"

namespace grapevine::bench {

class Session {
public:
    Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    [[nodiscard]] Loop& loop() { return loop_; }
    // By SIGINT, SIGTERM or SIGHUP: what waits here returns an error at once.
    [[nodiscard]] bool interrupted() const { return interrupted_; }

    // Turns the loop until the condition holds. The error says what was not there in time, or that
    // it was interrupted.
    Result<void> wait(Duration bound, const std::string& what,
                      const std::function<bool()>& condition);
    Result<void> pass(Duration span);

    // What is being done now: the last line of a terminal on stderr, nothing elsewhere.
    void progress(const std::string& text) const;
    // Before anything else is written to the terminal.
    void clear_progress() const;

private:
    Loop loop_;
    bool interrupted_ = false;
    bool terminal_;
    SignalWatch interrupt_;
    SignalWatch terminate_;
    SignalWatch hang_up_;
};

}  // namespace grapevine::bench
