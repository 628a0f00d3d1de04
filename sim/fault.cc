#include "sim/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace grapevine::sim {

namespace {

enum class Takes : std::uint8_t { names, pairs, pairs_or_nothing, percent };

struct Word {
    FaultKind kind;
    std::string_view name;
    Takes takes;
};

constexpr std::array words{
    Word{FaultKind::kill, "kill", Takes::names},
    Word{FaultKind::restart, "restart", Takes::names},
    Word{FaultKind::pause, "pause", Takes::names},
    Word{FaultKind::resume, "resume", Takes::names},
    Word{FaultKind::cut, "cut", Takes::pairs},
    Word{FaultKind::cut_one_way, "cutoneway", Takes::pairs},
    Word{FaultKind::hang, "hang", Takes::pairs},
    Word{FaultKind::heal, "heal", Takes::pairs_or_nothing},
    Word{FaultKind::break_links, "break", Takes::pairs},
    Word{FaultKind::loss, "loss", Takes::percent},
};

const Word& word_of(FaultKind kind) {
    return *std::ranges::find(words, kind, &Word::kind);
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(at);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

Result<void> read_names(Fault& fault, std::string_view text) {
    for (const std::string_view name : split(text, ',')) {
        if (name.empty()) return fail("a name is missing in \"{}\"", text);
        fault.names.emplace_back(name);
    }
    return {};
}

Result<void> read_pairs(Fault& fault, std::string_view text) {
    for (const std::string_view pair : split(text, ',')) {
        const auto ends = split(pair, '/');
        if (ends.size() != 2 || ends[0].empty() || ends[1].empty() || ends[0] == ends[1]) {
            return fail("\"{}\" is not a pair of two names like server1/server2", pair);
        }
        fault.pairs.emplace_back(ends[0], ends[1]);
    }
    return {};
}

Result<void> read_argument(Fault& fault, const Word& word, std::optional<std::string_view> text) {
    if (!text && word.takes == Takes::pairs_or_nothing) return {};
    if (!text) return fail("{} needs a value, as in {}=...", word.name, word.name);
    if (word.takes == Takes::names) return read_names(fault, *text);
    if (word.takes != Takes::percent) return read_pairs(fault, *text);
    const auto percent = number(*text);
    if (!percent || *percent > 100) return fail("loss is a number of percent, 0 to 100");
    fault.percent = static_cast<std::uint32_t>(*percent);
    return {};
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        std::int64_t us;
    };
    constexpr std::array units{Unit{"us", 1}, Unit{"ms", 1000}, Unit{"s", 1'000'000}};
    const auto unit =
        std::ranges::find_if(units, [&](const Unit& u) { return text.ends_with(u.name); });
    const auto bad = [&] { return fail("\"{}\" is not a time like 2s, 1.5s or 200ms", text); };
    if (unit == units.end()) return bad();
    const auto parts = split(text.substr(0, text.size() - unit->name.size()), '.');
    const auto whole = number(parts[0]);
    if (!whole || parts.size() > 2 || *whole > 1'000'000'000) return bad();
    std::int64_t us = *whole * unit->us;
    if (parts.size() == 2) {
        const auto digits = number(parts[1]);
        if (!digits || parts[1].size() > 6) return bad();
        std::int64_t scale = unit->us;
        std::int64_t divisor = 1;
        for (std::size_t i = 0; i < parts[1].size(); ++i) divisor *= 10;
        us += *digits * scale / divisor;
    }
    return Duration{us};
}

Result<Fault> parse_fault(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        return fail("\"{}\" is not a fault like 2s:kill=server3,server5", text);
    }
    const Result<Duration> at = parse_duration(text.substr(0, colon));
    if (!at) return std::unexpected(at.error());
    const std::string_view what = text.substr(colon + 1);
    const std::size_t equals = what.find('=');
    const auto word = std::ranges::find(words, what.substr(0, equals), &Word::name);
    if (word == words.end()) {
        return fail(
            "\"{}\" is not a fault; known are kill, restart, pause, resume, cut, cutoneway, hang, "
            "heal, break and loss",
            what.substr(0, equals));
    }
    Fault fault;
    fault.at = *at;
    fault.kind = word->kind;
    const auto argument =
        equals == std::string_view::npos ? std::nullopt : std::optional(what.substr(equals + 1));
    const Result<void> read = read_argument(fault, *word, argument);
    if (!read) return std::unexpected(read.error());
    return fault;
}

std::string to_string(const Fault& fault) {
    const Word& word = word_of(fault.kind);
    std::vector<std::string> parts = fault.names;
    for (const auto& [a, b] : fault.pairs) parts.push_back(a + "/" + b);
    if (word.takes == Takes::percent) parts.push_back(fmt::format("{}", fault.percent));
    const std::int64_t us = to_us(fault.at);
    const std::string at = us % 1'000'000 == 0 ? fmt::format("{}s", us / 1'000'000)
                           : us % 1000 == 0    ? fmt::format("{}ms", us / 1000)
                                               : fmt::format("{}us", us);
    return fmt::format("{}:{}{}{}", at, word.name, parts.empty() ? "" : "=", fmt::join(parts, ","));
}

}  // namespace grapevine::sim
