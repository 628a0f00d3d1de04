#include "history/program_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "base/assert.h"
#include "command/program.h"

namespace grapevine {

namespace {

using Words = std::vector<std::string_view>;

std::string bulk(std::string_view bytes) {
    return fmt::format("${}\r\n{}\r\n", bytes.size(), bytes);
}

std::string integer(std::int64_t number) {
    return fmt::format(":{}\r\n", number);
}

std::string value_or_null(const ModelContents& contents, std::string_view key) {
    const auto found = contents.find(std::string(key));
    return found == contents.end() ? "_\r\n" : bulk(found->second);
}

std::string set(ModelContents& contents, const Words& words) {
    bool absent_only = false;
    bool gives_old = false;
    for (std::size_t i = 3; i < words.size(); ++i) {
        absent_only = absent_only || words[i] == "NX";
        gives_old = gives_old || words[i] == "GET";
        ASSERT(words[i] == "NX" || words[i] == "GET", "{}", words[i]);
    }
    const std::string key(words[1]);
    const std::string old = value_or_null(contents, key);
    const bool done = !absent_only || !contents.contains(key);
    if (done) contents[key] = words[2];
    if (gives_old) return old;
    return done ? "+OK\r\n" : "_\r\n";
}

std::string increase(ModelContents& contents, const Words& words) {
    const auto number = [](std::string_view text) {
        std::int64_t value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    };
    const std::string key(words[1]);
    const std::int64_t by = words[0] == "INCR" ? 1 : number(words[2]);
    const std::int64_t sum = number(contents.contains(key) ? contents[key] : "0") + by;
    contents[key] = std::to_string(sum);
    return integer(sum);
}

std::string of_many(ModelContents& contents, const Words& words) {
    if (words[0] == "MSET") {
        for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
            contents[std::string(words[i])] = words[i + 1];
        }
        return "+OK\r\n";
    }
    if (words[0] == "MGET") {
        std::string reply = fmt::format("*{}\r\n", words.size() - 1);
        for (std::size_t i = 1; i < words.size(); ++i) reply += value_or_null(contents, words[i]);
        return reply;
    }
    std::int64_t count = 0;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string key(words[i]);
        count += words[0] == "DEL" ? static_cast<std::int64_t>(contents.erase(key))
                                   : static_cast<std::int64_t>(contents.count(key));
    }
    return integer(count);
}

std::string execute_one(ModelContents& contents, const Words& words) {
    const std::string_view name = words[0];
    if (name == "GET") return value_or_null(contents, words[1]);
    if (name == "SET") return set(contents, words);
    if (name == "INCR" || name == "INCRBY") return increase(contents, words);
    if (name == "GETDEL") {
        std::string old = value_or_null(contents, words[1]);
        contents.erase(std::string(words[1]));
        return old;
    }
    if (name == "APPEND") {
        std::string& value = contents[std::string(words[1])];
        value += words[2];
        return integer(static_cast<std::int64_t>(value.size()));
    }
    if (name == "STRLEN") {
        const auto found = contents.find(std::string(words[1]));
        const std::size_t size = found == contents.end() ? 0 : found->second.size();
        return integer(static_cast<std::int64_t>(size));
    }
    ASSERT(name == "MSET" || name == "MGET" || name == "DEL" || name == "EXISTS", "{}", name);
    return of_many(contents, words);
}

// The reply that `reply` begins with, which is taken off it.
std::string take_text(std::string_view& reply) {
    const std::size_t end = reply.find("\r\n");
    if (end == std::string_view::npos) return std::string(std::exchange(reply, {}));
    const std::string_view line = reply.substr(0, end);
    reply.remove_prefix(end + 2);
    std::size_t size = 0;
    if (!line.empty()) std::from_chars(line.data() + 1, line.data() + line.size(), size);
    if (line.starts_with('$')) {
        const std::string_view bytes = reply.substr(0, size);
        reply.remove_prefix(std::min(size + 2, reply.size()));
        constexpr std::size_t shown = 32;
        if (bytes.size() <= shown) return fmt::format("${}", bytes);
        return fmt::format("${}... ({} bytes)", bytes.substr(0, shown), bytes.size());
    }
    if (!line.starts_with('*')) return std::string(line);
    std::string text = "[";
    for (std::size_t i = 0; i < size && !reply.empty(); ++i) {
        text += (i == 0 ? "" : " ") + take_text(reply);
    }
    return text + "]";
}

}  // namespace

std::string execute_on_model(ModelContents& contents, std::string_view bytes) {
    const auto program = command::decode(bytes);
    ASSERT(program.has_value(), "{}", program.error().message);
    std::string reply = program->atomic ? fmt::format("*{}\r\n", program->commands.size()) : "";
    for (const command::Command& command : program->commands) {
        reply += execute_one(contents, command.args);
    }
    return reply;
}

std::vector<std::string> program_keys(std::string_view bytes) {
    const auto program = command::decode(bytes);
    ASSERT(program.has_value(), "{}", program.error().message);
    std::vector<std::string> keys;
    for (const command::Command& command : program->commands) {
        const std::string_view name = command.args[0];
        const bool many = name == "MSET" || name == "MGET" || name == "DEL" || name == "EXISTS";
        const std::size_t step = name == "MSET" ? 2 : 1;
        for (std::size_t i = 1; i < (many ? command.args.size() : 2); i += step) {
            keys.emplace_back(command.args[i]);
        }
    }
    return keys;
}

bool is_blind_program(std::string_view bytes) {
    const auto program = command::decode(bytes);
    ASSERT(program.has_value(), "{}", program.error().message);
    return std::ranges::all_of(program->commands, [](const command::Command& command) {
        return command.args[0] == "MSET" || (command.args[0] == "SET" && command.args.size() == 3);
    });
}

std::string program_text(std::string_view bytes) {
    const auto program = command::decode(bytes);
    if (!program) return "no program";
    std::string text = program->atomic ? "atomic:" : "";
    for (const command::Command& command : program->commands) {
        if (&command != &program->commands.front()) text += ";";
        for (const std::string_view word : command.args) {
            constexpr std::size_t shown = 32;
            if (!text.empty()) text += ' ';
            text += word.substr(0, shown);
            if (word.size() > shown) text += fmt::format("... ({} bytes)", word.size());
        }
    }
    return text;
}

std::string reply_text(std::string_view reply) {
    std::string text;
    while (!reply.empty()) {
        const std::string one = take_text(reply);
        text += (text.empty() ? "" : " ") + one;
    }
    return text;
}

}  // namespace grapevine
