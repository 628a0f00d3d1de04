#include "bench/session.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "runtime/clock.h"
#include "runtime/wait.h"

namespace grapevine::bench {

Session::Session()
    : terminal_(isatty(STDERR_FILENO) == 1),
      interrupt_(loop_, SIGINT, [this] { interrupted_ = true; }),
      terminate_(loop_, SIGTERM, [this] { interrupted_ = true; }),
      hang_up_(loop_, SIGHUP, [this] { interrupted_ = true; }) {}

Result<void> Session::wait(Duration bound, const std::string& what,
                           const std::function<bool()>& condition) {
    const bool over = run_until(loop_, bound, [&] {
        draw();
        return interrupted_ || condition();
    });
    if (interrupted_) return fail("interrupted");
    if (!over) return fail("{}: not within {} s", what, bound / 1s);
    return {};
}

Result<void> Session::pass(Duration span, const std::function<void(double share)>& passed) {
    const Time begun = boot_time();
    run_until(loop_, span, [&] {
        passed(static_cast<double>(to_us(boot_time() - begun)) / static_cast<double>(to_us(span)));
        draw();
        return interrupted_;
    });
    if (interrupted_) return fail("interrupted");
    return {};
}

void Session::plan(std::size_t rounds) {
    if (terminal_) bar_.emplace("rounds", rounds);
}

void Session::progress(const std::string& text) {
    if (std::exchange(in_round_, false)) ++rounds_;
    if (!bar_) return;
    bar_->set(rounds_, 0);
    bar_->say(text);
    bar_->draw();
}

void Session::begin_round(const std::string& text) {
    progress(text);
    in_round_ = true;
}

void Session::part(double share) {
    if (bar_ && in_round_) bar_->set(rounds_, 0, std::clamp(share, 0.0, 1.0));
}

void Session::draw() {
    if (bar_) bar_->draw();
}

void Session::clear_progress() {
    if (bar_) bar_->clear();
}

}  // namespace grapevine::bench
