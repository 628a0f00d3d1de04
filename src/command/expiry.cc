// When keys expire.

#include <fmt/format.h>

#include "command/handlers.h"

namespace grapevine::command {

namespace {

namespace expire_option {
constexpr std::uint32_t nx = 1U << 0;
constexpr std::uint32_t xx = 1U << 1;
constexpr std::uint32_t gt = 1U << 2;
constexpr std::uint32_t lt = 1U << 3;
}  // namespace expire_option

std::uint32_t expire_option_of(std::string_view word) {
    if (is_word(word, "NX")) return expire_option::nx;
    if (is_word(word, "XX")) return expire_option::xx;
    if (is_word(word, "GT")) return expire_option::gt;
    if (is_word(word, "LT")) return expire_option::lt;
    return 0;
}

// Nothing: the reply is the error.
std::optional<std::uint32_t> expire_options(Call& call) {
    using namespace expire_option;
    std::uint32_t options = 0;
    for (std::size_t i = 3; i < call.size(); ++i) {
        const std::uint32_t option = expire_option_of(call[i]);
        if (option == 0) {
            const std::string_view told = call[i].substr(0, call[i].find('\0'));
            call.reply.error(fmt::format("ERR Unsupported option {}", told));
            return {};
        }
        options |= option;
    }
    if ((options & nx) != 0 && (options & (xx | gt | lt)) != 0) {
        call.reply.error("ERR NX and XX, GT or LT options at the same time are not compatible");
        return {};
    }
    if ((options & gt) != 0 && (options & lt) != 0) {
        call.reply.error("ERR GT and LT options at the same time are not compatible");
        return {};
    }
    return options;
}

// `old_ms`: 0: never.
bool allowed(std::uint32_t options, std::int64_t old_ms, std::int64_t new_ms) {
    using namespace expire_option;
    if ((options & nx) != 0 && old_ms != 0) return false;
    if ((options & xx) != 0 && old_ms == 0) return false;
    if ((options & gt) != 0 && (old_ms == 0 || new_ms <= old_ms)) return false;
    return (options & lt) == 0 || old_ms == 0 || new_ms < old_ms;
}

enum class Unit : std::int64_t { milliseconds = 1, seconds = 1000 };

void expire_at(Call& call, Unit unit, std::int64_t base_ms) {
    const auto options = expire_options(call);
    if (!options) return;
    const auto number = call.integer(2);
    if (!number) return;
    std::int64_t expires_ms = 0;
    if (__builtin_mul_overflow(*number, static_cast<std::int64_t>(unit), &expires_ms) ||
        __builtin_add_overflow(expires_ms, base_ms, &expires_ms)) {
        return call.error_expire_time();
    }
    const auto entry = call.keys.find(call[1]);
    if (!entry || !allowed(*options, entry->expires_ms, expires_ms)) return call.reply.integer(0);
    if (expires_ms <= call.keys.now_ms()) {
        call.keys.erase(call[1]);
    } else {
        call.keys.put(call[1], std::string(entry->value), expires_ms);
    }
    call.reply.integer(1);
}

constexpr std::int64_t no_key = -2;
constexpr std::int64_t no_expiry = -1;

// Until then, or that point in time, rounded to the unit.
void reply_time(Call& call, Unit unit, std::int64_t base_ms) {
    const auto entry = call.keys.find(call[1]);
    if (!entry) return call.reply.integer(no_key);
    if (entry->expires_ms == 0) return call.reply.integer(no_expiry);
    const std::int64_t time_ms = entry->expires_ms - base_ms;
    const auto unit_ms = static_cast<std::int64_t>(unit);
    // Half a unit up, without overflow.
    call.reply.integer(time_ms / unit_ms + (time_ms % unit_ms >= (unit_ms + 1) / 2 ? 1 : 0));
}

}  // namespace

void expire(Call& call) {
    expire_at(call, Unit::seconds, call.keys.now_ms());
}

void pexpire(Call& call) {
    expire_at(call, Unit::milliseconds, call.keys.now_ms());
}

void expireat(Call& call) {
    expire_at(call, Unit::seconds, 0);
}

void pexpireat(Call& call) {
    expire_at(call, Unit::milliseconds, 0);
}

void ttl(Call& call) {
    reply_time(call, Unit::seconds, call.keys.now_ms());
}

void pttl(Call& call) {
    reply_time(call, Unit::milliseconds, call.keys.now_ms());
}

void expiretime(Call& call) {
    reply_time(call, Unit::seconds, 0);
}

void pexpiretime(Call& call) {
    reply_time(call, Unit::milliseconds, 0);
}

void persist(Call& call) {
    const auto entry = call.keys.find(call[1]);
    if (!entry || entry->expires_ms == 0) return call.reply.integer(0);
    call.keys.put(call[1], std::string(entry->value), 0);
    call.reply.integer(1);
}

}  // namespace grapevine::command
