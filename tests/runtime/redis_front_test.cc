// What a Redis client is written, and when: this node executes its commands at once.
#include "runtime/redis_front.h"

#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "resp/world.h"
#include "runtime/clock.h"

namespace grapevine {
namespace {

constexpr Address self{0x7f000001, 7001};
constexpr ConnectionId id{1};

struct Served {
    Served() {
        front.set_ring(boot_time(), resp::ring_of(1, 16));
        connection = front.open(id, {0x7f000001, 40'000});
    }

    RedisFront::Outside outside() {
        return {.facts = [] { return resp::Facts{}; },
                .deliver = [](ClientMessage&&) {},
                .execute =
                    [this](Time, const AtOnceCommand& command, command::Reply& reply) {
                        command::execute(command.args, keys, reply);
                        return std::optional(
                            AtOnce{.valid_until = command.writes ? written_until : never,
                                   .version = {},
                                   .steps = 1});
                    },
                .write =
                    [this](ConnectionId, std::string&& bytes) {
                        written.push_back(std::move(bytes));
                        if (holds_after_each) connection->hold(true);
                    },
                .go_on = [](ConnectionId) {},
                .finish = [this](ConnectionId) { finished = true; },
                .hang_up = [this](ConnectionId) { hung_up = true; },
                .note = [](const std::string&) {}};
    }

    void say(std::string_view commands) {
        connection->received(commands);
        while (connection->next(boot_time())) {
        }
        front.work();
    }

    Loop loop;
    resp::MapKeys keys;
    Time written_until = never;
    std::vector<std::string> written;
    bool holds_after_each = false;
    bool finished = false;
    bool hung_up = false;
    RedisFront front{loop, resp::World::with_id({}), self, outside()};
    std::unique_ptr<TextClient> connection;
};

const std::string large(100'000, 'x');
const std::string large_reply = "$100000\r\n" + large + "\r\n";

}  // namespace

TEST_CASE("large replies are written one by one, as the client reads them") {
    Served served;
    served.keys.put("a", large, 0);
    served.holds_after_each = true;
    served.say("GET a\r\nGET a\r\nQUIT\r\n");
    const std::string whole = large_reply + large_reply + "+OK\r\n";
    std::string all;
    for (int i = 0; i < 10 && !served.finished; ++i) {
        REQUIRE(served.written.size() == 1);
        all += served.written.front();
        served.written.clear();
        // What it does not read is not written, whatever else happens.
        CHECK_FALSE(served.connection->next(boot_time()));
        served.front.work();
        CHECK(served.written.empty());
        CHECK(served.connection->is_over());
        CHECK(all.size() + served.connection->owed_bytes() == whole.size());
        served.connection->hold(false);
        served.front.work();
    }
    CHECK(served.finished);
    CHECK_FALSE(served.hung_up);
    for (const std::string& piece : served.written) all += piece;
    CHECK((all == whole));
}

TEST_CASE("what must be told by some time does not wait for the client to read") {
    Served served;
    served.keys.put("a", large, 0);
    served.holds_after_each = true;
    served.written_until = boot_time() + 1000s;
    served.say("GET a\r\nSET b 1\r\nGET a\r\n");
    std::string all;
    for (const std::string& piece : served.written) all += piece;
    CHECK((all == large_reply + "+OK\r\n" + large_reply));
    CHECK_FALSE(served.hung_up);
}

TEST_CASE("what must not be told any more is not, and the connection ends") {
    Served served;
    served.written_until = boot_time();
    served.say("SET b 1\r\n");
    CHECK(served.written.empty());
    CHECK(served.hung_up);
}

}  // namespace grapevine
