#pragma once
// The claim of each planted test: the right code passes the trials of these seeds, and with the bug
// at least one of them finds something wrong.

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "planted/trial.h"

namespace grapevine::testing {

// With the bug a trial of seeds 1 ... `seeds` finds something. Prints where and by which oracle.
inline void find_bug(std::string_view name, Bug bug, std::uint64_t seeds, const Trial& trial) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const Finding finding = run_apart(trial, seed, {bug});
        if (finding.oracle == Oracle::none) continue;
        std::printf("%-26.*s found by %-12s in seed %2u of %2u: %.100s\n",
                    static_cast<int>(name.size()), name.data(), to_string(finding.oracle).c_str(),
                    static_cast<unsigned>(seed), static_cast<unsigned>(seeds),
                    finding.text.c_str());
        SUCCEED();
        return;
    }
    FAIL_CHECK(name << " was not found in " << seeds << " seeds");
}

// And the right code passes all of them.
inline void check_found(std::string_view name, Bug bug, std::uint64_t seeds, const Trial& trial) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const Finding right = run_apart(trial, seed, {});
        INFO("the right code, seed " << seed << ": " << to_string(right.oracle) << ": "
                                     << right.text);
        REQUIRE(right.oracle == Oracle::none);
    }
    find_bug(name, bug, seeds, trial);
}

}  // namespace grapevine::testing
