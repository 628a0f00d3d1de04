#pragma once
// Where a member listens: an IPv4 address and a port, the same number for UDP and TCP.

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace grapevine {

struct Address {
    std::uint32_t ip = 0;  // host byte order; 0: not known
    std::uint16_t port = 0;

    constexpr auto operator<=>(const Address&) const = default;
    constexpr explicit operator bool() const { return port != 0; }
};

// "127.0.0.1:7000".
std::string to_string(Address address);

// Parses "a.b.c.d:port", port 1 ... 65535. Host names are the runtime's business.
Result<Address> parse_address(std::string_view text);

}  // namespace grapevine

template <>
struct std::hash<grapevine::Address> {
    std::size_t operator()(const grapevine::Address& address) const noexcept {
        return std::hash<std::uint64_t>{}(std::uint64_t{address.ip} << 16 | address.port);
    }
};

template <>
struct fmt::formatter<grapevine::Address> : fmt::formatter<std::string_view> {
    auto format(const grapevine::Address& address, fmt::format_context& context) const {
        return fmt::formatter<std::string_view>::format(grapevine::to_string(address), context);
    }
};
