#pragma once
// One command that is being executed, and what commands have in common: reading numbers from
// arguments, texts of errors. Of this folder alone.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "command/keys.h"
#include "command/reply.h"
#include "command/table.h"

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
    // Writes a value of allowed size. False: it is larger, nothing was changed, the reply is the
    // error.
    bool put(std::string_view key, std::string value, std::int64_t expires_ms) const;
    // Writes the error and returns false where a value of so many bytes is not allowed.
    [[nodiscard]] bool allows_size(std::uint64_t size) const;
};

// A number as Redis reads and writes it: no spaces, no plus, no leading zeros.
[[nodiscard]] std::optional<std::int64_t> to_integer(std::string_view text);

// Whether text is `word`, which is in capitals, in any case.
[[nodiscard]] bool is_word(std::string_view text, std::string_view word);

}  // namespace grapevine::command
