// Copies that move though none is missing: how many rings that takes.
#include "scenarios/scenario.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

// Whether copies left, and nothing else happened.
bool only_trims(const Ring& before, const Ring& after) {
    if (before.members != after.members) return false;
    for (std::uint32_t i = 0; i < after.partitions(); ++i) {
        const Entry& old = before.table[i];
        const Entry& entry = after.table[i];
        const auto was_copy = [&](NodeId id) { return old.is_copy(id); };
        if (old.primary() != entry.primary() || old.fills != entry.fills) return false;
        if (!std::ranges::all_of(entry.copies, was_copy)) return false;
    }
    return true;
}

struct Rings {
    RingPtr last;
    std::size_t all = 0;
    std::size_t trims = 0;  // that did nothing else
};

std::shared_ptr<Rings> count_rings(Cluster& cluster) {
    auto rings = std::make_shared<Rings>();
    rings->last = cluster.world().newest_ring();
    cluster.world().on_ring([rings](const sim::NodeHost&, const RingPtr& ring) {
        ++rings->all;
        rings->trims += only_trims(*rings->last, *ring) ? 1 : 0;
        rings->last = ring;
    });
    return rings;
}

}  // namespace

// So that fills are complete one after the other, and rings are made of some of them.
constexpr std::uint64_t rate = 30'000;

TEST_CASE("replaced primaries leave in the rings that a join and a leave take anyway",
          "[scenario]") {
    Cluster cluster({.nodes = 7, .copies = 3, .partitions = 1024, .node = {.backfill_rate = rate}});
    REQUIRE(cluster.run_until_restored());
    const std::string value(5000, 'v');
    cluster.put_keys(200, value);
    const auto joining = count_rings(cluster);
    cluster.world().start("server8");
    REQUIRE(cluster.run_until([&] { return cluster.members().size() == 8; }, 5s));
    REQUIRE(cluster.run_until_settled(20s));
    UNSCOPED_INFO(joining->all << " rings of a join, " << joining->trims << " of them trims");
    CHECK(joining->trims <= 1);
    CHECK(joining->all <= 12);

    const auto leaving = count_rings(cluster);
    cluster.world().apply({.kind = sim::FaultKind::leave, .names = {"server8"}});
    REQUIRE(cluster.run_until([&] { return cluster.members().size() == 7; }, 20s));
    UNSCOPED_INFO(leaving->all << " rings of a leave, " << leaving->trims << " of them trims");
    CHECK(leaving->trims <= 1);
    CHECK(leaving->all <= 12);
    cluster.check_keys(200, value);
}

namespace {

// Writes going round the keys for so long; what the slowest took.
Duration slowest_write(Cluster& cluster, std::size_t keys, Duration lasts) {
    struct Write {
        Time begun;
        std::shared_ptr<std::string> answer;
    };
    std::vector<Write> open;
    std::size_t next = 0;
    Duration slowest{};
    const Time end = cluster.world().now() + lasts;
    while (cluster.world().now() < end) {
        const std::string key = "key" + std::to_string(1 + next++ % keys);
        open.push_back({cluster.world().now(),
                        cluster.begin({.kind = OperationKind::put, .key = key, .value = "w"})});
        cluster.run_for(200us);
        for (const Write& write : open) {
            slowest = std::max(slowest, cluster.world().now() - write.begun);
        }
        std::erase_if(open, [](const Write& write) { return !write.answer->empty(); });
    }
    return slowest;
}

}  // namespace

// Some primaries send the beginning of a fill before its receiver knows the ring that says so. The
// partition's writes waited until it was sent again, 100 ms later.
TEST_CASE("a write does not wait for a fill that began before its receiver knew the ring",
          "[scenario]") {
    constexpr std::size_t keys = 500;
    Cluster cluster({.nodes = 7, .copies = 3, .partitions = 1024});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(keys, "v");
    cluster.world().apply({.kind = sim::FaultKind::leave, .names = {"server7"}});
    CHECK(slowest_write(cluster, keys, 400ms) < 10ms);
    CHECK(cluster.run_until([&] { return cluster.members().size() == 6; }, 20s));
}

// A ring moves some hundred of them to one receiver.
TEST_CASE("a join takes no longer than its data where there are many partitions", "[scenario]") {
    Cluster cluster({.nodes = 2, .copies = 1, .partitions = 4096});
    REQUIRE(cluster.run_until_restored());
    cluster.world().start("server3");
    REQUIRE(cluster.run_until([&] { return cluster.members().size() == 3; }, 5s));
    CHECK(cluster.run_until_settled(10s));
    CHECK(partitions_of(*cluster.world().newest_ring(), cluster.world().node("server3")->id()) >
          1300);
}

// A node has joined, and some partitions have a copy more than they should for up to 2 s. Until
// such a copy is let go writes wait for it.
TEST_CASE("a copy too many that does not answer is let go at once", "[scenario]") {
    const bool hangs = GENERATE(false, true);
    Cluster cluster({.nodes = 4, .copies = 2});
    REQUIRE(cluster.run_until_restored());
    cluster.put_keys(60, "v");
    cluster.world().start("server5");
    std::string key;
    std::string extra;
    const auto has_one_more = [&] {
        for (int i = 1; i <= 60; ++i) {
            key = "key" + std::to_string(i);
            const Names copies = cluster.copies_of(key);
            extra = copies.back();
            if (copies.size() == 3 && cluster.serves(copies.front(), key)) return true;
        }
        return false;
    };
    const auto no_fill_is_open = [&] {
        const RingPtr ring = cluster.world().newest_ring();
        return std::ranges::all_of(ring->table, [](const Entry& e) { return e.fills.empty(); });
    };
    REQUIRE(cluster.run_until([&] { return has_one_more() && no_fill_is_open(); }, 5s));
    const std::uint64_t epoch = cluster.epoch();
    if (hangs) {
        const sim::FaultKind kind = sim::FaultKind::hang;
        cluster.world().apply({.kind = kind, .pairs = {{cluster.primary_of(key), extra}}});
    } else {
        cluster.pause({extra});
    }
    const auto written = cluster.begin({.kind = OperationKind::put, .key = key, .value = "w"});
    const Duration time = cluster.time_until([&] { return !written->empty(); }, 6s);
    CHECK(*written == "OK");
    CHECK(cluster.epoch() == epoch + 1);
    CHECK(cluster.members().size() == 5);  // it was not evicted for this
    CHECK(time < (hangs ? 900ms : 300ms));
}

// Nothing waits anywhere, and a chunk is acknowledged after 25 ms all the same.
TEST_CASE("a far line does not hold up copies that move", "[scenario]") {
    sim::WorldConfig far{.nodes = 1, .copies = 1};
    far.network.delay_min = 12ms;
    far.network.delay_max = 13ms;
    Cluster cluster(far);
    REQUIRE(cluster.run_until_restored());
    constexpr std::size_t keys = 400;
    const std::string value(60'000, 'v');
    cluster.put_keys(keys, value);
    std::size_t bytes = 0;  // that have to move
    cluster.world().start("server2");
    REQUIRE(cluster.run_until([&] { return cluster.members().size() == 2; }, 5s));
    const Duration time = cluster.time_until(
        [&] {
            const RingPtr ring = cluster.world().newest_ring();
            return std::ranges::all_of(ring->table, [](const Entry& e) { return e.fills.empty(); });
        },
        60s);
    for (std::size_t i = 1; i <= keys; ++i) {
        const std::string key = "key" + std::to_string(i);
        bytes += cluster.primary_of(key) == "server2" ? value.size() : 0;
    }
    const auto per_second = bytes * 1000 / static_cast<std::size_t>(to_ms(time));
    UNSCOPED_INFO(bytes << " bytes in " << to_ms(time) << " ms: " << per_second
                        << " bytes a second");
    CHECK(bytes > 10'000'000);
    CHECK(per_second >
          3'000'000);  // 640,000 where each chunk is rested for as long as for a busy one
    cluster.check_keys(keys, value);
}
