#include "command/program.h"

#include <cstdint>

namespace grapevine::command {

namespace {

constexpr std::size_t varint_size_max = 10;

void put_number(std::string& to, std::uint64_t number) {
    for (; number >= 128; number >>= 7) to.push_back(static_cast<char>(number | 128));
    to.push_back(static_cast<char>(number));
}

void put_bytes(std::string& to, std::string_view bytes) {
    put_number(to, bytes.size());
    to.append(bytes);
}

// What was read of it is good until it failed.
class Reader {
public:
    explicit Reader(std::string_view bytes) : left_(bytes) {}

    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] bool at_end() const { return left_.empty(); }

    std::uint64_t number() {
        std::uint64_t number = 0;
        for (std::size_t i = 0; i < varint_size_max && i < left_.size(); ++i) {
            const auto byte = static_cast<std::uint8_t>(left_[i]);
            number |= std::uint64_t{byte & 127u} << (7 * i);
            if (byte >= 128) continue;
            // One form of each number: no zeros on top, and nothing past the 64th bit.
            if ((byte == 0 && i > 0) || (i == varint_size_max - 1 && byte > 1)) break;
            left_.remove_prefix(i + 1);
            return number;
        }
        return fail();
    }

    // Of things that take at least `size_min` bytes each.
    std::size_t count(std::size_t size_min) {
        const std::uint64_t count = number();
        return count <= left_.size() / size_min ? static_cast<std::size_t>(count) : fail();
    }

    std::string_view bytes() {
        const std::size_t size = count(1);
        const std::string_view bytes = left_.substr(0, size);
        left_.remove_prefix(size);
        return bytes;
    }

private:
    std::size_t fail() {
        failed_ = true;
        left_ = {};
        return 0;
    }

    std::string_view left_;
    bool failed_ = false;
};

// Bytes of the smallest of each.
constexpr std::size_t watched_size_min = 3;
constexpr std::size_t command_size_min = 2;
constexpr std::size_t argument_size_min = 1;

void read_watched(Reader& reader, Program& program) {
    program.watched.resize(reader.count(watched_size_min));
    for (Watched& watched : program.watched) {
        watched.key = reader.bytes();
        watched.version.epoch.value = reader.number();
        watched.version.counter = reader.number();
    }
}

void read_commands(Reader& reader, Program& program) {
    program.commands.resize(reader.count(command_size_min));
    for (Command& command : program.commands) {
        command.args.resize(reader.count(argument_size_min));
        for (std::string_view& argument : command.args) argument = reader.bytes();
        if (reader.failed()) return;
    }
}

// About: heads of usual sizes.
std::size_t size_of(const Program& program) {
    std::size_t size = 8;
    for (const Watched& watched : program.watched) size += watched.key.size() + 16;
    for (const Command& command : program.commands) {
        size += 2;
        for (const std::string_view argument : command.args) size += argument.size() + 2;
    }
    return size;
}

bool names_all_commands(const Program& program) {
    for (const Command& command : program.commands) {
        if (command.args.empty()) return false;
    }
    return true;
}

}  // namespace

std::string encode(const Program& program) {
    std::string bytes;
    bytes.reserve(size_of(program));
    bytes.push_back(program.atomic ? '\1' : '\0');
    put_number(bytes, program.watched.size());
    for (const Watched& watched : program.watched) {
        put_bytes(bytes, watched.key);
        put_number(bytes, watched.version.epoch.value);
        put_number(bytes, watched.version.counter);
    }
    put_number(bytes, program.commands.size());
    for (const Command& command : program.commands) {
        put_number(bytes, command.args.size());
        for (const std::string_view argument : command.args) put_bytes(bytes, argument);
    }
    return bytes;
}

Result<Program> decode(std::string_view bytes) {
    Reader reader(bytes);
    Program program;
    const std::uint64_t atomic = reader.number();
    if (atomic > 1) return fail("a program that is neither atomic nor not");
    program.atomic = atomic == 1;
    read_watched(reader, program);
    read_commands(reader, program);
    if (reader.failed() || !reader.at_end()) return fail("a program of a wrong size");
    if (program.commands.size() > commands_max) return fail("a program of too many commands");
    if (!names_all_commands(program)) return fail("a command without a name");
    if (!program.atomic && !program.watched.empty()) return fail("watched keys of no transaction");
    return program;
}

}  // namespace grapevine::command
