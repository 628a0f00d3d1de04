#pragma once
// What the command lines of all programs have in common: errors are one sentence on stderr and exit
// code 2; --help and --version.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "runtime/arguments.h"
#include "runtime/output.h"
#include "version.h"

namespace grapevine {

inline int exit_with(Exit code, const std::string& program, const std::string& sentence) {
    fmt::print(stderr, "{}: {}\n", program, sentence);
    return static_cast<int>(code);
}

inline void add_version(CLI::App& app) {
    app.set_version_flag("--version",
                         fmt::format("grapevine {}, protocol {}, commit {}", GRAPEVINE_RELEASE,
                                     protocol_version, GRAPEVINE_COMMIT));
}

// Nothing: the program goes on. Otherwise the code to exit with.
inline std::optional<int> parse_options(CLI::App& app, int argc, const char* const* argv) {
    try {
        std::vector<std::string> arguments = prepare_arguments(argc, argv);
        std::ranges::reverse(arguments);  // CLI11 takes them from the back
        app.parse(arguments);
        return std::nullopt;
    } catch (const CLI::CallForHelp&) {
        fmt::print("{}", app.help());
        return static_cast<int>(Exit::done);
    } catch (const CLI::CallForVersion& version) {
        fmt::print("{}\n", version.what());
        return static_cast<int>(Exit::done);
    } catch (const CLI::ParseError& error) {
        return exit_with(Exit::usage, app.get_name(),
                         fmt::format("{}; see {} --help", error.what(), app.get_name()));
    }
}

}  // namespace grapevine
