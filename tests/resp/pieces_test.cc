// Replies that are written in pieces.
#include "resp/pieces.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "resp/world.h"

using namespace grapevine;
using namespace grapevine::resp;

namespace {

constexpr std::size_t large = 100'000;

std::vector<std::string> pieces_of(Pieces& pieces) {
    std::vector<std::string> found;
    while (pieces.size() > 0) found.push_back(pieces.take());
    return found;
}

}  // namespace

TEST_CASE("what is small is one piece, what is large is handed on as it is", "[resp]") {
    Pieces pieces;
    CHECK(pieces.take().empty());
    pieces.append("a");
    pieces.append_moved("b");
    std::string value(large, 'v');
    const char* const place = value.data();
    pieces.append_moved(std::move(value));
    pieces.append("c");
    Pieces more;
    more.append("d");
    more.append_moved(std::string(large, 'w'));
    pieces.append(std::move(more));
    CHECK(pieces.size() == 2 * large + 4);
    CHECK(pieces.starts_with('a'));
    CHECK_FALSE(pieces.starts_with('b'));

    CHECK(pieces.take() == "ab");
    const std::string whole = pieces.take();
    CHECK(whole.data() == place);
    CHECK(whole == std::string(large, 'v'));
    CHECK(pieces_of(pieces) == std::vector{std::string("cd"), std::string(large, 'w')});
    CHECK(pieces.size() == 0);
    CHECK_FALSE(pieces.starts_with('a'));
}

TEST_CASE("nothing is no piece", "[resp]") {
    Pieces pieces;
    pieces.append("");
    pieces.append_moved({});
    pieces.append(Pieces());
    CHECK(pieces.size() == 0);
    CHECK(pieces_of(pieces).empty());
}

TEST_CASE("large values are told one by one, in both protocols", "[resp]") {
    World world;
    const auto session = world.connect();
    const std::string value(large, 'x');
    for (const char* key : {"a", "b"}) {
        world.talk(*session, "*3\r\n$3\r\nSET\r\n$1\r\n" + std::string(key) + "\r\n$100000\r\n" +
                                 value + "\r\n");
    }
    for (const bool is_resp3 : {false, true}) {
        if (is_resp3) world.say(*session, "HELLO 3");
        session->feed("MGET a nosuch b\r\n");
        while (session->step(world.now)) continue;
        for (const Run& run : session->take_runs()) {
            session->finished(run.partition, world.execute(run));
        }
        const std::string bulk = "$100000\r\n" + value + "\r\n";
        std::vector<std::string> told;
        while (session->output_size() > 0) told.push_back(session->take_output());
        const std::string null = is_resp3 ? "_\r\n" : "$-1\r\n";
        CHECK(told == std::vector{"*3\r\n" + std::string(), bulk, null, bulk});
    }
}
