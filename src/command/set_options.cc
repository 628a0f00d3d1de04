#include "command/set_options.h"

#include <fmt/format.h>

#include <limits>

#include "base/hash.h"

namespace grapevine::command {

namespace {

struct Option {
    std::string_view word;
    std::uint32_t bit;
    std::uint32_t excludes;  // with itself: given twice, the last one counts
    bool takes_argument;
};

constexpr Option known_options[] = {
    {"NX", option::nx, option::conditions, false},
    {"XX", option::xx, option::conditions, false},
    {"GET", option::get, 0, false},
    {"KEEPTTL", option::keepttl, option::expiries, false},
    {"PERSIST", option::persist, option::expiries, false},
    {"EX", option::ex, option::expiries, true},
    {"PX", option::px, option::expiries, true},
    {"EXAT", option::exat, option::expiries, true},
    {"PXAT", option::pxat, option::expiries, true},
    {"IFEQ", option::ifeq, option::conditions, true},
    {"IFNE", option::ifne, option::conditions, true},
    {"IFDEQ", option::ifdeq, option::conditions, true},
    {"IFDNE", option::ifdne, option::conditions, true},
};

const Option* find_option(std::string_view word, std::uint32_t allowed) {
    for (const Option& known : known_options) {
        if ((known.bit & allowed) != 0 && is_word(word, known.word)) return &known;
    }
    return nullptr;
}

constexpr std::size_t digest_size = 16;  // digits

}  // namespace

std::optional<SetOptions> parse_set_options(const Call& call, std::size_t first,
                                            std::uint32_t allowed) {
    SetOptions options;
    for (std::size_t i = first; i < call.size(); ++i) {
        const Option* found = find_option(call[i], allowed);
        const bool good = found != nullptr && !options.has(found->excludes & ~found->bit) &&
                          (!found->takes_argument || i + 1 < call.size());
        if (!good) {
            call.reply.error(text::syntax);
            return {};
        }
        options.given |= found->bit;
        if (!found->takes_argument) continue;
        ((found->bit & option::times) != 0 ? options.time : options.compared) = call[++i];
    }
    return options;
}

std::optional<std::int64_t> expiry_of(const Call& call, std::uint32_t unit, std::string_view time) {
    const auto number = to_integer(time);
    if (!number) {
        call.reply.error(text::not_an_integer);
        return {};
    }
    const bool seconds = (unit & (option::ex | option::exat)) != 0;
    const bool relative = (unit & (option::ex | option::px)) != 0;
    std::int64_t expires_ms = 0;
    const bool good =
        *number > 0 && !__builtin_mul_overflow(*number, seconds ? 1000 : 1, &expires_ms) &&
        !__builtin_add_overflow(expires_ms, relative ? call.keys.now_ms() : 0, &expires_ms);
    if (good) return expires_ms;
    call.error_expire_time();
    return {};
}

std::optional<std::int64_t> expiry_of(const Call& call, const SetOptions& options) {
    const std::uint32_t unit = options.given & option::times;
    return unit == 0 ? 0 : expiry_of(call, unit, options.time);
}

std::optional<bool> compares(const Call& call, std::uint32_t condition, std::string_view value,
                             std::string_view with) {
    if (condition == option::ifeq) return value == with;
    if (condition == option::ifne) return value != with;
    if (with.size() != digest_size) {
        call.reply.error("ERR must be exactly 16 hexadecimal characters");
        return {};
    }
    std::string lower(with);
    for (char& c : lower) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    return (digest_of(value) == lower) == (condition == option::ifdeq);
}

std::string digest_of(std::string_view value) {
    return fmt::format("{:016x}", hash64(value));
}

}  // namespace grapevine::command
