#pragma once
// One command that is being executed, and what commands have in common: texts of errors, ranges. Of
// this folder alone.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "command/keys.h"
#include "command/reply.h"
#include "command/table.h"
#include "command/words.h"

namespace grapevine::command {

namespace text {
inline constexpr std::string_view syntax = "ERR syntax error";
inline constexpr std::string_view not_an_integer = "ERR value is not an integer or out of range";
inline constexpr std::string_view no_such_key = "ERR no such key";
inline constexpr std::string_view too_long =
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
}  // namespace text

struct Call {
    const CommandInfo& info;
    Arguments args;
    Keys& keys;
    Reply& reply;

    [[nodiscard]] std::size_t size() const { return args.size(); }
    std::string_view operator[](std::size_t index) const { return args[index]; }

    // The value of a key, "" where it is absent.
    [[nodiscard]] std::string_view value_or_empty(std::string_view key) const;
    // The argument as a number. Nothing: the reply is the error.
    [[nodiscard]] std::optional<std::int64_t> integer(
        std::size_t index, std::string_view error = text::not_an_integer) const;
    // Writes a value, with a time that may have come: then the key is gone. False: the value is
    // larger than allowed, nothing was changed, the reply is the error.
    bool put(std::string_view key, std::string value, std::int64_t expires_ms) const;
    // False where a value of so many bytes is not allowed: the reply is the error.
    [[nodiscard]] bool allows_value(std::uint64_t size) const;
    // False where so many bytes are more than a reply may have: the reply is the error.
    [[nodiscard]] bool allows_reply(std::uint64_t size) const;
    void error_wrong_number() const;
    void error_expire_time() const;
};

// Bytes of one reply, and of those before it in a program, past which no more is added: both
// together fit a frame.
inline constexpr std::size_t reply_size_max = 24 * 1024 * 1024;

// Positions that a command counts from the end where they are negative, made good for `size`
// elements: first <= last < size, or nothing where no element is meant.
struct Range {
    std::size_t first = 0;
    std::size_t last = 0;
};
[[nodiscard]] std::optional<Range> to_range(std::int64_t first, std::int64_t last,
                                            std::size_t size);
// What some commands take for an empty range, others for one that begins and ends in front.
[[nodiscard]] bool is_backward(std::int64_t first, std::int64_t last);

}  // namespace grapevine::command
