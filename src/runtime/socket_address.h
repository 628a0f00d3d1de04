#pragma once
// Between Address and what the sockets want; and names such as "localhost", which options accept.

#include <netinet/in.h>

#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/result.h"

namespace grapevine {

sockaddr_in to_sockaddr(Address address);
Address from_sockaddr(const sockaddr_in& address);

// "127.0.0.1:7000", "localhost:7000", "localhost" (with default_port). Names are looked up at once,
// IPv4 only: for command lines, before a loop runs.
Result<Address> resolve(std::string_view text, std::uint16_t default_port);

// The same for a list with commas. Never empty.
Result<std::vector<Address>> resolve_list(std::string_view text, std::uint16_t default_port);

inline constexpr std::uint16_t coordinator_port = 7000;   // default of all programs
inline constexpr std::uint16_t first_member_port = 7001;  // where the search for a free one begins

inline bool is_loopback(Address address) {
    return address.ip >> 24 == 127;
}

}  // namespace grapevine
