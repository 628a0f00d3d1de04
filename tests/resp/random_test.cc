// Whatever order programs end in, and however little a session may keep: replies are those of the
// same commands one after the other.
#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <vector>

#include "base/rng.h"
#include "resp/world.h"

namespace grapevine::resp {
namespace {

std::string key_of(Rng& rng) {
    return "key" + std::to_string(rng.below(20));
}

// Commands whose replies do not depend on what runs beside them.
std::string draw_line(Rng& rng) {
    const std::string key = key_of(rng);
    switch (rng.below(14)) {
        case 0:
            return "PING " + key;
        case 1:
            return "SET " + key + " " + std::string(rng.below(2000), 'x');
        case 2:
            return "MGET " + key + " " + key_of(rng) + " " + key_of(rng) + " " + key_of(rng);
        case 3:
            return "DEL " + key + " " + key_of(rng) + " " + key_of(rng);
        case 4:
            return "NOSUCH";
        case 5:
            return rng.chance(1, 2) ? "HELLO 3" : "HELLO 2";
        case 6:
            return rng.chance(1, 2) ? "CLIENT REPLY SKIP" : "CLIENT REPLY ON";
        case 7:
            return "MULTI\r\nAPPEND " + key + " a\r\nPING\r\nGET " + key + "\r\nEXEC";
        case 8:
            return "MULTI\r\nGET " + key + "\r\nHELLO " + (rng.chance(1, 2) ? "3" : "2") +
                   "\r\nGET {" + key + "}none\r\nEXEC";
        case 9:
            return "WATCH " + key + "\r\n" +
                   (rng.chance(1, 2) ? "SET " + key + " y\r\n" : std::string()) + "MULTI\r\nSET " +
                   key + " z\r\nHELLO 3 SETNAME n" + std::to_string(rng.below(10)) +
                   "\r\nEXEC\r\nCLIENT GETNAME";
        case 10:
            return "DBSIZE";
        case 11:
            return "GET " + key;
        default:
            return "APPEND " + key + " b";
    }
}

struct Chaos {
    explicit Chaos(std::uint64_t seed) : rng(seed), world(small()) {}

    static FrontConfig small() {
        FrontConfig config;
        config.limits.replies_max = 20;
        config.limits.bytes_max = 20'000;
        config.limits.commands_per_program = 5;
        return config;
    }

    void turn() {
        if (rng.chance(1, 10)) session->hold(!session->is_held());
        while (session->step(world.now)) {
            if (rng.chance(1, 3)) break;
        }
        for (Run& run : session->take_runs()) under_way.push_back(std::move(run));
        if (under_way.empty() || rng.chance(1, 3)) return;
        const std::size_t at = rng.below(under_way.size());
        const Run run = std::move(under_way[at]);
        under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(at));
        session->finished(run.partition, world.execute(run));
        out += take_all(*session);
    }

    Rng rng;
    World world;
    std::unique_ptr<Session> session = world.connect();
    std::deque<Run> under_way;
    std::string out;
};

}  // namespace

TEST_CASE("replies are those of one command after the other", "[resp]") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        INFO("seed " << seed);
        Rng rng(seed);
        World plain;
        const auto sequential = plain.connect();
        Chaos chaos(seed + 1000);
        std::string expected;
        std::string all;
        for (int i = 0; i < 300; ++i) {
            const std::string line = draw_line(rng);
            all += line + "\r\n";
            expected += plain.say(*sequential, line);
        }
        // In pieces.
        std::size_t fed = 0;
        const auto is_done = [&] {
            return fed == all.size() && chaos.under_way.empty() &&
                   chaos.session->owed_bytes() == 0 && chaos.session->query_bytes() == 0;
        };
        for (int turn = 0; turn < 100'000 && !is_done(); ++turn) {
            const std::size_t piece = std::min<std::size_t>(chaos.rng.below(200), all.size() - fed);
            if (!chaos.session->is_full()) {
                chaos.session->feed(std::string_view(all).substr(fed, piece));
                fed += piece;
            }
            chaos.turn();
        }
        chaos.out += take_all(*chaos.session);
        REQUIRE(is_done());
        REQUIRE(chaos.out == expected);
    }
}

}  // namespace grapevine::resp
