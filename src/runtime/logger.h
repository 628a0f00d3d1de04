#pragma once
// Writes log lines to stderr: UTC time, level, name of the node, epoch of its ring, text.
//
//   2026-03-01T12:00:00.123456Z info server3 e17 server5 is gone: silence

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/ids.h"
#include "base/log.h"
#include "base/result.h"

namespace grapevine {

// "debug", "info", "warning", "error".
Result<LogLevel> parse_log_level(std::string_view text);

class Logger {
public:
    explicit Logger(LogLevel least) : least_(least) {}

    // Who speaks, from now on; told anew when the ring gives a name or changes.
    void set_name(std::string name) { name_ = std::move(name); }
    void set_epoch(Epoch epoch) { epoch_ = epoch; }

    [[nodiscard]] bool wants(LogLevel level) const { return level >= least_; }
    void write(LogLevel level, std::string_view text) const;

    template <class... Args>
    void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) const {
        if (wants(level)) write(level, fmt::format(format, std::forward<Args>(args)...));
    }

private:
    LogLevel least_;
    std::string name_ = "-";
    Epoch epoch_;
};

}  // namespace grapevine
