#include "runtime/logger.h"

#include <array>
#include <cstddef>
#include <cstdio>
#include <ctime>

namespace grapevine {

namespace {

constexpr std::array<std::string_view, 4> level_names = {"debug", "info", "warning", "error"};

std::string utc_now() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    tm parts{};
    gmtime_r(&now.tv_sec, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                       now.tv_nsec / 1'000);
}

}  // namespace

Result<LogLevel> parse_log_level(std::string_view text) {
    for (std::size_t level = 0; level < level_names.size(); ++level) {
        if (text == level_names[level]) return static_cast<LogLevel>(level);
    }
    return fail("\"{}\" is not a log level; use debug, info, warning or error", text);
}

void Logger::write(LogLevel level, std::string_view text) const {
    if (!wants(level)) return;
    // One call, so that lines of processes that share a file do not mix.
    const std::string line =
        fmt::format("{} {} {} e{} {}\n", utc_now(), level_names[static_cast<std::size_t>(level)],
                    name_, epoch_, text);
    std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace grapevine
