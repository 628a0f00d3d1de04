#pragma once
// How far a long work is, and how long it will still take: a bar that is redrawn where stderr is a
// terminal, a line every few seconds where it is not. It looks at the clock, so no core has one.

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace grapevine {

class Progress {
public:
    Progress(std::string what, std::size_t total);
    // Takes the bar away.
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // `part`: of the next one, the share that is done.
    void set(std::size_t done, std::size_t failed, double part = 0);
    // What is being done now, at the end of the bar; empty: nothing is said of it.
    void say(std::string now) { now_ = std::move(now); }
    // Draws, if it is time to. Cheap.
    void draw();
    // Makes room for a line of other text.
    void clear();

private:
    using Clock = std::chrono::steady_clock;

    std::string what_;  // "runs"
    std::size_t total_;
    std::size_t done_ = 0;
    std::size_t failed_ = 0;
    double part_ = 0;
    std::string now_;
    bool is_terminal_;
    bool is_drawn_ = false;
    Clock::time_point begun_;
    Clock::time_point next_;
};

// "12 s", "3 min 20 s", "1 h 5 min".
std::string span_in_words(std::chrono::seconds span);

// The text of the bar: "[#####.....] 50 of 100 runs, 1 failed, 12 s left". `left` negative: not
// known yet. `part` of the next one is in the bar too.
std::string progress_text(const std::string& what, std::size_t done, std::size_t total,
                          std::size_t failed, std::chrono::seconds left, double part = 0);

// What fits into a line of so many columns, the last of which stays empty; 0: not known, all of it.
// Of a bar that does not fit, the words.
std::string fitted(const std::string& text, std::size_t columns);

}  // namespace grapevine
