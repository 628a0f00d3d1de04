// Values that are numbers.

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "command/handlers.h"

namespace grapevine::command {

namespace {

void add(Call& call, std::int64_t number) {
    const auto entry = call.keys.find(call[1]);
    const auto old = entry ? to_integer(entry->value) : std::optional<std::int64_t>(0);
    if (!old) return call.reply.error(text::not_an_integer);
    std::int64_t sum = 0;
    if (__builtin_add_overflow(*old, number, &sum)) {
        return call.reply.error("ERR increment or decrement would overflow");
    }
    call.keys.put(call[1], std::to_string(sum), entry ? entry->expires_ms : 0);
    call.reply.integer(sum);
}

// Floating point of INCRBYFLOAT, which nothing else may use: 80 bits, as Redis computes on x86.
using Float = long double;

constexpr std::size_t float_size_max = 5 * 1024;  // bytes of a number in text, Redis's bound

std::optional<Float> to_float(std::string_view text) {
    if (text.empty() || text.size() >= float_size_max) return {};
    if (std::string_view(" \t\n\v\f\r").contains(text.front())) return {};
    const std::string terminated(text);
    char* end = nullptr;
    errno = 0;
    const Float number = std::strtold(terminated.c_str(), &end);
    if (end != terminated.c_str() + terminated.size()) return {};
    if (errno == ERANGE && (std::isinf(number) || number == 0)) return {};
    if (errno == EINVAL || std::isnan(number)) return {};
    return number;
}

// With 17 digits behind the point at most, and no exponent.
std::string to_text(Float number) {
    std::string text(float_size_max, '\0');
    const int size = std::snprintf(text.data(), text.size(), "%.17Lf", number);
    text.resize(static_cast<std::size_t>(size));
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text == "-0" ? "0" : text;
}

// Thousands of digits, the most that there are, take a millisecond to be read or written.
bool spend_digits(const Call& call, std::size_t digits) {
    const std::uint64_t most = std::min<std::size_t>(digits, 5000);
    return call.keys.spend(most * most / 16);
}

}  // namespace

void decr(Call& call) {
    add(call, -1);
}

void decrby(Call& call) {
    const auto number = call.integer(2);
    if (!number) return;
    if (*number == std::numeric_limits<std::int64_t>::min()) {
        return call.reply.error("ERR decrement would overflow");
    }
    add(call, -*number);
}

void incr(Call& call) {
    add(call, 1);
}

void incrby(Call& call) {
    if (const auto number = call.integer(2)) add(call, *number);
}

void incrbyfloat(Call& call) {
    const auto entry = call.keys.find(call[1]);
    if (!spend_digits(call, call[2].size() + (entry ? entry->value.size() : 0))) return;
    const auto old = entry ? to_float(entry->value) : std::optional<Float>(0);
    const auto number = to_float(call[2]);
    if (!old || !number) return call.reply.error("ERR value is not a valid float");
    const Float sum = *old + *number;
    if (!std::isfinite(sum)) {
        return call.reply.error("ERR increment would produce NaN or Infinity");
    }
    const std::string text = to_text(sum);
    if (!spend_digits(call, text.size())) return;
    call.keys.put(call[1], text, entry ? entry->expires_ms : 0);
    call.reply.bulk(text);
}

}  // namespace grapevine::command
