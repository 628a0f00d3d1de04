// What one partition tells of all its keys. The node that a client is connected to asks every
// partition and merges the answers.

#include <vector>

#include "base/hash.h"
#include "command/glob.h"
#include "command/handlers.h"

namespace grapevine::command {

namespace {

constexpr std::size_t keys_at_once = 1024;
constexpr std::size_t head_size_max = 16;  // bytes around a key in a reply
// Of all patterns that a command compares keys with, as glob_matches() counts.
constexpr std::uint64_t pattern_budget = 4'000'000;
constexpr std::size_t flush_max = 10'000;  // keys that a part of FLUSHALL erases, at most
constexpr std::string_view too_long_pattern = "ERR the pattern takes too long on these keys";

struct ScanOptions {
    std::string_view pattern = "*";
    std::size_t count = 10;
    bool no_type = false;  // of a type that no value has
};

// Nothing: the reply is the error.
std::optional<ScanOptions> scan_options(Call& call) {
    ScanOptions options;
    for (std::size_t i = 2; i < call.size(); ++i) {
        const bool last = i + 1 == call.size();
        if (!last && is_word(call[i], "COUNT")) {
            const auto count = call.integer(++i);
            if (!count) return {};
            if (*count < 1) {
                call.reply.error(text::syntax);
                return {};
            }
            options.count = static_cast<std::size_t>(*count);
        } else if (!last && is_word(call[i], "MATCH")) {
            options.pattern = call[++i];
        } else if (!last && is_word(call[i], "TYPE")) {
            options.no_type = !is_word(call[++i], "STRING");
        } else {
            call.reply.error(text::syntax);
            return {};
        }
    }
    return options;
}

// Keys that were found, and their bytes.
struct Found {
    std::vector<std::string_view> keys;
    std::size_t size = 0;

    void add(std::string_view key) {
        keys.push_back(key);
        size += key.size() + head_size_max;
    }
    void write(Reply& reply) const {
        reply.array(keys.size());
        for (const std::string_view key : keys) reply.bulk(key);
    }
};

// All keys that `wanted` is true of, as far as a reply can hold them.
template <class Wanted>
Found find_all(Call& call, const Wanted& wanted) {
    Found found;
    std::optional<std::uint64_t> cursor = 0;
    while (cursor && found.size <= reply_size_max && call.keys.spend(0)) {
        cursor = call.keys.scan(*cursor, keys_at_once, [&](std::string_view key, const Entry&) {
            if (wanted(key)) found.add(key);
        });
    }
    return found;
}

// Nothing: it is no slot.
std::optional<std::uint32_t> to_slot(std::string_view text) {
    const auto slot = to_integer(text);
    if (!slot || *slot < 0 || *slot >= std::int64_t{slot_count}) return {};
    return static_cast<std::uint32_t>(*slot);
}

// A slot is made of all bytes of a key.
bool is_in(const Call& call, std::uint32_t slot, std::string_view key) {
    return call.keys.spend(key.size()) && slot_of_key(key) == slot;
}

}  // namespace

void countkeysinslot(Call& call) {
    if (!call.integer(2)) return;
    const auto slot = to_slot(call[2]);
    if (!slot) return call.reply.error("ERR Invalid slot");
    std::int64_t count = 0;
    std::optional<std::uint64_t> cursor = 0;
    while (cursor && call.keys.spend(0)) {
        cursor = call.keys.scan(*cursor, keys_at_once, [&](std::string_view key, const Entry&) {
            if (is_in(call, *slot, key)) ++count;
        });
    }
    call.reply.integer(count);
}

void getkeysinslot(Call& call) {
    if (!call.integer(2)) return;
    const auto keys = call.integer(3);
    if (!keys) return;
    const auto slot = to_slot(call[2]);
    if (!slot || *keys < 0) return call.reply.error("ERR Invalid slot or number of keys");
    const auto limit = static_cast<std::size_t>(*keys);
    std::size_t taken = 0;
    const Found found = find_all(call, [&](std::string_view key) {
        const bool wanted = taken < limit && is_in(call, *slot, key);
        if (wanted) ++taken;
        return wanted;
    });
    if (call.allows_reply(found.size)) found.write(call.reply);
}

void dbsize(Call& call) {
    call.reply.integer(static_cast<std::int64_t>(call.keys.count()));
}

// A part: FLUSHALL FROM order cursor COUNT keys, as the front sends it with what it was answered
// last, at first 0 and 0. The reply is OK at the end, and order and cursor before. A cursor of
// another primary's order counts for nothing: this one begins anew.
void flush_some(Call& call) {
    const auto order = to_cursor(call[2]);
    const auto cursor = to_cursor(call[3]);
    const auto keys = call.integer(5);
    if (!keys) return;
    if (!order || !cursor || !is_word(call[4], "COUNT") || *keys < 1) {
        return call.reply.error(text::syntax);
    }
    const std::uint64_t here = call.keys.order();
    const auto next = call.keys.clear_some(*order == here ? *cursor : 0,
                                           std::min(static_cast<std::size_t>(*keys), flush_max));
    if (!next) return call.reply.ok();
    call.reply.array(2);
    call.reply.bulk(std::to_string(here));
    call.reply.bulk(std::to_string(*next));
}

void flush(Call& call) {
    if (call.size() == 6 && is_word(call[1], "FROM")) return flush_some(call);
    const bool good = call.size() == 1 ||
                      (call.size() == 2 && (is_word(call[1], "SYNC") || is_word(call[1], "ASYNC")));
    if (!good) return call.reply.error(text::syntax);
    call.keys.clear();
    call.reply.ok();
}

void keys(Call& call) {
    std::uint64_t budget = pattern_budget;
    const Found found = find_all(
        call, [&](std::string_view key) { return glob_matches(call[1], key, false, &budget); });
    if (budget == 0) return call.reply.error(too_long_pattern);
    if (call.allows_reply(found.size)) found.write(call.reply);
}

void randomkey(Call& call) {
    std::string_view found;
    bool any = false;
    const auto take = [&](std::string_view key, const Entry&) {
        if (!any) found = key;
        any = true;
    };
    call.keys.scan(call.keys.draw(), 1, take);
    // Behind the last key the first one follows.
    if (!any) call.keys.scan(0, 1, take);
    any ? call.reply.bulk(found) : call.reply.null();
}

void scan(Call& call) {
    const auto cursor = to_cursor(call[1]);
    if (!cursor) return call.reply.error("ERR invalid cursor");
    const auto options = scan_options(call);
    if (!options) return;
    Found found;
    std::optional<std::uint64_t> next = cursor;
    std::size_t visited = 0;
    std::uint64_t budget = pattern_budget;
    const auto visit = [&](std::string_view key, const Entry&) {
        ++visited;
        if (options->no_type || !glob_matches(options->pattern, key, false, &budget)) return;
        found.add(key);
    };
    do {
        const std::size_t before = visited;
        next = call.keys.scan(*next, std::min(options->count - before, keys_at_once), visit);
    } while (next && visited < options->count && found.size < reply_size_max / 2);
    if (budget == 0) return call.reply.error(too_long_pattern);
    call.reply.array(2);
    call.reply.bulk(std::to_string(next.value_or(0)));
    found.write(call.reply);
}

}  // namespace grapevine::command
