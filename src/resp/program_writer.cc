#include "resp/program_writer.h"

#include <cstdint>

namespace grapevine::resp {

namespace {

void put_number(std::string& to, std::uint64_t number) {
    for (; number >= 128; number >>= 7) to.push_back(static_cast<char>(number | 128));
    to.push_back(static_cast<char>(number));
}

void put_bytes(std::string& to, std::string_view bytes) {
    put_number(to, bytes.size());
    to.append(bytes);
}

constexpr std::size_t head_size_max = 16;

}  // namespace

void ProgramWriter::add(Args args) {
    ++commands_;
    put_number(bytes_, args.size());
    for (const std::string_view arg : args) put_bytes(bytes_, arg);
}

std::string ProgramWriter::finish() const {
    std::string program;
    program.reserve(head_size_max + bytes_.size());
    program.push_back('\0');
    put_number(program, 0);
    put_number(program, commands_);
    return program.append(bytes_);
}

std::string ProgramWriter::finish_atomic(const WatchSet& watched) const {
    std::string program;
    program.push_back('\1');
    put_number(program, watched.keys.size());
    for (const auto& [key, of] : watched.keys) {
        put_bytes(program, key);
        put_number(program, of.version.epoch.value);
        put_number(program, of.version.counter);
    }
    put_number(program, commands_);
    return program.append(bytes_);
}

}  // namespace grapevine::resp
