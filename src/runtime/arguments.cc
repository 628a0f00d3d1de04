#include "runtime/arguments.h"

#include <charconv>
#include <string_view>

namespace grapevine {

namespace {

// The whole text as a decimal number.
bool parse_number(std::string_view text, std::uint64_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
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
    const auto wrong = [&] {
        return fail("\"{}\" is not a number of seconds above 0 and up to {}", text, max / 1s);
    };
    const std::string_view all = text;
    const auto point = all.find('.');
    std::string decimals(point == std::string_view::npos ? "" : all.substr(point + 1));
    if (point != std::string_view::npos && decimals.empty()) return wrong();
    if (decimals.size() > 6) return wrong();
    decimals.resize(6, '0');
    std::uint64_t whole = 0;
    std::uint64_t micros = 0;
    if (!parse_number(all.substr(0, point), whole) || !parse_number(decimals, micros)) {
        return wrong();
    }
    if (whole > static_cast<std::uint64_t>(max / 1s)) return wrong();
    const Duration span{static_cast<std::int64_t>(whole * 1'000'000 + micros)};
    if (span <= Duration{} || span > max) return wrong();
    return span;
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
