// SET with its options, and the commands that say the same in another way.

#include <limits>

#include "command/handlers.h"
#include "command/set_options.h"

namespace grapevine::command {

namespace {

constexpr std::uint32_t set_options =
    option::conditions | option::get | option::keepttl | option::times;
constexpr std::uint32_t getex_options = option::persist | option::times;
constexpr std::uint32_t msetex_options = option::nx | option::xx | option::keepttl | option::times;

// Whether the conditions of a SET hold for what the key has. Nothing: the reply is the error.
std::optional<bool> holds(const Call& call, const SetOptions& options,
                          const std::optional<Entry>& entry) {
    if (options.has(option::nx)) return !entry;
    if (options.has(option::xx)) return entry.has_value();
    const std::uint32_t condition = options.given & option::compares;
    if (condition == 0) return true;
    // An absent key equals nothing.
    if (!entry) return options.has(option::ifne | option::ifdne);
    return compares(call, condition, entry->value, options.compared);
}

void set_for(Call& call, std::uint32_t unit) {
    const auto expires_ms = expiry_of(call, unit, call[2]);
    if (expires_ms && call.put(call[1], std::string(call[3]), *expires_ms)) call.reply.ok();
}

// The number of keys of an MSETEX. Nothing: the reply is the error.
std::optional<std::size_t> pairs_of(Call& call) {
    const auto pairs = to_integer(call[1]);
    if (!pairs || *pairs <= 0 || *pairs > std::numeric_limits<std::int32_t>::max()) {
        call.reply.error("ERR invalid numkeys value");
        return {};
    }
    if (static_cast<std::uint64_t>(*pairs) > (call.size() - 2) / 2) {
        call.reply.error("ERR wrong number of key-value pairs");
        return {};
    }
    return static_cast<std::size_t>(*pairs);
}

}  // namespace

void set(Call& call) {
    if (!call.allows_value(call[2].size())) return;
    const auto options = parse_set_options(call, 3, set_options);
    if (!options) return;
    const auto expires_ms = expiry_of(call, *options);
    if (!expires_ms) return;
    const bool looks = options->has(option::conditions | option::get | option::keepttl);
    const auto entry = looks ? call.keys.find(call[1]) : std::nullopt;
    const auto good = holds(call, *options, entry);
    if (!good) return;
    if (options->has(option::get) && entry) {
        call.reply.bulk(entry->value);
    } else if (options->has(option::get) || !*good) {
        call.reply.null();
    } else {
        call.reply.ok();
    }
    if (!*good) return;
    const bool keep = options->has(option::keepttl) && entry;
    call.put(call[1], std::string(call[2]), keep ? entry->expires_ms : *expires_ms);
}

void setex(Call& call) {
    set_for(call, option::ex);
}

void psetex(Call& call) {
    set_for(call, option::px);
}

void getex(Call& call) {
    const auto options = parse_set_options(call, 2, getex_options);
    if (!options) return;
    const auto entry = call.keys.find(call[1]);
    if (!entry) return call.reply.null();
    const auto expires_ms = expiry_of(call, *options);
    if (!expires_ms) return;
    call.reply.bulk(entry->value);
    if (options->has(option::times) || (options->has(option::persist) && entry->expires_ms != 0)) {
        call.put(call[1], std::string(entry->value), *expires_ms);
    }
}

void msetex(Call& call) {
    const auto pairs = pairs_of(call);
    if (!pairs) return;
    const std::size_t end = 2 + 2 * *pairs;
    const auto options = parse_set_options(call, end, msetex_options);
    if (!options) return;
    const auto expires_ms = expiry_of(call, *options);
    if (!expires_ms) return;
    for (std::size_t i = 2; i < end; i += 2) {
        if (!call.allows_value(call[i + 1].size())) return;
        const bool found = call.keys.find(call[i]).has_value();
        if (options->has(found ? option::nx : option::xx)) return call.reply.integer(0);
    }
    for (std::size_t i = 2; i < end; i += 2) {
        const auto entry = call.keys.find(call[i]);
        const bool keep = options->has(option::keepttl) && entry;
        call.put(call[i], std::string(call[i + 1]), keep ? entry->expires_ms : *expires_ms);
    }
    call.reply.integer(1);
}

}  // namespace grapevine::command
