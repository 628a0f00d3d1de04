#pragma once
// Log lines as data: a core says what happened, its host writes it (with the time and the name of
// the node) where it belongs, and the simulator makes them part of the story.

#include <cstdint>
#include <string>
#include <vector>

namespace grapevine {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct LogLine {
    LogLevel level = LogLevel::info;
    std::string text;
};

using LogLines = std::vector<LogLine>;

}  // namespace grapevine
