#pragma once
// The table of all commands that a node offers, whoever answers them: COMMAND, arity errors, the
// keys of a command and what may be executed where all come from it. Constant; any thread.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace grapevine::command {

using Arguments = std::span<const std::string_view>;  // [0]: the name of the command

// Names and meanings are those of COMMAND in Redis 7.0.
namespace flag {
inline constexpr std::uint32_t write = 1U << 0;
inline constexpr std::uint32_t readonly = 1U << 1;
inline constexpr std::uint32_t denyoom = 1U << 2;  // may take memory: refused where none is left
inline constexpr std::uint32_t admin = 1U << 3;
inline constexpr std::uint32_t pubsub = 1U << 4;
inline constexpr std::uint32_t noscript = 1U << 5;
inline constexpr std::uint32_t blocking = 1U << 6;
inline constexpr std::uint32_t loading = 1U << 7;
inline constexpr std::uint32_t stale = 1U << 8;
inline constexpr std::uint32_t skip_monitor = 1U << 9;
inline constexpr std::uint32_t skip_slowlog = 1U << 10;
inline constexpr std::uint32_t asking = 1U << 11;
inline constexpr std::uint32_t fast = 1U << 12;
inline constexpr std::uint32_t no_auth = 1U << 13;
inline constexpr std::uint32_t may_replicate = 1U << 14;
inline constexpr std::uint32_t no_async_loading = 1U << 15;
inline constexpr std::uint32_t no_multi = 1U << 16;
inline constexpr std::uint32_t movablekeys = 1U << 17;
inline constexpr std::uint32_t allow_busy = 1U << 18;
}  // namespace flag

// What flags do not say already: write implies @write, readonly @read, fast @fast or else @slow,
// admin @admin and @dangerous, pubsub @pubsub, blocking @blocking.
namespace category {
inline constexpr std::uint32_t keyspace = 1U << 0;
inline constexpr std::uint32_t read = 1U << 1;
inline constexpr std::uint32_t write = 1U << 2;
inline constexpr std::uint32_t string = 1U << 3;
inline constexpr std::uint32_t bitmap = 1U << 4;
inline constexpr std::uint32_t pubsub = 1U << 5;
inline constexpr std::uint32_t admin = 1U << 6;
inline constexpr std::uint32_t fast = 1U << 7;
inline constexpr std::uint32_t slow = 1U << 8;
inline constexpr std::uint32_t blocking = 1U << 9;
inline constexpr std::uint32_t dangerous = 1U << 10;
inline constexpr std::uint32_t connection = 1U << 11;
inline constexpr std::uint32_t transaction = 1U << 12;
inline constexpr std::uint32_t scripting = 1U << 13;
}  // namespace category

namespace key_flag {
inline constexpr std::uint16_t ro = 1U << 0;
inline constexpr std::uint16_t rw = 1U << 1;
inline constexpr std::uint16_t ow = 1U << 2;
inline constexpr std::uint16_t rm = 1U << 3;
inline constexpr std::uint16_t access = 1U << 4;
inline constexpr std::uint16_t update = 1U << 5;
inline constexpr std::uint16_t insert = 1U << 6;
inline constexpr std::uint16_t del = 1U << 7;
inline constexpr std::uint16_t variable = 1U << 8;
}  // namespace key_flag

enum class Group : std::uint8_t {
    bitmap,
    cluster,
    connection,
    generic,
    scripting,
    server,
    string,
    transactions,
};

// Where the keys of a command stand. Positions are those of arguments.
struct KeySpec {
    std::uint16_t flags = 0;
    std::uint8_t first = 0;  // 0: there is no such spec
    bool counted = false;    // the argument in front of `first` is the number of keys
    std::int8_t last = 0;    // from `first` on; negative: from the end, -1 is the last argument
    std::uint8_t step = 1;   // from key to key
    std::string_view notes = {};
};

struct Call;  // command/call.h
using Handler = void (*)(Call& call);

struct CommandInfo {
    std::string_view name;         // lower case; of a subcommand "object|encoding"
    int arity = 0;                 // arguments with the name; negative: at least so many
    std::string_view syntax = {};  // of the arguments behind the name, as command/syntax.h says
    std::uint32_t flags = 0;
    std::uint32_t categories = 0;
    Group group = Group::generic;
    std::string_view since;
    std::string_view complexity;
    std::string_view summary;
    KeySpec keys = {};
    KeySpec more_keys = {};
    std::string_view tips = {};  // separated by spaces
    std::string_view deprecated_since = {};
    std::string_view replaced_by = {};
    // Null: not executed by a primary, but answered by the node that the client is connected to. A
    // command that has one and no keys runs on every partition, and the node merges the replies.
    Handler handler = nullptr;
    std::span<const CommandInfo> subcommands = {};

    [[nodiscard]] bool has(std::uint32_t flag) const { return (flags & flag) != 0; }
    [[nodiscard]] bool has_keys() const { return keys.first != 0; }
    [[nodiscard]] bool runs_on_primary() const { return handler != nullptr; }
    [[nodiscard]] bool runs_on_every_partition() const { return handler != nullptr && !has_keys(); }
};

// All commands, by name; subcommands are with their parents.
[[nodiscard]] std::span<const CommandInfo* const> all_commands();

// In any case; null: there is none. find_command("object|encoding") finds the subcommand.
[[nodiscard]] const CommandInfo* find_command(std::string_view name);

// The command that arguments call, or its subcommand that they name; null: there is none.
[[nodiscard]] const CommandInfo* find_command(Arguments args);

[[nodiscard]] bool arity_allows(const CommandInfo& info, std::size_t arguments);

// The same, or the text of the error ("ERR unknown command ...", "ERR wrong number of ...") where
// there is no such command or it takes another number of arguments.
[[nodiscard]] std::expected<const CommandInfo*, std::string> check_command(Arguments args);

// Calls visit(position of a key in args) for each key of a command whose arity was checked, in
// order. False where the number of keys that the arguments tell is none, or more than there are:
// then any primary answers with the error.
template <class Visit>
bool for_each_key(const CommandInfo& info, Arguments args, const Visit& visit);

// Implementation.

// Positions of a spec's keys in arguments: from `first` to `last`; none where last < first.
struct KeyRange {
    std::size_t first = 0;
    std::size_t last = 0;
    std::size_t step = 1;
    bool good = true;
};

[[nodiscard]] KeyRange key_range(const KeySpec& spec, Arguments args);

template <class Visit>
bool for_each_key(const CommandInfo& info, Arguments args, const Visit& visit) {
    for (const KeySpec& spec : {info.keys, info.more_keys}) {
        if (spec.first == 0) break;
        const KeyRange range = key_range(spec, args);
        if (!range.good) return false;
        for (std::size_t at = range.first; at <= range.last; at += range.step) visit(at);
    }
    return true;
}

}  // namespace grapevine::command
