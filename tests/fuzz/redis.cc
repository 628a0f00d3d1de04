// What Redis clients say: commands, however the bytes are cut, and a connection that carries them
// out on maps.
#include "base/hash.h"
#include "base/rng.h"
#include "command/reply.h"
#include "fuzz/decoded.h"
#include "resp/request_parser.h"
#include "resp/world.h"

namespace grapevine::fuzz {

namespace {

using resp::RequestParser;

// Small, so that inputs get over them.
constexpr resp::ParserLimits small{
    .line_max = 200, .bulk_max = 5000, .part_max = 300, .command_max = 1000, .parts_max = 8};

std::string told(const RequestParser& parser, RequestParser::Got got) {
    if (got == RequestParser::Got::error) return "error " + parser.error();
    if (got == RequestParser::Got::too_large) return "too large";
    if (got == RequestParser::Got::too_much) return "too much";
    std::string text;
    for (const std::string_view arg : parser.args()) {
        text += std::to_string(arg.size()) + ":";
        text += arg;
    }
    return text;
}

std::vector<std::string> commands_in(std::string_view bytes, resp::ParserLimits limits,
                                     std::size_t piece_max, Rng& rng) {
    std::vector<std::string> out;
    RequestParser parser(limits);
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t size = std::min(bytes.size() - at, 1 + rng.below(piece_max));
        const Exact piece(bytes.substr(at, size));
        parser.feed(piece.view());
        at += size;
        for (;;) {
            const auto got = parser.next();
            if (got == RequestParser::Got::nothing) break;
            out.push_back(told(parser, got));
            if (got == RequestParser::Got::error) return out;
        }
        ASSERT(parser.memory_bytes() <= 64 * (at + 100), "{} bytes kept of {}",
               parser.memory_bytes(), at);
    }
    return out;
}

void parse(std::string_view bytes) {
    Rng rng(hash64(bytes));
    for (const resp::ParserLimits& limits : {resp::ParserLimits{}, small}) {
        const auto whole = commands_in(bytes, limits, bytes.size() + 1, rng);
        for (const std::size_t piece_max : {std::size_t{1}, std::size_t{20}, std::size_t{300}}) {
            const auto cut = commands_in(bytes, limits, piece_max, rng);
            ASSERT(cut == whole, "pieces of up to {} bytes give {} commands, not {}", piece_max,
                   cut.size(), whole.size());
        }
    }
}

// In some turns no program is executed, in others some are, in any order.
void serve(std::string_view bytes) {
    Rng rng(hash64(bytes, 1));
    resp::World world({.redirect = resp::Redirect::automatic}, 1 + rng.below(5));
    world.commands_max = rng.chance(1, 4) ? 1 : 1000;
    const auto session = world.connect();
    std::vector<resp::Run> under_way;
    std::string out;
    std::size_t at = 0;
    for (int idle = 0; idle < 3;) {
        const std::size_t size = std::min(bytes.size() - at, rng.below(100));
        session->feed(bytes.substr(at, size));
        at += size;
        const bool worked = session->step(world.now);
        for (resp::Run& run : session->take_runs()) under_way.push_back(std::move(run));
        rng.shuffle(under_way);
        const bool has_run = !under_way.empty();
        const bool all = at == bytes.size();
        for (std::size_t left = all ? under_way.size() : rng.below(under_way.size() + 1); left > 0;
             --left) {
            const resp::Run run = std::move(under_way.back());
            under_way.pop_back();
            resp::RunResult result = world.execute(run);
            if (rng.chance(1, 20)) result = {.status = resp::RunStatus::unavailable};
            session->finished(run.partition, std::move(result));
        }
        out += resp::take_all(*session);
        idle = all && !worked && !has_run ? idle + 1 : 0;
    }
    std::string_view rest = out;
    while (!rest.empty()) {
        ASSERT(command::take_reply(rest), "{} bytes are no reply", rest.size());
    }
    ASSERT(session->is_killed() || !session->is_closing() || session->is_over());
    ASSERT(!session->is_full());
}

void run(std::string_view bytes) {
    parse(bytes);
    serve(bytes);
}

std::string array_of(const std::vector<std::string_view>& args) {
    std::string bytes = "*" + std::to_string(args.size()) + "\r\n";
    for (const std::string_view arg : args) {
        bytes += "$" + std::to_string(arg.size()) + "\r\n";
        bytes += arg;
        bytes += "\r\n";
    }
    return bytes;
}

std::vector<std::string> seeds(Samples&) {
    return {
        array_of({"SET", "key", "value", "EX", "10"}) + array_of({"GET", "key"}),
        array_of({"MSET", "a", "1", "b", "2", "c", "3"}) + array_of({"MGET", "a", "b", "c", "d"}) +
            array_of({"DEL", "a", "b"}) + array_of({"DBSIZE"}) + array_of({"SCAN", "0"}),
        array_of({"HELLO", "3", "AUTH", "default", "x", "SETNAME", "me"}) + array_of({"PING"}),
        "WATCH k\r\nMULTI\r\nSET k 1\r\nINCR k\r\nPING\r\nEXEC\r\nDISCARD\r\n",
        "SET a \"x\\x41\\n y\"\r\nGET 'a'\r\nKEYS *\r\nRANDOMKEY\r\nFLUSHALL\r\n",
        "CLIENT REPLY SKIP\r\nCLIENT LIST\r\nCLIENT REPLY OFF\r\nCLIENT REPLY ON\r\nCLIENT "
        "INFO\r\n",
        "COMMAND DOCS get\r\nCOMMAND INFO set\r\nCOMMAND GETKEYS MSET a 1 b 2\r\nINFO\r\nTIME\r\n",
        "CLUSTER SLOTS\r\nCLUSTER NODES\r\nCLUSTER SHARDS\r\nGET a\r\nGET b\r\nGET c\r\nQUIT\r\n",
        "CLUSTER COUNTKEYSINSLOT 5\r\nCONFIG GET *\r\nWAIT 1 0\r\nRESET\r\nSELECT 1\r\nNOSUCH\r\n",
        "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$400\r\n" + std::string(400, 'x') + "\r\nPING\r\n",
    };
}

}  // namespace

const Target redis{"redis", run, seeds, 4096};

}  // namespace grapevine::fuzz
