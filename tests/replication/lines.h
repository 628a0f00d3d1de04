#pragma once
// Programs for tests of replication: lines of words.
//
//   set KEY VALUE [EXPIRES]   unix ms; answers "ok;"
//   get KEY                   its value and ";", or "-;"
//   add KEY                   one more than it is (absent: 0); answers the number
//   del KEY                   "1;" or "0;"
//   keys [CURSOR COUNT]       all or a part: the keys and a comma each, then the cursor; ";"
//   count                     how many

#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>

#include "command/keys.h"
#include "command/reply.h"
#include "store/interpreter.h"

namespace grapevine {

class Lines final : public Interpreter {
public:
    std::optional<std::string> execute(std::string_view program,
                                       command::Keys& keys) const override {
        std::istringstream lines{std::string(program)};
        std::string answer;
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string name;
            words >> name;
            if (!run(name, words, keys, answer)) return std::nullopt;
            answer += ';';
        }
        return answer;
    }
    // Its reply is what the line answers.
    void execute(std::span<const std::string_view> command, command::Keys& keys,
                 command::Reply& reply) const override {
        std::string line;
        for (const std::string_view word : command) line.append(word).append(" ");
        if (const auto answer = execute(line, keys)) reply.raw(*answer);
    }

private:
    static bool run(const std::string& name, std::istringstream& words, command::Keys& keys,
                    std::string& answer) {
        std::string key;
        if (name == "keys") {
            scan(words, keys, answer);
            return true;
        }
        if (name == "count") {
            answer += std::to_string(keys.count());
            return true;
        }
        words >> key;
        const auto entry = name == "set" ? std::nullopt : keys.find(key);
        if (name == "get") {
            answer += entry ? std::string(entry->value) : "-";
        } else if (name == "del") {
            answer += keys.erase(key) ? "1" : "0";
        } else if (name == "add") {
            const std::string sum =
                std::to_string(entry ? std::stoll(std::string(entry->value)) + 1 : 1);
            keys.put(key, sum, entry ? entry->expires_ms : 0);
            answer += sum;
        } else if (name == "set") {
            std::string value;
            std::int64_t expires_ms = 0;
            words >> value >> expires_ms;
            keys.put(key, value, expires_ms);
            answer += "ok";
        } else {
            return false;
        }
        return true;
    }

    static void scan(std::istringstream& words, command::Keys& keys, std::string& answer) {
        std::uint64_t cursor = 0;
        std::size_t count = 1'000'000;
        words >> cursor >> count;
        const auto next = keys.scan(cursor, count, [&](std::string_view key, const auto&) {
            answer += std::string(key) + ",";
        });
        answer += std::to_string(next.value_or(0));
    }
};

}  // namespace grapevine
