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

#include "base/address.h"
#include "base/limits.h"
#include "base/print.h"
#include "base/result.h"
#include "base/time.h"
#include "runtime/arguments.h"
#include "runtime/output.h"
#include "runtime/process.h"
#include "version.h"

namespace grapevine {

inline int exit_with(Exit code, const std::string& program, const std::string& sentence) {
    print_err("{}: {}\n", program, sentence);
    return static_cast<int>(code);
}

inline void add_version(CLI::App& app) {
    app.set_version_flag("--version",
                         fmt::format("grapevine {}, protocol {}, commit {}", GRAPEVINE_RELEASE,
                                     protocol_version, GRAPEVINE_COMMIT));
}

// Where the value is wrong: which option's it was too.
template <class T>
Result<T> of_option(const char* option, Result<T> value) {
    if (value) return value;
    return fail("{}: {}", option, value.error().message);
}

// What keys and values may take in each of so many nodes, where nothing else is said: the rest is
// for requests under way, remembered ids, the kernel and others.
inline std::uint64_t default_memory_max(std::size_t nodes) {
    constexpr std::uint64_t share_percent = 60;
    return usable_memory() / 100 * share_percent / std::max<std::size_t>(nodes, 1);
}

// How long whoever founds a cluster listens for one that lives: members call four times a second.
inline constexpr Duration founding_silence = 1s;

inline std::string no_second_cluster(Address here, Address member) {
    return fmt::format(
        "a cluster lives that knows {} as its own, {} is one of its members: nothing was founded; "
        "to join it use --seed {}, to stop it client --stop --coordinator {}, for another cluster "
        "another --port",
        here, member, member, member);
}

// The first option with an empty value, which a script's unset variable makes of it; empty: none.
// Keys and values may be empty, and are named in `may_be`.
inline std::string option_left_empty(const CLI::App& app, const std::vector<std::string>& may_be) {
    for (const CLI::Option* option : app.get_options()) {
        const std::string name = option->get_name();
        if (std::ranges::find(may_be, name) != may_be.end()) continue;
        const auto& values = option->results();
        if (std::ranges::find(values, std::string()) != values.end()) return name;
    }
    return {};
}

// Nothing: the program goes on. Otherwise the code to exit with.
inline std::optional<int> parse_options(CLI::App& app, int argc, const char* const* argv,
                                        const std::vector<std::string>& may_be_empty = {}) {
    try {
        std::vector<std::string> arguments = prepare_arguments(argc, argv);
        std::ranges::reverse(arguments);  // CLI11 takes them from the back
        app.parse(arguments);
        const std::string empty = option_left_empty(app, may_be_empty);
        if (empty.empty()) return std::nullopt;
        return exit_with(Exit::usage, app.get_name(),
                         fmt::format("{} has an empty value; leave it out for the default; see {} "
                                     "--help",
                                     empty, app.get_name()));
    } catch (const CLI::CallForHelp&) {
        print_out("{}", app.help());
        return static_cast<int>(Exit::done);
    } catch (const CLI::CallForVersion& version) {
        print_out("{}\n", version.what());
        return static_cast<int>(Exit::done);
    } catch (const CLI::ParseError& error) {
        return exit_with(Exit::usage, app.get_name(),
                         fmt::format("{}; see {} --help", error.what(), app.get_name()));
    }
}

}  // namespace grapevine
