// Programs: what decodes is encoded to the same bytes, and executing it gives one reply for each
// command, which can be made into RESP2; what it writes can be told to copies; what says that it
// only reads changes nothing.
#include "command/program.h"
#include "base/assert.h"
#include "command/execute.h"
#include "command/memory_keys.h"
#include "command/reply.h"
#include "fuzz/target.h"
#include "wire/wire.h"

namespace grapevine::fuzz {

namespace {

using command::MemoryKeys;
using command::Program;

MemoryKeys some_keys() {
    MemoryKeys keys;
    keys.put("k", "12", 0);
    keys.put("l", "text of some bytes", keys.now_ms() + 1000);
    keys.put("", std::string("\x00\xff\x80", 3), 0);
    return keys;
}

std::size_t count_replies(std::string_view bytes) {
    std::size_t count = 0;
    while (!bytes.empty()) {
        ASSERT(command::take_reply(bytes), "{} bytes are no reply", bytes.size());
        ++count;
    }
    return count;
}

// Encoding aborts on what the other side would refuse.
void tell_copies(MemoryKeys& keys) {
    FillChunk chunk{.from = fill_items, .to = fill_items + 1};
    for (std::optional<std::uint64_t> cursor = 0; cursor;) {
        cursor = keys.scan(*cursor, 1000, [&](std::string_view key, const command::Entry& entry) {
            chunk.items.push_back({Version{Epoch{1}, 1}, std::string(key), std::string(entry.value),
                                   entry.expires_ms});
        });
    }
    const std::string frame = encode(Envelope{.cluster = ClusterId{1},
                                              .from = NodeId{2},
                                              .from_address = {.ip = 0x7f000001, .port = 7000},
                                              .to = NodeId{3},
                                              .epoch = Epoch{4},
                                              .body = std::move(chunk)});
    ASSERT(decode_envelope(parse_frame(frame).value().payload), "copies refuse what was written");
}

void run(std::string_view bytes) {
    const auto program = command::decode(bytes);
    if (!program) return;
    ASSERT(command::encode(*program) == bytes, "is encoded in another way");
    MemoryKeys keys = some_keys();
    const std::uint64_t changes = keys.changes();
    const std::string replies = command::execute(*program, keys);
    const std::size_t expected = program->atomic ? 1 : program->commands.size();
    const std::size_t count = count_replies(replies);
    ASSERT(count == expected, "{} replies to {} commands", count, expected);
    ASSERT(command::writes(*program) || keys.changes() == changes, "a program that reads wrote");
    tell_copies(keys);
    std::string resp2;
    ASSERT(command::append_resp2(resp2, replies), "cannot be made into RESP2");
    ASSERT(count_replies(resp2) == count, "other replies in RESP2");
}

std::string program_of(std::initializer_list<std::vector<std::string_view>> lines) {
    Program program;
    for (const auto& line : lines) program.commands.push_back({line});
    return command::encode(program);
}

std::string transaction() {
    Program program;
    program.atomic = true;
    program.watched = {{"k", Version{Epoch{1}, 1}}, {"absent", Version{}}};
    program.commands = {{{"SET", "k", "v", "EX", "100"}}, {{"INCR", "n"}}, {{"MGET", "k", "n"}}};
    return command::encode(program);
}

std::vector<std::string> seeds(Samples&) {
    return {
        transaction(),
        program_of({{"GET", "k"}, {"SET", "k", "5", "NX", "GET"}, {"INCRBY", "k", "-7"}}),
        program_of({{"SETRANGE", "k", "5", "x"}, {"GETRANGE", "l", "-5", "-1"}}),
        program_of({{"BITFIELD", "k", "OVERFLOW", "SAT", "INCRBY", "i8", "#1", "100"}}),
        program_of({{"BITFIELD", "l", "SET", "u63", "3", "-1", "GET", "i64", "7"}}),
        program_of({{"BITCOUNT", "l", "1", "-2", "BIT"}, {"BITPOS", "l", "0", "2", "9"}}),
        program_of({{"BITOP", "XOR", "k", "l", ""}, {"SETBIT", "k", "77", "1"}}),
        program_of({{"LCS", "k", "l", "IDX", "MINMATCHLEN", "1", "WITHMATCHLEN"}}),
        program_of({{"INCRBYFLOAT", "k", "1e-3"}, {"LCS", "k", "l"}}),
        program_of({{"GETEX", "l", "PERSIST"}, {"EXPIRE", "k", "10", "NX"}, {"TTL", "k"}}),
        program_of({{"SCAN", "0", "MATCH", "[^a-c]*", "COUNT", "2"}, {"KEYS", "?"}}),
        program_of({{"PEXPIREAT", "k", "9223372036854775807"}, {"SETEX", "l", "9000000000", "v"}}),
        program_of({{"MSETEX", "2", "k", "1", "m", "2", "XX", "PX", "5"}}),
        program_of({{"DELEX", "k", "IFDEQ", "0123456789abcdef"}, {"DIGEST", "l"}}),
        program_of({{"COPY", "k", "m", "REPLACE"}, {"RENAME", "k", "l"}, {"FLUSHALL"}}),
        program_of({{"OBJECT", "ENCODING", "k"}, {"MEMORY", "USAGE", "l"}, {"NONE", "x"}})};
}

}  // namespace

const Target program{"program", run, seeds, 256};

}  // namespace grapevine::fuzz
