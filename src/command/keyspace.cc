// Commands on keys, whatever their values are.

#include <algorithm>

#include "command/handlers.h"

namespace grapevine::command {

namespace {

// The key moves with its time. Nothing: the reply is the error, or 0 where `replace` is not said.
bool move_key(Call& call, bool replace) {
    const auto entry = call.keys.find(call[1]);
    if (!entry) {
        call.reply.error(text::no_such_key);
        return false;
    }
    if (!replace && call.keys.find(call[2])) {
        call.reply.integer(0);
        return false;
    }
    if (call[1] == call[2]) return true;
    const std::int64_t expires_ms = entry->expires_ms;
    call.keys.put(call[2], std::string(entry->value), expires_ms);
    call.keys.erase(call[1]);
    return true;
}

struct CopyOptions {
    bool replace = false;
};

// Nothing: the reply is the error.
std::optional<CopyOptions> copy_options(Call& call) {
    CopyOptions options;
    for (std::size_t i = 3; i < call.size(); ++i) {
        if (is_word(call[i], "REPLACE")) {
            options.replace = true;
        } else if (is_word(call[i], "DB") && i + 1 < call.size()) {
            const auto database = call.integer(++i);
            if (!database) return {};
            if (*database == 0) continue;
            call.reply.error(fits_32_bits(*database) ? "ERR DB index is out of range"
                                                     : beyond_32_bits);
            return {};
        } else {
            call.reply.error(text::syntax);
            return {};
        }
    }
    return options;
}

}  // namespace

void copy(Call& call) {
    const auto options = copy_options(call);
    if (!options) return;
    if (call[1] == call[2]) {
        return call.reply.error("ERR source and destination objects are the same");
    }
    const auto entry = call.keys.find(call[1]);
    if (!entry || (!options->replace && call.keys.find(call[2]))) return call.reply.integer(0);
    call.keys.put(call[2], std::string(entry->value), entry->expires_ms);
    call.reply.integer(1);
}

void del(Call& call) {
    std::int64_t erased = 0;
    for (const std::string_view key : call.args.subspan(1)) erased += call.keys.erase(key) ? 1 : 0;
    call.reply.integer(erased);
}

void exists(Call& call) {
    call.reply.integer(std::ranges::count_if(call.args.subspan(1), [&](std::string_view key) {
        return call.keys.find(key).has_value();
    }));
}

void rename(Call& call) {
    if (move_key(call, true)) call.reply.ok();
}

void renamenx(Call& call) {
    if (move_key(call, false)) call.reply.integer(1);
}

void type(Call& call) {
    call.reply.simple(call.keys.find(call[1]) ? "string" : "none");
}

}  // namespace grapevine::command
