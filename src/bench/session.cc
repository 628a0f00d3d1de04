#include "bench/session.h"

#include <unistd.h>

#include <csignal>

#include "base/print.h"
#include "runtime/wait.h"

namespace grapevine::bench {

Session::Session()
    : terminal_(isatty(STDERR_FILENO) == 1),
      interrupt_(loop_, SIGINT, [this] { interrupted_ = true; }),
      terminate_(loop_, SIGTERM, [this] { interrupted_ = true; }),
      hang_up_(loop_, SIGHUP, [this] { interrupted_ = true; }) {}

Result<void> Session::wait(Duration bound, const std::string& what,
                           const std::function<bool()>& condition) {
    const bool over = run_until(loop_, bound, [&] { return interrupted_ || condition(); });
    if (interrupted_) return fail("interrupted");
    if (!over) return fail("{}: not within {} s", what, bound / 1s);
    return {};
}

Result<void> Session::pass(Duration span) {
    run_until(loop_, span, [&] { return interrupted_; });
    if (interrupted_) return fail("interrupted");
    return {};
}

void Session::progress(const std::string& text) const {
    if (terminal_) print_err("\r\x1b[K{}", text);
}

void Session::clear_progress() const {
    progress("");
}

}  // namespace grapevine::bench
