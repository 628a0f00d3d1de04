#include "base/address.h"

#include <charconv>
#include <cstddef>

namespace grapevine {

namespace {

// Takes a decimal number from the front of `text`; false where there is none or it is above `max`.
bool take_number(std::string_view& text, std::uint32_t max, std::uint32_t& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number > max) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

bool take_char(std::string_view& text, char expected) {
    if (text.empty() || text.front() != expected) return false;
    text.remove_prefix(1);
    return true;
}

}  // namespace

std::string to_string(Address address) {
    return fmt::format("{}.{}.{}.{}:{}", address.ip >> 24, address.ip >> 16 & 255,
                       address.ip >> 8 & 255, address.ip & 255, address.port);
}

Result<Address> parse_address(std::string_view text) {
    std::string_view rest = text;
    Address address;
    for (int part = 0; part < 4; ++part) {
        std::uint32_t number = 0;
        if ((part > 0 && !take_char(rest, '.')) || !take_number(rest, 255, number)) {
            return fail("\"{}\" is not an address; write it as 127.0.0.1:7000", text);
        }
        address.ip = address.ip << 8 | number;
    }
    std::uint32_t port = 0;
    if (!take_char(rest, ':') || !take_number(rest, 65535, port) || port == 0 || !rest.empty()) {
        return fail("\"{}\" lacks a port from 1 to 65535; write it as 127.0.0.1:7000", text);
    }
    address.port = static_cast<std::uint16_t>(port);
    return address;
}

}  // namespace grapevine
