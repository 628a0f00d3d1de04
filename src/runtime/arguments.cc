#include "runtime/arguments.h"

#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>

#include "ring/ring.h"
#include "runtime/output.h"

namespace grapevine {

namespace {

// The whole text as a decimal number.
bool parse_number(std::string_view text, std::uint64_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

// A decimal number without a sign, in units of its last decimal; nothing: it is none, has more
// decimals, or too many digits.
std::optional<std::uint64_t> parse_decimal(std::string_view text, std::size_t decimals) {
    const auto point = text.find('.');
    std::string digits(text.substr(0, point));
    std::string fraction(point == std::string_view::npos ? "0" : text.substr(point + 1));
    if (digits.empty() || fraction.empty() || fraction.size() > decimals) return std::nullopt;
    fraction.resize(decimals, '0');
    std::uint64_t number = 0;
    if (!parse_number(digits + fraction, number)) return std::nullopt;
    return number;
}

}  // namespace

std::vector<std::string> prepare_arguments(int argc, const char* const* argv) {
    std::vector<std::string> arguments;
    for (int i = 1; i < argc; ++i) {
        std::string argument = argv[i];
        const bool empty_value = argument.starts_with("--") && argument.size() > 3 &&
                                 argument.find('=') == argument.size() - 1;
        if (empty_value) argument.pop_back();
        arguments.push_back(std::move(argument));
        if (empty_value) arguments.emplace_back();
    }
    return arguments;
}

Result<Duration> parse_seconds(const std::string& text, Duration max) {
    const auto us = parse_decimal(text, 6);
    const auto most = static_cast<std::uint64_t>(to_us(max));
    if (!us || *us == 0 || *us > most) {
        return fail("\"{}\" is not a number of seconds above 0 and up to {}", text, max / 1s);
    }
    return Duration{static_cast<std::int64_t>(*us)};
}

Result<std::uint32_t> parse_weight(const std::string& text) {
    const auto weight = parse_decimal(text, 3);
    if (!weight || *weight == 0 || *weight > weight_max) {
        return fail("\"{}\" is not a weight from 0.001 to {}, with at most three decimals", text,
                    weight_max / weight_one);
    }
    return static_cast<std::uint32_t>(*weight);
}

Result<std::string> parse_name(const std::string& text) {
    if (escape(text) != text || text.find_first_of(" ,") != std::string::npos) {
        return fail(
            "\"{}\" is not a name: blanks, commas, and bytes that do not print as UTF-8 are "
            "not in one",
            escape(text));
    }
    return text;
}

Result<std::uint64_t> parse_rate(const std::string& text) {
    constexpr std::uint64_t rate_max = 1'000'000;  // megabytes
    const auto kilobytes = parse_decimal(text, 3);
    if (!kilobytes || *kilobytes == 0 || *kilobytes > rate_max * 1000) {
        return fail("\"{}\" is not a number of MB/s from 0.001 to {}", text, rate_max);
    }
    return *kilobytes * 1000;
}

Result<std::uint64_t> parse_size(const std::string& text) {
    constexpr std::string_view units = "kmg";
    constexpr std::uint64_t size_max = std::uint64_t{1} << 50;
    const auto unit =
        text.empty() ? std::string_view::npos : units.find(static_cast<char>(text.back() | 0x20));
    const bool has_unit = unit != std::string_view::npos;
    const std::uint64_t factor = has_unit ? std::uint64_t{1} << (10 * (unit + 1)) : 1;
    const auto thousandths =
        parse_decimal(std::string_view(text).substr(0, text.size() - (has_unit ? 1 : 0)), 3);
    if (!thousandths || *thousandths == 0 || *thousandths > size_max / factor * 1000 ||
        (!has_unit && *thousandths % 1000 != 0)) {
        return fail("\"{}\" is not a size such as 1500000, 600M or 1.5G", text);
    }
    // In this order, since a thousand times the largest size is more than 64 bits hold.
    return *thousandths / 1000 * factor + *thousandths % 1000 * factor / 1000;
}

Result<std::uint64_t> parse_memory_max(const std::string& text) {
    const auto size = parse_size(text);
    if (size && *size < memory_max_least) {
        return fail("{} bytes are less than a node can do with, 1M; sizes are such as 600M or 2G",
                    *size);
    }
    return size;
}

Result<Version> parse_version(const std::string& text) {
    const auto point = text.find('.');
    Version version;
    if (point == std::string::npos ||
        !parse_number(std::string_view(text).substr(0, point), version.epoch.value) ||
        !parse_number(std::string_view(text).substr(point + 1), version.counter)) {
        return fail("\"{}\" is not a version such as 17.3, as --show-version prints it", text);
    }
    return version;
}

}  // namespace grapevine
