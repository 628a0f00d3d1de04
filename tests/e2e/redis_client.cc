#include "e2e/redis_client.h"

#include <sstream>

#include "base/address.h"
#include "command/reply.h"
#include "e2e/process.h"

namespace grapevine::e2e {

std::string redis_command(const std::vector<std::string>& args) {
    std::string bytes = "*" + std::to_string(args.size()) + "\r\n";
    for (const std::string& arg : args) {
        bytes += "$" + std::to_string(arg.size()) + "\r\n" + arg + "\r\n";
    }
    return bytes;
}

RedisClient::RedisClient(const std::string& address)
    : connection_(parse_address(address).value()) {}

std::string RedisClient::reply() {
    for (;;) {
        const std::string_view waiting = std::string_view(received_).substr(taken_);
        if (const auto size = command::reply_size(waiting)) {
            std::string whole(waiting.substr(0, *size));
            taken_ += *size;
            return whole;
        }
        received_.erase(0, taken_);
        taken_ = 0;
        const std::string more = connection_.read_some(patience);
        ended_ = more.empty();
        if (ended_) return std::exchange(received_, {});
        received_ += more;
    }
}

std::string RedisClient::ask(const std::vector<std::string>& args) {
    send(redis_command(args));
    return reply();
}

std::string RedisClient::ask(const std::string& words) {
    std::istringstream stream(words);
    std::vector<std::string> args;
    for (std::string word; stream >> word;) args.push_back(word);
    return ask(args);
}

std::vector<std::string> RedisClient::scan(const std::string& options) {
    std::vector<std::string> keys;
    std::string cursor = "0";
    do {
        const std::string told = ask("SCAN " + cursor + " " + options);
        std::string_view rest = told;
        if (command::take_aggregate(rest) != 2) return {"no reply to SCAN: " + told};
        cursor = command::bulk_of(command::take_reply(rest).value_or("")).value_or("0");
        const std::size_t count = command::take_aggregate(rest).value_or(0);
        for (std::size_t i = 0; i < count; ++i) {
            keys.emplace_back(
                command::bulk_of(command::take_reply(rest).value_or("")).value_or(""));
        }
    } while (cursor != "0");
    return keys;
}

}  // namespace grapevine::e2e
