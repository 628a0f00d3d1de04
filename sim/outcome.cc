#include "sim/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace grapevine::sim {

namespace {

constexpr std::array results{RunResult::pass, RunResult::broken, RunResult::not_converged,
                             RunResult::crashed};
constexpr std::string_view last_line = "end";
constexpr std::string_view early = "happened ";

std::string one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
}

std::uint64_t read_number(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

void read_line(RunOutcome& outcome, std::string_view name, std::string_view value) {
    if (name == "result") {
        for (const RunResult result : results) {
            if (to_string(result) == value) outcome.result = result;
        }
    }
    if (name == "rule") outcome.rule = value;
    if (name == "reason") outcome.reason = value;
    if (name == "complaint") outcome.complaint = value;
    if (name == "hash") outcome.hash = read_number(value);
    if (name == "events") outcome.events = read_number(value);
    if (name == "operations") outcome.operations = read_number(value);
    if (name == "answered") outcome.answered = read_number(value);
    if (name == "keys_right") outcome.keys_right = read_number(value);
    if (name == "beyond") outcome.beyond = read_number(value);
    if (name == "foundings") outcome.foundings = read_number(value);
    if (name == "given_up") outcome.given_up = read_number(value);
    if (name == "evicted_alive") outcome.evicted_alive = read_number(value);
    if (name == "virtual_us") outcome.virtual_time = Duration{std::int64_t(read_number(value))};
    if (name == "outage_us") outcome.longest_outage = Duration{std::int64_t(read_number(value))};
    if (name == "looks") outcome.looks = read_number(value);
    if (name == "armed_looks") outcome.armed_looks = read_number(value);
    if (name == "fault") outcome.faults.emplace_back(value);
}

}  // namespace

std::string_view to_string(RunResult result) {
    switch (result) {
        case RunResult::pass:
            return "pass";
        case RunResult::broken:
            return "broken invariant";
        case RunResult::not_converged:
            return "no convergence";
        case RunResult::crashed:
            return "crash";
    }
    return "?";
}

int exit_code(RunResult result) {
    switch (result) {
        case RunResult::pass:
            return 0;
        case RunResult::broken:
            return 1;
        case RunResult::not_converged:
            return 3;
        case RunResult::crashed:
            return 4;
    }
    return 4;
}

RunResult worse_of(RunResult one, RunResult other) {
    constexpr std::array rising{RunResult::pass, RunResult::not_converged, RunResult::broken,
                                RunResult::crashed};
    return *std::max(std::ranges::find(rising, one), std::ranges::find(rising, other));
}

std::uint64_t armed_percent(std::uint64_t looks, std::uint64_t armed_looks) {
    return armed_looks * 100 / std::max<std::uint64_t>(looks, 1);
}

std::string encode(const RunOutcome& outcome) {
    std::string text = fmt::format(
        "result {}\nrule {}\nreason {}\ncomplaint {}\nhash {}\nevents {}\noperations {}\nanswered "
        "{}\n"
        "keys_right {}\nbeyond {}\nevicted_alive {}\nfoundings {}\ngiven_up {}\nvirtual_us {}\n"
        "outage_us {}\nlooks {}\narmed_looks {}\n",
        to_string(outcome.result), outcome.rule, one_line(outcome.reason),
        one_line(outcome.complaint), outcome.hash, outcome.events, outcome.operations,
        outcome.answered, outcome.keys_right, outcome.beyond, outcome.evicted_alive,
        outcome.foundings, outcome.given_up, to_us(outcome.virtual_time),
        to_us(outcome.longest_outage), outcome.looks, outcome.armed_looks);
    for (const std::string& fault : outcome.faults) text += fmt::format("fault {}\n", fault);
    return text + std::string(last_line) + "\n";
}

std::string early_fault(const std::string& fault) {
    return fmt::format("{}{}\n", early, fault);
}

std::vector<std::string> early_faults(std::string_view text) {
    std::vector<std::string> faults;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) break;  // cut off in the middle
        const std::string_view line = text.substr(0, end);
        if (line.starts_with(early)) faults.emplace_back(line.substr(early.size()));
        text.remove_prefix(end + 1);
    }
    return faults;
}

Result<RunOutcome> decode_outcome(std::string_view text) {
    RunOutcome outcome;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) break;
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (line == last_line) return outcome;
        const std::size_t space = std::min(line.find(' '), line.size());
        read_line(outcome, line.substr(0, space), line.substr(std::min(space + 1, line.size())));
    }
    return fail("an outcome that ends too early");
}

}  // namespace grapevine::sim
