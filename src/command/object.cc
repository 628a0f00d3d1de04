// What Redis tells of how it keeps a value. Values are kept as bytes here: the answers are those
// that Redis gives for a value that was set as a whole.

#include "command/handlers.h"

namespace grapevine::command {

namespace {

constexpr std::size_t embedded_size_max = 44;     // bytes of a value kept beside its head
constexpr std::int64_t shared_integers = 10'000;  // numbers below have one copy for all keys
constexpr std::int64_t shared_references = 2'147'483'647;
constexpr std::size_t key_bytes = 40;  // of a key beyond its own bytes and its value's, about

bool is_shared(std::string_view value) {
    const auto number = to_integer(value);
    return number && *number >= 0 && *number < shared_integers;
}

}  // namespace

void memory_usage(Call& call) {
    for (std::size_t i = 3; i < call.size(); ++i) {
        if (!is_word(call[i], "SAMPLES") || i + 1 == call.size()) {
            return call.reply.error(text::syntax);
        }
        const auto samples = call.integer(++i);
        if (!samples) return;
        if (*samples < 0) return call.reply.error(text::syntax);
    }
    const auto entry = call.keys.find(call[2]);
    if (!entry) return call.reply.null();
    const std::size_t bytes = key_bytes + call[2].size() + entry->value.size();
    call.reply.integer(static_cast<std::int64_t>(bytes));
}

void object_encoding(Call& call) {
    const auto entry = call.keys.find(call[2]);
    if (!entry) return call.reply.null();
    if (to_integer(entry->value)) return call.reply.bulk("int");
    call.reply.bulk(entry->value.size() <= embedded_size_max ? "embstr" : "raw");
}

void object_freq(Call& call) {
    if (!call.keys.find(call[2])) return call.reply.null();
    call.reply.error(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note "
        "that when switching between policies at runtime LRU and LFU data will take some time to "
        "adjust.");
}

// Nobody keeps the time of the last access.
void object_idletime(Call& call) {
    call.keys.find(call[2]) ? call.reply.integer(0) : call.reply.null();
}

void object_refcount(Call& call) {
    const auto entry = call.keys.find(call[2]);
    if (!entry) return call.reply.null();
    call.reply.integer(is_shared(entry->value) ? shared_references : 1);
}

}  // namespace grapevine::command
