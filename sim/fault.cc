#include "sim/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "sim/clock.h"

namespace grapevine::sim {

namespace {

enum class Takes : std::uint8_t {
    nothing,
    names,
    names_and_number,
    pairs,
    pairs_or_nothing,
    pairs_and_span,
    percent,
    percent_and_number,
    percent_and_span,
    moment_and_names,
    delay,
};

struct Word {
    FaultKind kind;
    std::string_view name;
    Takes takes;
};

constexpr std::array words{
    Word{FaultKind::kill, "kill", Takes::names},
    Word{FaultKind::restart, "restart", Takes::names},
    Word{FaultKind::back, "back", Takes::names},
    Word{FaultKind::leave, "leave", Takes::names},
    Word{FaultKind::join, "join", Takes::names},
    Word{FaultKind::aim, "aim", Takes::moment_and_names},
    Word{FaultKind::pause, "pause", Takes::names},
    Word{FaultKind::resume, "resume", Takes::names},
    Word{FaultKind::slow, "slow", Takes::names_and_number},
    Word{FaultKind::drift, "drift", Takes::names_and_number},
    Word{FaultKind::full, "full", Takes::names_and_number},
    Word{FaultKind::roomy, "roomy", Takes::names},
    Word{FaultKind::wall, "wall", Takes::names_and_number},
    Word{FaultKind::cut, "cut", Takes::pairs},
    Word{FaultKind::cut_one_way, "cutoneway", Takes::pairs},
    Word{FaultKind::flap, "flap", Takes::pairs_and_span},
    Word{FaultKind::clog, "clog", Takes::pairs},
    Word{FaultKind::hang, "hang", Takes::pairs},
    Word{FaultKind::mute, "mute", Takes::pairs},
    Word{FaultKind::clog_one_way, "clogoneway", Takes::pairs},
    Word{FaultKind::hang_one_way, "hangoneway", Takes::pairs},
    Word{FaultKind::mute_one_way, "muteoneway", Takes::pairs},
    Word{FaultKind::refuse, "refuse", Takes::pairs},
    Word{FaultKind::heal, "heal", Takes::pairs_or_nothing},
    Word{FaultKind::break_links, "break", Takes::pairs},
    Word{FaultKind::loss, "loss", Takes::percent},
    Word{FaultKind::burst, "burst", Takes::percent_and_number},
    Word{FaultKind::duplicate, "duplicate", Takes::percent_and_span},
    Word{FaultKind::corrupt, "corrupt", Takes::percent},
    Word{FaultKind::delay, "delay", Takes::delay},
    Word{FaultKind::echo, "echo", Takes::percent_and_span},
    Word{FaultKind::force, "force", Takes::nothing},
    Word{FaultKind::accept_loss, "acceptloss", Takes::nothing},
    Word{FaultKind::calm, "calm", Takes::nothing},
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

// a/b, or groups: a+b/c+d is each of the first with each of the others.
Result<void> read_pairs(Fault& fault, std::string_view text) {
    for (const std::string_view pair : split(text, ',')) {
        const auto ends = split(pair, '/');
        const auto bad = [&] {
            return fail("\"{}\" is not a pair of two names like server1/server2", pair);
        };
        if (ends.size() != 2) return bad();
        for (const std::string_view a : split(ends[0], '+')) {
            for (const std::string_view b : split(ends[1], '+')) {
                if (a.empty() || b.empty() || a == b) return bad();
                fault.pairs.emplace_back(a, b);
            }
        }
    }
    return {};
}

Result<void> read_percent(Fault& fault, const Word& word, std::string_view text) {
    const auto percent = number(text);
    const std::int64_t most = fault.kind == FaultKind::burst ? 90 : 100;
    if (!percent || *percent > most) {
        return fail("{} is a number of percent, 0 to {}", word.name, most);
    }
    fault.percent = static_cast<std::uint32_t>(*percent);
    return {};
}

// What follows the @.
Result<void> read_number(Fault& fault, std::string_view text) {
    const bool is_negative = text.starts_with('-');
    const auto value = number(is_negative ? text.substr(1) : text);
    switch (fault.kind) {
        case FaultKind::drift:
            if (!value || *value > LocalClock::drift_max) {
                return fail("drift is in parts per million, -{} to {}", LocalClock::drift_max,
                            LocalClock::drift_max);
            }
            fault.number = is_negative ? -*value : *value;
            return {};
        case FaultKind::wall:
            if (!value || *value > wall_jump_max_ms) {
                return fail("wall is in milliseconds, -{} to {}", wall_jump_max_ms,
                            wall_jump_max_ms);
            }
            fault.number = is_negative ? -*value : *value;
            return {};
        case FaultKind::full:
            if (!value || is_negative || *value > 1024 * 1024) {
                return fail("full says how many KiB are left, as in full=server1@16");
            }
            break;
        case FaultKind::slow:
            if (!value || is_negative || *value < 1 || *value > slow_max) {
                return fail("slow is how many times a turn costs, 1 to {}", slow_max);
            }
            break;
        default:
            if (!value || is_negative || *value < 1 || *value > 1000) {
                return fail("a burst is 1 to 1000 datagrams long, as in burst=20@8");
            }
            if (!BurstPlan{fault.percent, static_cast<std::uint32_t>(*value)}.is_sound()) {
                return fail("bursts of {} datagrams cannot lose {} %: make them longer", *value,
                            fault.percent);
            }
    }
    fault.number = *value;
    return {};
}

Result<void> read_span(Fault& fault, std::string_view text) {
    const Result<Duration> span = parse_duration(text);
    if (!span) return std::unexpected(span.error());
    if (fault.kind == FaultKind::flap && *span < 1ms) return fail("a link flaps every 1ms or more");
    fault.span = *span;
    return {};
}

Result<void> read_moment(Fault& fault, std::string_view text) {
    const auto moment = parse_moment(text);
    if (!moment) return fail("\"{}\" is not a moment; known are {}", text, known_moments());
    fault.moment = *moment;
    return {};
}

Result<void> read_delay(Fault& fault, std::string_view text) {
    const auto parts = split(text, '-');
    std::array<Duration*, 3> into{&fault.delay.least, &fault.delay.most, &fault.delay.tail};
    const auto bad = [&] {
        return fail("\"{}\" is not a delay like 100us-300us or 100us-2ms-80ms", text);
    };
    if (parts.size() < 2 || parts.size() > into.size()) return bad();
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const Result<Duration> part = parse_duration(parts[i]);
        if (!part) return bad();
        *into[i] = *part;
    }
    return fault.delay.is_sound() ? Result<void>{} : bad();
}

// Two parts with an @ between them.
template <class First, class Second>
Result<void> read_both(std::string_view text, const First& first, const Second& second) {
    const std::size_t at = text.find('@');
    Result<void> read = first(text.substr(0, at));
    if (!read || at == std::string_view::npos) return read;
    return second(text.substr(at + 1));
}

Result<void> read_argument(Fault& fault, const Word& word, std::string_view text) {
    const auto names = [&](std::string_view part) { return read_names(fault, part); };
    const auto pairs = [&](std::string_view part) { return read_pairs(fault, part); };
    const auto percent = [&](std::string_view part) { return read_percent(fault, word, part); };
    const auto count = [&](std::string_view part) { return read_number(fault, part); };
    const auto span = [&](std::string_view part) { return read_span(fault, part); };
    const auto moment = [&](std::string_view part) { return read_moment(fault, part); };
    const auto needs = [&](std::string_view part) {
        return fail("{} needs a second part, as in {}", word.name, part);
    };
    const bool has_both = text.contains('@');
    switch (word.takes) {
        case Takes::nothing:
            return fail("{} takes no value", word.name);
        case Takes::names:
            return names(text);
        case Takes::names_and_number:
            return has_both ? read_both(text, names, count) : needs("slow=server1@50");
        case Takes::pairs:
        case Takes::pairs_or_nothing:
            return pairs(text);
        case Takes::pairs_and_span:
            return has_both ? read_both(text, pairs, span) : needs("flap=server1/server2@200ms");
        case Takes::percent:
            return percent(text);
        case Takes::percent_and_number:
            return has_both ? read_both(text, percent, count) : needs("burst=20@8");
        case Takes::percent_and_span:
            return has_both ? read_both(text, percent, span) : needs("duplicate=5@2s");
        case Takes::moment_and_names:
            return read_both(text, moment, names);
        case Takes::delay:
            return read_delay(fault, text);
    }
    return {};
}

std::string in_shortest_unit(Duration span) {
    const std::int64_t us = to_us(span);
    if (us % 1'000'000 == 0) return fmt::format("{}s", us / 1'000'000);
    return us % 1000 == 0 ? fmt::format("{}ms", us / 1000) : fmt::format("{}us", us);
}

std::string argument_of(const Fault& fault, Takes takes) {
    std::string names = fmt::format("{}", fmt::join(fault.names, ","));
    std::vector<std::string> pairs;
    for (const auto& [a, b] : fault.pairs) pairs.push_back(fmt::format("{}/{}", a, b));
    switch (takes) {
        case Takes::nothing:
            return {};
        case Takes::names:
            return names;
        case Takes::names_and_number:
            return fmt::format("{}@{}", names, fault.number);
        case Takes::pairs:
        case Takes::pairs_or_nothing:
            return fmt::format("{}", fmt::join(pairs, ","));
        case Takes::pairs_and_span:
            return fmt::format("{}@{}", fmt::join(pairs, ","), in_shortest_unit(fault.span));
        case Takes::percent:
            return fmt::format("{}", fault.percent);
        case Takes::percent_and_number:
            return fmt::format("{}@{}", fault.percent, fault.number);
        case Takes::percent_and_span:
            return fmt::format("{}@{}", fault.percent, in_shortest_unit(fault.span));
        case Takes::moment_and_names:
            return fmt::format("{}{}{}", to_string(fault.moment), names.empty() ? "" : "@", names);
        case Takes::delay:
            return fmt::format(
                "{}-{}{}{}", in_shortest_unit(fault.delay.least),
                in_shortest_unit(fault.delay.most), fault.delay.tail > Duration{} ? "-" : "",
                fault.delay.tail > Duration{} ? in_shortest_unit(fault.delay.tail) : std::string());
    }
    return {};
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        std::int64_t us;
    };
    // In any unit: what is read in seconds can be written in microseconds.
    constexpr std::int64_t longest_us = 1'000'000'000'000'000;
    constexpr std::array units{Unit{"us", 1}, Unit{"ms", 1000}, Unit{"s", 1'000'000}};
    const auto unit =
        std::ranges::find_if(units, [&](const Unit& u) { return text.ends_with(u.name); });
    const auto bad = [&] { return fail("\"{}\" is not a time like 2s, 1.5s or 200ms", text); };
    if (unit == units.end()) return bad();
    const auto parts = split(text.substr(0, text.size() - unit->name.size()), '.');
    const auto whole = number(parts[0]);
    if (!whole || parts.size() > 2 || *whole > longest_us / unit->us) return bad();
    std::int64_t us = *whole * unit->us;
    if (parts.size() == 2) {
        const auto digits = number(parts[1]);
        if (!digits || parts[1].size() > 6) return bad();
        std::int64_t scale = unit->us;
        std::int64_t divisor = 1;
        for (std::size_t i = 0; i < parts[1].size(); ++i) divisor *= 10;
        us += *digits * scale / divisor;
    }
    if (us > longest_us) return bad();
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
        std::vector<std::string_view> known;
        for (const Word& each : words) known.push_back(each.name);
        return fail("\"{}\" is not a fault; known are {}", what.substr(0, equals),
                    fmt::join(known, ", "));
    }
    Fault fault;
    fault.at = *at;
    fault.kind = word->kind;
    const bool has_value = equals != std::string_view::npos;
    if (!has_value && word->takes != Takes::nothing && word->takes != Takes::pairs_or_nothing) {
        return fail("{} needs a value, as in {}=...", word->name, word->name);
    }
    if (has_value) {
        const Result<void> read = read_argument(fault, *word, what.substr(equals + 1));
        if (!read) return std::unexpected(read.error());
    }
    return fault;
}

std::string to_string(const Fault& fault) {
    const Word& word = word_of(fault.kind);
    const std::string argument = argument_of(fault, word.takes);
    return fmt::format("{}:{}{}{}", in_shortest_unit(fault.at), word.name,
                       argument.empty() ? "" : "=", argument);
}

}  // namespace grapevine::sim
