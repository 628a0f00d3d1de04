// SCAN and FLUSHALL over all partitions, while members die, join and leave.
#include <fmt/format.h>

#include <set>

#include "command/reply.h"
#include "scenarios/redis_user.h"
#include "sim/load.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

struct Scanned {
    std::set<std::string> keys;
    std::size_t errors = 0;
};

// A whole scan. An error says why, and the same cursor is used again.
Scanned scan_all(RedisUser& user, std::size_t count, const std::function<void()>& between) {
    Scanned scanned;
    std::string cursor = "0";
    for (std::size_t calls = 0;; ++calls) {
        REQUIRE(calls < 20'000);
        const std::string reply = user.ask(fmt::format("SCAN {} COUNT {}", cursor, count));
        INFO(reply);
        if (reply.starts_with('-')) {
            const bool says_why =
                reply.starts_with("-CLUSTERDOWN") || reply.starts_with("-TRYAGAIN");
            REQUIRE(says_why);
            REQUIRE(++scanned.errors < 100);
            continue;
        }
        std::string_view rest = reply;
        REQUIRE(command::take_aggregate(rest) == 2);
        cursor = command::bulk_of(*command::take_reply(rest)).value();
        const auto told = command::take_aggregate(rest);
        REQUIRE(told.has_value());
        for (std::size_t i = 0; i < *told; ++i) {
            scanned.keys.emplace(command::bulk_of(*command::take_reply(rest)).value());
        }
        if (cursor == "0") return scanned;
        between();
    }
}

// Changes the ring in one way after the other.
class Changes {
public:
    explicit Changes(Cluster& cluster) : cluster_(cluster) {}

    // Where the last change is over, so that no two deaths are one too many.
    void next() {
        if (!cluster_.is_ready()) return;
        const RingPtr ring = cluster_.world().newest_ring();
        if (ring->epoch == last_ || !fully_replicated(*ring)) return;
        last_ = ring->epoch;
        const std::string victim = cluster_.primary_of(fmt::format("key{}", 1 + made_));
        switch (made_++ % 3) {
            case 0:
                cluster_.kill({victim});
                gone_ = victim;
                return;
            case 1:
                cluster_.restart({gone_});
                return;
            default:
                cluster_.world().apply({.kind = sim::FaultKind::leave, .names = {victim}});
                cluster_.world().start(fmt::format("server{}", ++newcomers_ + 20));
                return;
        }
    }
    [[nodiscard]] std::size_t made() const { return made_; }

private:
    Cluster& cluster_;
    Epoch last_;
    std::string gone_;
    std::size_t made_ = 0;
    std::size_t newcomers_ = 0;
};

}  // namespace

TEST_CASE("SCAN tells every key that is there throughout, whoever dies, joins and leaves",
          "[scenario]") {
    const std::uint64_t seed = GENERATE(1, 2, 3);
    const std::size_t count = GENERATE(2, 30);
    CAPTURE(seed, count);
    Cluster cluster({.nodes = 5, .copies = 3, .seed = seed, .partitions = 16});
    REQUIRE(cluster.run_until_restored());
    constexpr std::size_t keys = 200;
    cluster.put_keys(keys, "v");
    sim::Load load(cluster.world(), {.clients = 3, .keys = 50, .erases_percent = 50}, seed);
    load.start();
    RedisUser user(cluster);
    Changes changes(cluster);
    std::size_t scans = 0;
    while (changes.made() < 6) {
        REQUIRE(++scans < 200);
        const Scanned scanned = scan_all(user, count, [&] {
            cluster.run_for(5ms);
            changes.next();
        });
        for (std::size_t i = 1; i <= keys; ++i) {
            INFO("key" << i << " in scan " << scans);
            REQUIRE(scanned.keys.contains("key" + std::to_string(i)));
        }
        for (const std::string& key : scanned.keys) {
            CHECK((key.starts_with("key") || key.starts_with("shared")));
        }
    }
    load.stop();
    CHECK(cluster.run_until([&] { return load.is_idle(); }, 10s));
}

// A scenario of sim/flusher.h has the interleavings; this is the whole way of a Redis client.
TEST_CASE("FLUSHALL leaves nothing of what was there, whoever dies, joins and leaves",
          "[scenario]") {
    const std::uint64_t seed = GENERATE(1, 2, 3, 4);
    CAPTURE(seed);
    Cluster cluster({.nodes = 5, .copies = 3, .seed = seed, .partitions = 16});
    REQUIRE(cluster.run_until_restored());
    RedisUser user(cluster);
    // More than one program erases, in one partition.
    std::size_t written = 0;
    while (written < 12'000) {
        std::string all = "MSET";
        for (int i = 0; i < 500; ++i) all += fmt::format(" {{t}}{} v", written++);
        REQUIRE(user.ask(all) == "+OK\r\n");
    }
    cluster.put_keys(50, "v");
    REQUIRE(user.ask("DBSIZE") == ":12050\r\n");
    user.begin("FLUSHALL");
    cluster.run_for(700us * static_cast<std::int64_t>(seed));
    REQUIRE_FALSE(user.has_reply());
    cluster.kill({cluster.primary_of("{t}")});
    cluster.run_until([&] { return user.has_reply(); }, 60s);
    CHECK(user.take_reply() == "+OK\r\n");
    CHECK(user.ask("DBSIZE") == ":0\r\n");
    CHECK(cluster.run_until_restored());
    CHECK(cluster.difference_between_copies() == "");
}
