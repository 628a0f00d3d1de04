#include "conformance/compare.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
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

std::string first_in(std::string_view reply) {
    std::string_view rest = reply;
    if (command::take_aggregate(rest).value_or(0) == 0) return "no element";
    return std::string(command::take_reply(rest).value_or("no reply"));
}

namespace {

std::multiset<std::string> keys_in(std::string_view elements) {
    std::multiset<std::string> found;
    while (const auto key = command::take_reply(elements)) {
        found.insert(std::string(command::bulk_of(*key).value_or("no key")));
        if (!command::take_reply(elements)) break;
    }
    return found;
}

}  // namespace

std::multiset<std::string> lines_in(std::string_view reply) {
    std::string_view elements = reply;
    if (command::take_aggregate(elements)) return keys_in(elements);
    const std::size_t head = reply.find("\r\n");
    if (head == std::string_view::npos) return {};
    std::istringstream text{std::string(reply.substr(head + 2))};
    std::multiset<std::string> found;
    for (std::string line; std::getline(text, line);) {
        if (line.starts_with("txt:")) line.erase(0, 4);
        std::istringstream words{line};
        std::size_t count = 0;
        for (std::string word; words >> word;) ++count;
        const std::size_t colon = line.find(':');
        const bool is_named = colon != std::string::npos && line.find(' ') > colon;
        if (count > 0) found.insert(is_named ? line.substr(0, colon) : std::to_string(count));
    }
    return found;
}

bool are_near(std::string_view a, std::string_view b, std::int64_t tolerance) {
    const auto left = command::integer_of(a);
    const auto right = command::integer_of(b);
    return left && right && std::abs(*left - *right) <= tolerance;
}

}  // namespace grapevine::conformance
