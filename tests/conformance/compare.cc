#include "conformance/compare.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "command/reply.h"

namespace grapevine::conformance {

std::string in_order(std::string_view reply) {
    std::string_view rest = reply;
    const auto elements = command::take_aggregate(rest);
    if (!elements) return std::string(reply);
    std::string result(reply.substr(0, reply.size() - rest.size()));
    std::vector<std::string> parts;
    while (const auto part = command::take_reply(rest)) parts.push_back(in_order(*part));
    std::ranges::sort(parts);
    for (const std::string& part : parts) result += part;
    return result;
}

std::string kinds_in(std::string_view reply) {
    std::string_view rest = reply;
    if (!command::take_aggregate(rest)) {
        const bool is_null = reply.starts_with('_') || reply.starts_with("$-1");
        return is_null ? std::string(reply) : std::string(reply.substr(0, 1)) + "\r\n";
    }
    std::string result(reply.substr(0, reply.size() - rest.size()));
    while (const auto part = command::take_reply(rest)) result += kinds_in(*part);
    return result;
}

bool are_near(std::string_view a, std::string_view b, std::int64_t tolerance) {
    const auto left = command::integer_of(a);
    const auto right = command::integer_of(b);
    return left && right && std::abs(*left - *right) <= tolerance;
}

}  // namespace grapevine::conformance
