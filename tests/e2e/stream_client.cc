#include "e2e/stream_client.h"

#include <catch2/catch.hpp>
#include <regex>

namespace grapevine::e2e {

StreamClient::StreamClient(const std::string& address)
    : process_({program("client"), "--coordinator", address, "--verbose", "--timeout", "20", "-"}) {
}

std::string StreamClient::ask(const std::string& operation) {
    process_.feed(operation + "\n");
    std::string line;
    const bool answered = eventually(patience, [&] {
        const std::string out = process_.out();
        const auto end = out.find('\n', read_);
        if (end == std::string::npos) return false;
        line = out.substr(read_, end - read_);
        return true;
    });
    INFO(operation << ": " << line << "\n" << process_.err());
    REQUIRE(answered);
    read_ += line.size() + 1;
    return line;
}

std::string StreamClient::put(const std::string& key, const std::string& value) {
    const std::string line = ask("put " + key + " " + value);
    REQUIRE(line.starts_with("OK, server"));
    return line.substr(4);
}

Told StreamClient::get(const std::string& key) {
    const std::string line = ask("get " + key);
    INFO(line);
    static const std::regex form("([^,]*), ([^,]*), (server[0-9]+)");
    std::smatch match;
    REQUIRE(std::regex_match(line, match, form));
    REQUIRE(match[1] == key);
    return {.value = match[2], .server = match[3]};
}

}  // namespace grapevine::e2e
