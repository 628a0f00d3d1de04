#include "sim/workload.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "command/program.h"
#include "command/reply.h"

namespace grapevine::sim {

namespace {

using Words = std::vector<std::string>;

Operation program_of(OperationKind kind, const std::string& key, const std::vector<Words>& commands,
                     bool atomic = false) {
    command::Program program;
    program.atomic = atomic;
    for (const Words& words : commands) {
        program.commands.push_back({.args = {words.begin(), words.end()}});
    }
    return {.kind = kind, .key = key, .value = command::encode(program)};
}

// Of different lengths, so that the length of what they are appended to tells which they were.
std::string appended(Rng& rng, const std::string& token) {
    return token + std::string(rng.below(60), '.');
}

}  // namespace

std::string group_name(std::size_t number) {
    return fmt::format("{{group{}}}", number);
}

Operation draw_program(Rng& rng, const std::string& group, const std::string& token) {
    const auto key = [&](const char* name) { return group + name; };
    const auto run = [&](const std::vector<Words>& commands, bool atomic = false) {
        return program_of(OperationKind::run, commands.front()[1], commands, atomic);
    };
    const std::uint64_t drawn = rng.below(100);
    if (drawn < 25) return run({{"INCR", key("n")}});
    if (drawn < 35) {
        return run({{"INCR", key("n")}, {"INCRBY", key("m"), "2"}, {"GET", key("x")}}, true);
    }
    if (drawn < 42) return run({{"APPEND", key("log"), appended(rng, token)}});
    if (drawn < 45) return run({{"GETDEL", key("log")}});
    if (drawn < 57) return run({{"MSET", key("x"), token, key("y"), token}});
    if (drawn < 65) return run({{"SET", key("x"), token, "NX", "GET"}});
    if (drawn < 70) return run({{"GETDEL", key("x")}, {"INCR", key("m")}});
    if (drawn < 75) return program_of(OperationKind::query, key("log"), {{"GET", key("log")}});
    return read_group(group);
}

Operation read_group(const std::string& group) {
    return program_of(
        OperationKind::query, group + "n",
        {{"MGET", group + "n", group + "m", group + "x", group + "y"}, {"GET", group + "log"}});
}

Operation as_program(const Operation& operation, std::int64_t ttl_ms) {
    Operation program;
    if (operation.kind == OperationKind::get) {
        program = program_of(OperationKind::query, operation.key, {{"GET", operation.key}});
    } else if (operation.kind == OperationKind::erase) {
        program = program_of(OperationKind::run, operation.key, {{"DEL", operation.key}});
    } else {
        Words words{"SET", operation.key, operation.value};
        if (ttl_ms > 0) words.insert(words.end(), {"PX", std::to_string(ttl_ms)});
        program = program_of(OperationKind::run, operation.key, {words});
    }
    program.deadline = operation.deadline;
    return program;
}

bool is_one_command(const Operation& program) {
    const auto decoded = command::decode(program.value);
    return decoded && !decoded->atomic && decoded->commands.size() == 1;
}

Outcome as_answer(OperationKind meaning, const Outcome& outcome) {
    if (outcome.kind != OutcomeKind::ok) return outcome;
    Outcome answer = outcome;
    const std::string reply = std::exchange(answer.value, {});
    if (meaning == OperationKind::get) {
        answer.version = {};  // of the partition, not of the key
        const auto value = command::bulk_of(reply);
        if (value) answer.value = *value;
        if (!value) answer.kind = OutcomeKind::not_found;
        if (!value && reply != "_\r\n") answer.kind = OutcomeKind::condition_failed;
        return answer;
    }
    const std::string done = meaning == OperationKind::put ? "+OK\r\n" : ":1\r\n";
    if (reply == done) return answer;
    const bool was_absent = meaning == OperationKind::erase && reply == ":0\r\n";
    answer.kind = was_absent ? OutcomeKind::not_found : OutcomeKind::condition_failed;
    answer.version = {};
    return answer;
}

}  // namespace grapevine::sim
