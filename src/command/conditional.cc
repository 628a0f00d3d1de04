// Deleting under conditions, and what conditions can be made of: digests and versions.

#include "command/handlers.h"
#include "command/set_options.h"

namespace grapevine::command {

namespace {

void delete_if(Call& call, std::uint32_t condition, std::string_view with) {
    const auto entry = call.keys.find(call[1]);
    if (!entry) return call.reply.integer(0);
    const auto good = compares(call, condition, entry->value, with);
    if (!good) return;
    if (*good) call.keys.erase(call[1]);
    call.reply.integer(*good ? 1 : 0);
}

std::uint32_t condition_of(std::string_view word) {
    if (is_word(word, "IFEQ")) return option::ifeq;
    if (is_word(word, "IFNE")) return option::ifne;
    if (is_word(word, "IFDEQ")) return option::ifdeq;
    if (is_word(word, "IFDNE")) return option::ifdne;
    return 0;
}

}  // namespace

void delex(Call& call) {
    if (call.size() == 2) return del(call);
    if (call.size() != 4) return call.error_wrong_number();
    const std::uint32_t condition = condition_of(call[2]);
    if (condition != 0) return delete_if(call, condition, call[3]);
    if (!call.keys.find(call[1])) return call.reply.integer(0);
    call.reply.error("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE");
}

void delifeq(Call& call) {
    delete_if(call, option::ifeq, call[2]);
}

void digest(Call& call) {
    const auto entry = call.keys.find(call[1]);
    entry ? call.reply.bulk(digest_of(entry->value)) : call.reply.null();
}

void version(Call& call) {
    const auto entry = call.keys.find(call[1]);
    const Version version = entry ? entry->version : Version{};
    call.reply.array(2);
    call.reply.integer(static_cast<std::int64_t>(version.epoch.value));
    call.reply.integer(static_cast<std::int64_t>(version.counter));
}

}  // namespace grapevine::command
