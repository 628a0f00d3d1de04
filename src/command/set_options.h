#pragma once
// What SET, GETEX and MSETEX take behind their keys and values. Of this folder alone.

#include <cstdint>
#include <optional>
#include <string_view>

#include "command/call.h"

namespace grapevine::command {

namespace option {
inline constexpr std::uint32_t nx = 1U << 0;
inline constexpr std::uint32_t xx = 1U << 1;
inline constexpr std::uint32_t ifeq = 1U << 2;
inline constexpr std::uint32_t ifne = 1U << 3;
inline constexpr std::uint32_t ifdeq = 1U << 4;
inline constexpr std::uint32_t ifdne = 1U << 5;
inline constexpr std::uint32_t get = 1U << 6;
inline constexpr std::uint32_t keepttl = 1U << 7;
inline constexpr std::uint32_t persist = 1U << 8;
inline constexpr std::uint32_t ex = 1U << 9;
inline constexpr std::uint32_t px = 1U << 10;
inline constexpr std::uint32_t exat = 1U << 11;
inline constexpr std::uint32_t pxat = 1U << 12;

// At most one of each of these.
inline constexpr std::uint32_t compares = ifeq | ifne | ifdeq | ifdne;
inline constexpr std::uint32_t conditions = nx | xx | compares;
inline constexpr std::uint32_t times = ex | px | exat | pxat;
inline constexpr std::uint32_t expiries = keepttl | persist | times;
}  // namespace option

struct SetOptions {
    std::uint32_t given = 0;
    std::string_view compared = {};  // what IFEQ and its like take
    std::string_view time = {};      // what EX and its like take

    [[nodiscard]] bool has(std::uint32_t options) const { return (given & options) != 0; }
};

// The arguments from `first` on, of which each has to be one of the `allowed` ones, or what that
// takes. Nothing: the reply is the error.
[[nodiscard]] std::optional<SetOptions> parse_set_options(const Call& call, std::size_t first,
                                                          std::uint32_t allowed);

// The time that EX and its like (`unit`) say, in unix ms. Nothing: the reply is the error.
[[nodiscard]] std::optional<std::int64_t> expiry_of(const Call& call, std::uint32_t unit,
                                                    std::string_view time);

// The time that options say, in unix ms; 0: none. Nothing: the reply is the error.
[[nodiscard]] std::optional<std::int64_t> expiry_of(const Call& call, const SetOptions& options);

// Whether a value is as IFEQ and its like (`condition`) want it. Nothing: the reply is the error.
[[nodiscard]] std::optional<bool> compares(const Call& call, std::uint32_t condition,
                                           std::string_view value, std::string_view with);

// XXH3, 64 bits, as 16 hexadecimal digits.
[[nodiscard]] std::string digest_of(std::string_view value);

}  // namespace grapevine::command
