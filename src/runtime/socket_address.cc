#include "runtime/socket_address.h"

#include <arpa/inet.h>
#include <uv.h>

#include <charconv>
#include <string>

#include "runtime/loop.h"

namespace grapevine {

namespace {

Result<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0) {
        return fail("\"{}\" is not a port from 1 to 65535", text);
    }
    return port;
}

Result<std::uint32_t> look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    Loop loop;
    uv_getaddrinfo_t request{};
    // Without a callback the call waits for the answer.
    const int error = uv_getaddrinfo(loop.get(), &request, nullptr, host.c_str(), nullptr, &hints);
    if (error != 0 || request.addrinfo == nullptr) {
        return fail("host \"{}\" is not known ({}); write an IPv4 address such as 127.0.0.1:7000",
                    host, error != 0 ? uv_strerror(error) : "no address");
    }
    const std::uint32_t ip =
        from_sockaddr(*reinterpret_cast<const sockaddr_in*>(request.addrinfo->ai_addr)).ip;
    uv_freeaddrinfo(request.addrinfo);
    return ip;
}

}  // namespace

sockaddr_in to_sockaddr(Address address) {
    sockaddr_in result{};
    result.sin_family = AF_INET;
    result.sin_addr.s_addr = htonl(address.ip);
    result.sin_port = htons(address.port);
    return result;
}

Address from_sockaddr(const sockaddr_in& address) {
    return {.ip = ntohl(address.sin_addr.s_addr), .port = ntohs(address.sin_port)};
}

Result<Address> resolve(std::string_view text, std::uint16_t default_port) {
    Address address{.port = default_port};
    std::string_view host = text;
    if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        const auto port = parse_port(text.substr(colon + 1));
        if (!port) return std::unexpected(port.error());
        address.port = *port;
    }
    // A number alone would be taken for an address written as one.
    if (host.find_first_not_of("0123456789") == std::string_view::npos) {
        return fail("\"{}\" names no host; write it as 127.0.0.1:7000", text);
    }
    const auto ip = look_up(std::string(host));
    if (!ip) return std::unexpected(ip.error());
    address.ip = *ip;
    return address;
}

Result<std::vector<Address>> resolve_list(std::string_view text, std::uint16_t default_port) {
    std::vector<Address> addresses;
    for (;;) {
        const auto comma = text.find(',');
        const auto address = resolve(text.substr(0, comma), default_port);
        if (!address) return std::unexpected(address.error());
        addresses.push_back(*address);
        if (comma == std::string_view::npos) return addresses;
        text.remove_prefix(comma + 1);
    }
}

}  // namespace grapevine
