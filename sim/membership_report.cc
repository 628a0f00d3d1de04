#include "sim/membership_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <type_traits>

namespace grapevine::sim {

namespace {

// Calls `visit(name, number)` for each number of a result, const or not.
template <class Wanted, class Visit>
void each_number(Wanted& result, Visit visit) {
    visit("seed", result.seed);
    visit("bootstrap_us", result.bootstrap);
    visit("bootstrap_rings", result.bootstrap_rings);
    visit("crash_decided_us", result.crash_decided);
    visit("crash_everywhere_us", result.crash_everywhere);
    visit("cut_decided_us", result.cut_decided);
    visit("cut_everywhere_us", result.cut_everywhere);
    visit("quiet_us", result.quiet);
    visit("member_us", result.member_us);
    visit("evicted_healthy", result.evictions.healthy);
    visit("evicted_paused", result.evictions.paused);
    visit("pauses", result.pauses);
    const auto load = [&](const std::string& name, auto& each) {
        visit(name + "_mean_milli", each.mean_milli);
        visit(name + "_p99", each.p99);
        visit(name + "_max", each.max);
    };
    load("swim_datagrams", result.swim_datagrams);
    load("swim_bytes", result.swim_bytes);
    load("lease_datagrams", result.lease_datagrams);
    load("lease_bytes", result.lease_bytes);
    load("link_bytes", result.link_bytes);
    load("overflowed", result.overflowed);
    load("busy_us", result.busy_us);
    visit("rings", result.rings);
    visit("events", result.events);
    visit("hash", result.hash);
}

std::string to_text(std::uint64_t number) {
    return fmt::format("{}", number);
}
std::string to_text(Duration span) {
    return fmt::format("{}", to_us(span));
}
std::string to_text(const std::optional<Duration>& span) {
    return span ? to_text(*span) : "-1";
}

bool from_text(std::string_view text, auto& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}
bool from_text(std::string_view text, Duration& span) {
    std::int64_t us = 0;
    if (!from_text(text, us)) return false;
    span = Duration{us};
    return true;
}
bool from_text(std::string_view text, std::optional<Duration>& span) {
    Duration read{};
    if (!from_text(text, read)) return false;
    if (read >= Duration{}) span = read;
    return true;
}

std::string milliseconds(std::int64_t us) {
    return fmt::format("{}.{}", us / 1000, us % 1000 / 100);
}

std::string time_row(const std::string& what, const std::vector<MembershipResult>& results,
                     std::optional<Duration> MembershipResult::* field) {
    std::vector<std::int64_t> times;
    for (const MembershipResult& result : results) {
        if (const auto& span = result.*field) times.push_back(to_us(*span));
    }
    if (times.empty()) return {};
    const Quantiles q = quantiles(std::move(times));
    return fmt::format("| {} | {} | {} | {} | {} | {} |\n", what, q.count, milliseconds(q.p50),
                       milliseconds(q.p90), milliseconds(q.p99), milliseconds(q.max));
}

// Means over the runs of the mean and of the p99, and the highest maximum.
std::string load_row(const std::string& what, const std::vector<MembershipResult>& results,
                     SentRate MembershipResult::* field) {
    std::uint64_t mean = 0;
    std::uint64_t p99 = 0;
    std::uint64_t max = 0;
    for (const MembershipResult& result : results) {
        const SentRate& load = result.*field;
        mean += load.mean_milli;
        p99 += load.p99;
        max = std::max(max, load.max);
    }
    const std::uint64_t mean_tenths = mean / results.size() / 100;
    return fmt::format("| {} | {}.{} | {} | {} |\n", what, mean_tenths / 10, mean_tenths % 10,
                       p99 / results.size(), max);
}

std::string evictions_text(const std::vector<MembershipResult>& results) {
    std::uint64_t member_us = 0;
    Evictions evictions;
    std::uint64_t pauses = 0;
    for (const MembershipResult& result : results) {
        member_us += result.member_us;
        evictions.healthy += result.evictions.healthy;
        evictions.paused += result.evictions.paused;
        pauses += result.pauses;
    }
    const std::uint64_t centihours = member_us / 36'000'000;
    std::string text = fmt::format(
        "\nEvicted while nothing was wrong but loss and pauses, in {}.{:02} "
        "member-hours: {} that ran all the time",
        centihours / 100, centihours % 100, evictions.healthy);
    if (pauses > 0) {
        text += fmt::format(", {} that paused (of {} pauses)", evictions.paused, pauses);
    }
    return text + "\n";
}

}  // namespace

std::string csv_header() {
    std::string line;
    MembershipResult none;
    each_number(none, [&](const std::string& name, const auto&) { line += name + ","; });
    return line + "failure";
}

std::string to_csv(const MembershipResult& result) {
    std::string line;
    each_number(result,
                [&](const std::string&, const auto& number) { line += to_text(number) + ","; });
    for (const char c : result.failure) line += c == ',' || c == '\n' ? ' ' : c;
    return line;
}

Result<MembershipResult> parse_csv(std::string_view line) {
    MembershipResult result;
    std::string wrong;
    each_number(result, [&](const std::string& name, auto& number) {
        const std::size_t end = line.find(',');
        if (end == std::string_view::npos || !from_text(line.substr(0, end), number)) {
            if (wrong.empty()) wrong = name;
            return;
        }
        line.remove_prefix(end + 1);
    });
    if (!wrong.empty()) return grapevine::fail("{} is no number", wrong);
    result.failure = line;
    return result;
}

Quantiles quantiles(std::vector<std::int64_t> numbers) {
    if (numbers.empty()) return {};
    std::ranges::sort(numbers);
    const auto at = [&](std::size_t percent) {
        return numbers[(numbers.size() * percent + 99) / 100 - 1];
    };
    return {numbers.size(), at(50), at(90), at(99), numbers.back()};
}

std::string table_of(const std::vector<MembershipResult>& results) {
    if (results.empty()) return "nothing was measured\n";
    std::string text;
    const std::string times =
        time_row("start to a ring of all", results, &MembershipResult::bootstrap) +
        time_row("crash to the decision", results, &MembershipResult::crash_decided) +
        time_row("crash to the ring everywhere", results, &MembershipResult::crash_everywhere) +
        time_row("silence to the decision", results, &MembershipResult::cut_decided) +
        time_row("silence to the ring everywhere", results, &MembershipResult::cut_everywhere);
    if (!times.empty()) {
        text += "| ms | runs | p50 | p90 | p99 | max |\n| --- | --- | --- | --- | --- | --- |\n";
        text += times + "\n";
    }
    if (results.front().bootstrap) {
        std::vector<std::int64_t> rings;
        for (const MembershipResult& result : results) {
            rings.push_back(static_cast<std::int64_t>(result.bootstrap_rings));
        }
        const Quantiles q = quantiles(std::move(rings));
        text += fmt::format("Rings until all were in: median {}, at most {}\n\n", q.p50, q.max);
    }
    text += "| sent per member and second | mean | p99 of members | max |\n";
    text += "| --- | --- | --- | --- |\n";
    text += load_row("SWIM datagrams", results, &MembershipResult::swim_datagrams);
    text += load_row("SWIM bytes", results, &MembershipResult::swim_bytes);
    text += load_row("lease heartbeats", results, &MembershipResult::lease_datagrams);
    text += load_row("lease bytes", results, &MembershipResult::lease_bytes);
    text += load_row("bytes on links", results, &MembershipResult::link_bytes);
    text += load_row("datagrams lost to its full buffer", results, &MembershipResult::overflowed);
    text += load_row("us busy", results, &MembershipResult::busy_us);
    return text + evictions_text(results);
}

}  // namespace grapevine::sim
