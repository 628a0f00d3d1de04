#pragma once
// How a run ended, in a form that travels from the process that ran it to the one that asked.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace grapevine::sim {

enum class RunResult : std::uint8_t {
    pass,
    broken,         // an invariant, or a history that no order explains
    not_converged,  // the faults ended and the cluster did not become whole in time
    crashed,        // the process that ran it was ended by a signal, or never ended
};

std::string_view to_string(RunResult result);
// 0 pass, 1 broken, 3 not converged, 4 crashed; 2 is for usage.
int exit_code(RunResult result);
// What says most about the product is the worst: a crash, then a broken invariant.
RunResult worse_of(RunResult one, RunResult other);

struct RunOutcome {
    RunResult result = RunResult::pass;
    std::string rule;       // the failure's class, in a word: "linearizable"; empty where it passed
    std::string reason;     // a sentence, also where it passed; one line
    std::string complaint;  // about what was asked to be told and cannot be; empty: none
    std::uint64_t hash = 0;
    std::uint64_t events = 0;
    std::uint64_t operations = 0;
    std::uint64_t answered = 0;
    std::uint64_t keys_right = 0;  // of those written before the faults: read back as written last
    std::uint64_t beyond = 0;      // 1: more died at once than the promise covers
    std::uint64_t evicted_alive = 0;
    std::uint64_t foundings = 0;  // of a cluster, anew
    std::uint64_t given_up = 0;   // partitions that restarted empty by an accepted loss
    Duration virtual_time{};
    Duration longest_outage{};  // of a partition that had no reason to be without service
    // Of the oracle of availability at partitions, while faults went on; and those at which an
    // outage would have counted.
    std::uint64_t looks = 0;
    std::uint64_t armed_looks = 0;
    std::vector<std::string> faults;  // as applied, each as parse_fault reads it

    // The same failure, for whoever looks for a smaller run that fails alike.
    [[nodiscard]] bool fails_like(const RunOutcome& other) const {
        return result == other.result && rule == other.rule;
    }
};

// How much of the time an outage would have counted: 29.
std::uint64_t armed_percent(std::uint64_t looks, std::uint64_t armed_looks);

// Lines of text, complete only with the last of them.
std::string encode(const RunOutcome& outcome);
Result<RunOutcome> decode_outcome(std::string_view text);

// A fault is told as it happens too, in a line of its own: a run that crashes has no outcome.
std::string early_fault(const std::string& fault);
std::vector<std::string> early_faults(std::string_view text);

}  // namespace grapevine::sim
