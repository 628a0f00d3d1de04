#include "progress/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "base/print.h"

namespace grapevine {

namespace {

constexpr std::size_t bar_width = 30;
constexpr std::chrono::milliseconds redraw{200};
constexpr std::chrono::seconds line_every{5};
// Of one: from less than that the time that is left cannot be told.
constexpr double known_from = 0.1;

// 0: not known.
std::size_t terminal_width() {
    winsize size{};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

Progress::Progress(std::string what, std::size_t total)
    : what_(std::move(what)),
      total_(total),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      begun_(Clock::now()),
      next_(begun_ + (is_terminal_ ? Clock::duration(redraw) : Clock::duration(line_every))) {}

Progress::~Progress() {
    clear();
}

void Progress::set(std::size_t done, std::size_t failed, double part) {
    done_ = done;
    failed_ = failed;
    part_ = part;
}

void Progress::draw() {
    const Clock::time_point now = Clock::now();
    if (now < next_) return;
    next_ = now + (is_terminal_ ? Clock::duration(redraw) : Clock::duration(line_every));
    std::chrono::seconds left{-1};
    const double done = static_cast<double>(done_) + part_;
    if (done >= known_from) {
        left = std::chrono::duration_cast<std::chrono::seconds>(
            (now - begun_) * ((static_cast<double>(total_) - done) / done));
    }
    std::string text = progress_text(what_, done_, total_, failed_, left, part_);
    if (!now_.empty()) text += "; " + now_;
    // What fills the line or more would stay on the screen when the next is drawn over it.
    if (is_terminal_) text = fitted(text, terminal_width());
    print_err("{}{}{}", is_terminal_ ? "\r\033[K" : "", text, is_terminal_ ? "" : "\n");
    std::fflush(stderr);
    is_drawn_ = is_terminal_;
}

void Progress::clear() {
    if (!std::exchange(is_drawn_, false)) return;
    print_err("\r\033[K");
    std::fflush(stderr);
}

std::string span_in_words(std::chrono::seconds span) {
    const auto s = span.count();
    if (s < 60) return fmt::format("{} s", s);
    if (s < 3600) return fmt::format("{} min {} s", s / 60, s % 60);
    return fmt::format("{} h {} min", s / 3600, s % 3600 / 60);
}

std::string fitted(const std::string& text, std::size_t columns) {
    if (columns == 0 || text.size() < columns) return text;
    const std::string words = text.substr(std::min(text.find("] ") + 2, text.size()));
    return words.substr(0, columns - 1);
}

std::string progress_text(const std::string& what, std::size_t done, std::size_t total,
                          std::size_t failed, std::chrono::seconds left, double part) {
    const double share = (static_cast<double>(done) + part) / static_cast<double>(total);
    const std::size_t full =
        total == 0
            ? bar_width
            : std::min(bar_width, static_cast<std::size_t>(share * static_cast<double>(bar_width)));
    std::string text = fmt::format("[{}{}] {} of {} {}", std::string(full, '#'),
                                   std::string(bar_width - full, '.'), done, total, what);
    if (failed > 0) text += fmt::format(", {} failed", failed);
    if (left.count() >= 0) text += fmt::format(", {} left", span_in_words(left));
    return text;
}

}  // namespace grapevine
