#pragma once
// One run of the program: its loop, whether somebody wants it to end, and what it tells meanwhile.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "progress/progress.h"
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
    Result<void> pass(Duration span) {
        return pass(span, [](double) {});
    }
    // The same, which is all of the present round.
    Result<void> pass_round(Duration span) {
        return pass(span, [this](double share) { part(share); });
    }

    // What follows is the last line of a terminal on stderr, and nothing elsewhere: a bar of so
    // many rounds, how long the rest takes, and what is being done now. To be said first.
    void plan(std::size_t rounds);
    // What is done between rounds; the one that was begun is over.
    void progress(const std::string& text);
    // The next round begins; the one before is over.
    void begin_round(const std::string& text);
    // Of the present round so much is done, from 0 to 1; between rounds it says nothing.
    void part(double share);
    // Before anything else is written to the terminal.
    void clear_progress();

private:
    Result<void> pass(Duration span, const std::function<void(double share)>& passed);
    void draw();

    Loop loop_;
    bool interrupted_ = false;
    bool terminal_;
    std::optional<Progress> bar_;  // nothing: no terminal, or nothing was planned
    std::size_t rounds_ = 0;       // that are over
    bool in_round_ = false;
    SignalWatch interrupt_;
    SignalWatch terminate_;
    SignalWatch hang_up_;
};

}  // namespace grapevine::bench
