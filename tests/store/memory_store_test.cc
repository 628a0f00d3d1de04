#include "store/memory_store.h"

#include <malloc.h>

#include <catch2/catch.hpp>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/hash.h"
#include "base/limits.h"
#include "base/rng.h"

using namespace grapevine;

namespace {

constexpr PartitionId partition{7};

std::string key_of(std::uint64_t number) {
    return "key:" + std::to_string(number);
}

// All of a partition, read in steps of so many bytes.
std::multiset<std::string> keys_by_scan(const Store& store, PartitionId of, std::size_t bytes) {
    std::multiset<std::string> keys;
    std::optional<std::uint64_t> cursor = 0;
    while (cursor) {
        cursor = store.scan(of, *cursor, bytes, [&](const Record& r) { keys.emplace(r.key); });
    }
    return keys;
}

// What a store must do, said in the dumbest way.
struct Model {
    struct Held {
        std::string value;
        Version version;
        std::int64_t expires_ms = 0;
    };
    std::map<std::uint32_t, std::map<std::string, Held>> partitions;

    void check(const MemoryStore& store) const {
        store.invariants();
        std::size_t keys = 0;
        for (const auto& [id, held] : partitions) {
            const PartitionId at{id};
            REQUIRE(store.count(at) == held.size());
            REQUIRE(keys_by_scan(store, at, 50).size() == held.size());
            for (const auto& [key, record] : held) {
                const auto found = store.find(at, key);
                REQUIRE(found.has_value());
                CHECK((found->key == key && found->value == record.value &&
                       found->version == record.version && found->expires_ms == record.expires_ms));
            }
            check_expiry(store, at, held);
            keys += held.size();
        }
        CHECK(store.count() == keys);
    }

    static void check_expiry(const MemoryStore& store, PartitionId at,
                             const std::map<std::string, Held>& held) {
        std::multimap<std::int64_t, std::string> expire;
        for (const auto& [key, record] : held) {
            if (record.expires_ms != 0) expire.emplace(record.expires_ms, key);
        }
        const auto next_ms = store.expires_next_ms(at);
        REQUIRE(next_ms.has_value() == !expire.empty());
        if (next_ms) CHECK(*next_ms == expire.begin()->first);
        std::set<std::string> due;
        std::int64_t before = 0;
        store.visit_due(at, 500, 1000, [&](const Record& record) {
            CHECK(record.expires_ms >= before);
            before = record.expires_ms;
            due.emplace(record.key);
        });
        std::erase_if(expire, [](const auto& each) { return each.first > 500; });
        CHECK(due.size() == std::min<std::size_t>(expire.size(), 1000));
        for (const std::string& key : due) CHECK(held.at(key).expires_ms <= 500);
    }
};

Version random_version(Rng& rng) {
    return {Epoch{rng.next() >> rng.below(64)}, rng.next() >> rng.below(64)};
}

struct Step {
    PartitionId at;
    std::string key;
};

void clear(MemoryStore& store, PartitionId what) {
    store.set_aside(what);
    store.drop_aside(what);
    while (store.has_garbage()) store.collect(100);
}

// Waves of more puts, then more erasures, so that tables grow and shrink.
void random_step(Rng& rng, std::uint64_t wave, const Step& step, MemoryStore& store, Model& model) {
    auto& held = model.partitions[step.at.value];
    if (rng.chance(wave % 2 == 0 ? 4 : 1, 5)) {
        const std::string value(rng.below(300), static_cast<char>(rng.below(256)));
        const Version version = random_version(rng);
        const std::int64_t expires_ms =
            rng.chance(1, 3) ? 1 + static_cast<std::int64_t>(rng.below(1000)) : 0;
        store.put(step.at, {step.key, value, version, expires_ms});
        held[step.key] = {value, version, expires_ms};
    } else if (rng.chance(1, 2000)) {
        clear(store, step.at);
        held.clear();
    } else {
        CHECK(store.erase(step.at, step.key) == (held.erase(step.key) == 1));
    }
    CHECK(store.find(step.at, step.key).has_value() == held.contains(step.key));
}

}  // namespace

TEST_CASE("the store does what a map does", "[store]") {
    const std::uint64_t seed = GENERATE(1, 2, 3);
    CAPTURE(seed);
    Rng rng(seed);
    MemoryStore store(rng.next());
    Model model;
    for (std::uint64_t i = 0; i < 20000; ++i) {
        const PartitionId at{static_cast<std::uint32_t>(rng.below(3) * 5000)};
        random_step(rng, i / 2500, {at, key_of(rng.below(1500))}, store, model);
        if (i % 500 == 0) model.check(store);
    }
    model.check(store);
    CHECK(store.count() > 100);  // or the waves would have tested nothing
}

TEST_CASE("a key is found after a put and gone after an erase", "[store]") {
    MemoryStore store;
    CHECK_FALSE(store.find(partition, "a").has_value());
    CHECK_FALSE(store.erase(partition, "a"));
    store.put(partition, "a", "1", {Epoch{2}, 3});
    store.put(partition, "a", "2", {Epoch{2}, 4});
    const auto found = store.find(partition, "a");
    REQUIRE(found.has_value());
    CHECK(found->value == "2");
    CHECK(found->version == Version{Epoch{2}, 4});
    CHECK_FALSE(store.find(PartitionId{8}, "a").has_value());
    CHECK(store.erase(partition, "a"));
    CHECK_FALSE(store.find(partition, "a").has_value());
    CHECK(store.count() == 0);
}

TEST_CASE("empty keys and values are like others", "[store]") {
    MemoryStore store;
    store.put(partition, "", "", {Epoch{1}, 1});
    store.put(partition, std::string_view("\0", 1), "x", {});
    REQUIRE(store.find(partition, "").has_value());
    CHECK(store.find(partition, "")->value.empty());
    CHECK(store.find(partition, std::string_view("\0", 1))->value == "x");
    CHECK(keys_by_scan(store, partition, 0).size() == 2);
    CHECK(store.erase(partition, ""));
    CHECK_FALSE(store.find(partition, "").has_value());
    CHECK(store.count(partition) == 1);
}

TEST_CASE("the largest keys, values and versions are kept whole", "[store]") {
    MemoryStore store;
    const std::string key(key_size_max, 'k');
    const std::string value(value_size_max, 'v');
    const Version version{Epoch{~std::uint64_t{0}}, ~std::uint64_t{0}};
    store.put(partition, key, value, version);
    const auto found = store.find(partition, key);
    REQUIRE(found.has_value());
    CHECK(found->key == key);
    CHECK(found->value == value);
    CHECK(found->version == version);
    store.invariants();
}

TEST_CASE("a record may be put over itself", "[store]") {
    MemoryStore store;
    store.put(partition, "key", std::string(1000, 'v'), {Epoch{1}, 1});
    const Record old = *store.find(partition, "key");
    store.put(partition, old.key, old.value, {Epoch{1}, 2});
    CHECK(store.find(partition, "key")->value == std::string(1000, 'v'));
    CHECK(store.find(partition, "key")->version.counter == 2);
}

TEST_CASE("scan stops once so many bytes were visited", "[store]") {
    MemoryStore store;
    for (std::uint64_t i = 100; i < 200; ++i) store.put(partition, key_of(i), "abc", {});  // 7 + 3
    std::optional<std::uint64_t> cursor = 0;
    std::size_t calls = 0;
    while (cursor) {
        std::size_t visits = 0;
        cursor = store.scan(partition, *cursor, 45, [&](const Record&) { ++visits; });
        CHECK(visits == 5);
        ++calls;
    }
    CHECK(calls == 20);
    CHECK_FALSE(store.scan(PartitionId{9}, 0, 45, [](const Record&) { FAIL(); }).has_value());
}

TEST_CASE("scan visits what stays, whatever comes and goes between its calls", "[store]") {
    const std::uint64_t seed = GENERATE(11, 12, 13, 14);
    CAPTURE(seed);
    Rng rng(seed);
    MemoryStore store;
    std::set<std::string> stays;
    for (std::uint64_t i = 0; i < 500; ++i) {
        stays.insert(key_of(i));
        store.put(partition, key_of(i), "v", {});
    }
    std::set<std::string> visited;
    std::optional<std::uint64_t> cursor = 0;
    std::uint64_t extra = 1000;
    for (std::uint64_t call = 0; cursor; ++call) {
        cursor =
            store.scan(partition, *cursor, 100, [&](const Record& r) { visited.emplace(r.key); });
        // Enough to grow the table several times, then to shrink it again.
        for (int i = 0; i < 200; ++i) {
            if (call % 20 < 10) {
                store.put(partition, key_of(extra++), "w", {});
            } else if (extra > 1000) {
                store.erase(partition, key_of(--extra));
            }
            store.put(partition, key_of(rng.below(500)), std::string(rng.below(40), 'x'), {});
        }
        store.invariants();
    }
    for (const auto& key : stays) CHECK(visited.contains(key));
}

TEST_CASE("many keys at the end of the table make it longer, not wider", "[store]") {
    // Keys whose hashes are the highest share the last home; probing then runs past it.
    MemoryStore store;
    std::vector<std::string> keys;
    for (std::uint64_t i = 0; keys.size() < 60; ++i) {
        if (hash64(key_of(i)) >> 54 == 1023) keys.push_back(key_of(i));
    }
    for (const auto& key : keys) {
        store.put(partition, key, "", {});
        store.invariants();
    }
    for (const auto& key : keys) CHECK(store.find(partition, key).has_value());
    CHECK(keys_by_scan(store, partition, 1).size() == keys.size());
    CHECK(store.memory_bytes() < 60 * 64 + 4096);
    for (const auto& key : keys) {
        CHECK(store.erase(partition, key));
        store.invariants();
    }
}

TEST_CASE("dropping and erasing give the memory back", "[store]") {
    MemoryStore store;
    store.put(partition, "first", "", {});
    clear(store, partition);
    const std::size_t empty = store.memory_bytes();
    const bool by_dropping = GENERATE(true, false);
    for (std::uint64_t i = 0; i < 5000; ++i) store.put(partition, key_of(i), "value", {});
    CHECK(store.memory_bytes() > empty + 5000 * 40);
    if (by_dropping) {
        clear(store, partition);
    } else {
        for (std::uint64_t i = 0; i < 4990; ++i) store.erase(partition, key_of(i));
        CHECK(store.memory_bytes() < empty + 10 * 100);
        for (std::uint64_t i = 4990; i < 5000; ++i) store.erase(partition, key_of(i));
    }
    CHECK(store.memory_bytes() == empty);
    CHECK(store.count() == 0);
    store.put(partition, "again", "v", {});
    CHECK(store.find(partition, "again")->value == "v");
}

TEST_CASE("what is aside is not seen, and comes back by key and version", "[store]") {
    MemoryStore store;
    const std::size_t empty = store.memory_bytes();
    const PartitionId other{9};
    store.put(other, "elsewhere", "w", {});
    for (std::uint64_t i = 0; i < 100; ++i) store.put(partition, key_of(i), "old", {Epoch{1}, i});
    store.set_aside(partition);
    store.invariants();
    CHECK(store.count() == 1);
    CHECK(store.count(partition) == 0);
    CHECK(store.count_aside(partition) == 100);
    CHECK(store.count_aside(other) == 0);
    CHECK_FALSE(store.find(partition, key_of(7)).has_value());

    CHECK_FALSE(store.take_back(partition, key_of(7), {Epoch{1}, 8}));
    CHECK_FALSE(store.take_back(partition, key_of(100), {Epoch{1}, 7}));
    CHECK_FALSE(store.take_back(other, key_of(7), {Epoch{1}, 7}));
    CHECK(store.take_back(partition, key_of(7), {Epoch{1}, 7}));
    CHECK_FALSE(store.take_back(partition, key_of(7), {Epoch{1}, 7}));
    CHECK(store.find(partition, key_of(7))->value == "old");
    // In the place of what the key has now.
    store.put(partition, key_of(8), "new", {Epoch{2}, 8});
    CHECK(store.take_back(partition, key_of(8), {Epoch{1}, 8}));
    CHECK(store.find(partition, key_of(8))->value == "old");
    CHECK(store.count() == 3);

    // To those that are there; of two versions the one that came last.
    store.put(partition, key_of(9), "newer", {Epoch{3}, 9});
    store.set_aside(partition);
    store.invariants();
    CHECK(store.count(partition) == 0);
    CHECK(store.count_aside(partition) == 100);
    CHECK_FALSE(store.take_back(partition, key_of(9), {Epoch{1}, 9}));
    CHECK(store.take_back(partition, key_of(9), {Epoch{3}, 9}));
    for (std::uint64_t i = 0; i < 100; ++i) {
        CHECK(store.take_back(partition, key_of(i), {Epoch{1}, i}) == (i != 9));
    }
    store.invariants();
    CHECK(store.count(partition) == 100);
    CHECK(store.count_aside(partition) == 0);

    store.set_aside(partition);
    store.drop_aside(other);
    CHECK(store.count_aside(partition) == 100);
    store.drop_aside(partition);
    CHECK(store.count_aside(partition) == 0);
    store.put(partition, "again", "v", {});
    store.set_aside(partition);
    CHECK(store.count_aside() == 1);
    store.drop_aside(partition);
    CHECK(store.count_aside() == 0);
    clear(store, other);
    clear(store, partition);
    store.invariants();
    CHECK(store.memory_bytes() <= empty + 2 * 16 * 48);  // the tables themselves
}

TEST_CASE("empty partitions cost next to nothing", "[store]") {
    MemoryStore store;
    store.put(PartitionId{slot_count - 1}, "key", "", {});
    CHECK(store.memory_bytes() < std::size_t{slot_count} * 49);
}

TEST_CASE("a key costs at most 48 bytes beyond key and value", "[store]") {
    constexpr std::size_t keys = 100'000;
    constexpr std::size_t own = 16 + 100;
    const std::size_t before = mallinfo2().uordblks;
    MemoryStore store;
    const std::string value(100, 'v');
    for (std::uint64_t i = 0; i < keys; ++i) {
        const std::string key = fmt::format("key:{:012}", i);
        store.put(partition_of_key(key, 1024), key, value, {Epoch{40}, i});
    }
    const std::size_t said = store.memory_bytes() / keys - own;
    std::cout << "bytes per key beyond key and value: " << said << "\n";
    CHECK(said >= 20);
    CHECK(said <= 48);
    // What malloc itself says. Under the sanitizers mallinfo2() stays at zero.
    const std::size_t taken = mallinfo2().uordblks - before;
    if (taken != 0) {
        CHECK(store.memory_bytes() > taken / 100 * 97);
        CHECK(store.memory_bytes() < taken / 100 * 103);
    }
}

TEST_CASE("due keys are visited in the order of their expiry, so many at a time", "[store]") {
    MemoryStore store(7);
    for (std::uint64_t i = 0; i < 100; ++i) {
        const auto expires_ms = static_cast<std::int64_t>(1000 + (i * 37) % 100);
        store.put(partition, {key_of(i), "v", {Epoch{1}, i}, expires_ms});
    }
    store.put(partition, "stays", "v", {});
    CHECK(store.expires_next_ms(partition) == 1000);
    std::vector<std::int64_t> seen;
    const auto note = [&](const Record& record) { seen.push_back(record.expires_ms); };
    store.visit_due(partition, 999, 10, note);
    CHECK(seen.empty());
    store.visit_due(partition, 2000, 10, note);
    REQUIRE(seen.size() == 10);
    for (std::int64_t i = 0; i < 10; ++i) CHECK(seen[static_cast<std::size_t>(i)] == 1000 + i);
    // Without an expiry in its new version a key is due no more, erased neither.
    store.put(partition, key_of(0), "w", {});
    CHECK(store.expires_next_ms(partition) == 1001);
    for (std::uint64_t i = 1; i < 100; ++i) store.erase(partition, key_of(i));
    CHECK_FALSE(store.expires_next_ms(partition).has_value());
    store.invariants();
}

TEST_CASE("a table that grows has all its keys at every moment", "[store]") {
    Rng rng(11);
    MemoryStore store;
    std::set<std::string> keys;
    for (std::uint64_t i = 0; i < 30'000; ++i) {
        const std::string key = key_of(i);
        store.put(partition, key, "value", {Epoch{1}, i});
        keys.insert(key);
        if (rng.chance(1, 4)) {
            const std::string gone = key_of(rng.below(i + 1));
            CHECK(store.erase(partition, gone) == (keys.erase(gone) == 1));
        }
        const std::string some = key_of(rng.below(i + 1));
        REQUIRE(store.find(partition, some).has_value() == keys.contains(some));
        if (i % 997 != 0) continue;
        store.invariants();
        // By a cursor, a few at a time.
        std::set<std::string> seen;
        std::optional<std::uint64_t> cursor = 0;
        while (cursor) {
            cursor = store.scan(partition, *cursor, {.bytes = 700},
                                [&](const Record& record) { seen.emplace(record.key); });
        }
        CHECK(seen == keys);
    }
}

// So many that the table of 61,447 homes has just begun to grow.
constexpr std::uint64_t grows = 61'447 * 7 / 8 + 1;

TEST_CASE("a table that grows goes on with it where keys are overwritten alone", "[store]") {
    MemoryStore store;
    for (std::uint64_t i = 0; i < grows; ++i)
        store.put(partition, key_of(i), "value", {Epoch{1}, i});
    store.invariants();
    const std::size_t both = store.memory_bytes();
    const bool in_place = GENERATE(true, false);
    for (std::uint64_t i = 0; i < 2000; ++i) {
        store.put(partition, key_of(i), in_place ? "other" : std::string(100, 'v'), {Epoch{2}, i});
    }
    for (std::uint64_t i = 0; i < 2000; ++i) {
        store.put(partition, key_of(i), "value", {Epoch{3}, i});
    }
    store.invariants();
    CHECK(store.memory_bytes() + std::size_t{61'447} * 8 < both + 100);
}

TEST_CASE("what is dropped while it grows is freed in bounded steps", "[store]") {
    MemoryStore store;
    for (std::uint64_t i = 0; i < grows; ++i)
        store.put(partition, key_of(i), "value", {Epoch{1}, i});
    store.set_aside(partition);
    store.invariants();
    CHECK(store.count_aside(partition) == grows);
    CHECK(store.take_back(partition, key_of(1), {Epoch{1}, 1}));
    store.drop_aside(partition);
    store.invariants();
    std::size_t left = store.bytes_aside();
    CHECK(left >= (grows - 1) * 32);
    std::size_t times = 0;
    for (; store.has_garbage(); ++times) {
        store.collect(1000);
        CHECK(store.bytes_aside() <= left);
        left = store.bytes_aside();
    }
    store.invariants();
    CHECK(left == 0);
    CHECK(times >= grows / 1000);
    CHECK(times <= grows / 1000 + 5);
    CHECK(store.count() == 1);
}

TEST_CASE("what is put aside to as many as there are takes no longer for being in order",
          "[store]") {
    // Of a table that was about to grow. Inserted one after the other, which makes one long run in
    // its lower half, half of these took ten seconds.
    constexpr std::uint64_t keys = 612'000;
    MemoryStore store;
    for (std::uint64_t i = 0; i < keys; ++i) store.put(partition, key_of(i), "", {Epoch{1}, i});
    store.set_aside(partition);
    for (std::uint64_t i = keys; i < 2 * keys; ++i) {
        store.put(partition, key_of(i), "", {Epoch{1}, i});
    }
    store.set_aside(partition);
    CHECK(store.count() == 0);
    CHECK(store.count_aside(partition) == 2 * keys);
    CHECK(store.take_back(partition, key_of(2), {Epoch{1}, 2}));
    CHECK(store.take_back(partition, key_of(keys + 3), {Epoch{1}, keys + 3}));
}

TEST_CASE("of a key that is aside already the record that comes later stays", "[store]") {
    Rng rng(7);
    MemoryStore store;
    std::map<std::string, std::uint64_t> latest;
    for (std::uint64_t round = 1; round <= 20; ++round) {
        const std::uint64_t puts = rng.below(3000);
        for (std::uint64_t i = 0; i < puts; ++i) {
            const std::string key = key_of(rng.below(5000));
            store.put(partition, key, "value", {Epoch{round}, i});
            latest[key] = round;
        }
        store.set_aside(partition);
        store.invariants();
        CHECK(store.count_aside(partition) == latest.size());
        CHECK(store.count() == 0);
    }
    std::size_t found = 0;
    for (const auto& [key, round] : latest) {
        for (std::uint64_t i = 0; i < 3000; ++i) {
            if (!store.take_back(partition, key, {Epoch{round}, i})) continue;
            ++found;
            break;
        }
    }
    CHECK(found == latest.size());
    store.invariants();
}

TEST_CASE("garbage is collected bit by bit", "[store]") {
    MemoryStore store;
    store.put(partition, {"first", "", {}, 1});
    clear(store, partition);
    const std::size_t empty = store.memory_bytes();
    for (std::uint64_t i = 0; i < 1000; ++i) {
        store.put(partition, {key_of(i), "value", {Epoch{1}, i}, i % 2 == 0 ? 1 : 0});
    }
    store.set_aside(partition);
    store.drop_aside(partition);
    CHECK(store.count_aside() == 0);
    CHECK_FALSE(store.any_expires());
    std::size_t before = store.memory_bytes();
    std::size_t times = 0;
    for (; store.has_garbage(); ++times) {
        store.collect(100);
        store.invariants();
        CHECK(store.memory_bytes() < before);
        before = store.memory_bytes();
    }
    CHECK(times == 15);
    CHECK(store.memory_bytes() == empty);
}

TEST_CASE("what is put aside is not due, and what is taken back is again", "[store]") {
    MemoryStore store;
    store.put(partition, {"a", "v", {Epoch{1}, 1}, 100});
    store.put(partition, {"b", "v", {Epoch{1}, 2}, 200});
    store.set_aside(partition);
    CHECK_FALSE(store.expires_next_ms(partition).has_value());
    store.put(partition, {"b", "w", {Epoch{1}, 3}, 300});
    CHECK(store.take_back(partition, "b", {Epoch{1}, 2}));
    CHECK(store.expires_next_ms(partition) == 200);
    CHECK(store.find(partition, "b")->expires_ms == 200);
    store.invariants();
    clear(store, partition);
    CHECK_FALSE(store.expires_next_ms(partition).has_value());
    store.invariants();
}

TEST_CASE("a key that expires costs at most 112 bytes beyond key and value", "[store]") {
    constexpr std::size_t keys = 100'000;
    const std::size_t before = mallinfo2().uordblks;
    MemoryStore store;
    for (std::uint64_t i = 0; i < keys; ++i) {
        const std::string key = fmt::format("key:{:012}", i);
        store.put(partition_of_key(key, 1024),
                  {key, "0123456789", {Epoch{40}, i}, 1'800'000'000'000 + static_cast<int>(i)});
    }
    const std::size_t said = store.memory_bytes() / keys - 26;
    std::cout << "bytes per expiring key beyond key and value: " << said << "\n";
    CHECK(said <= 112);
    const std::size_t taken = mallinfo2().uordblks - before;
    if (taken != 0) {
        CHECK(store.memory_bytes() > taken / 100 * 97);
        CHECK(store.memory_bytes() < taken / 100 * 103);
    }
}

// What is left stands close together then, and stays as easy to find and to erase.
TEST_CASE("keys are erased in the order of a scan, as by FLUSHALL", "[store]") {
    constexpr std::size_t keys = 100'000;
    MemoryStore store(3);
    const std::size_t before = store.memory_bytes();
    for (std::size_t i = 0; i < keys; ++i) {
        store.put(PartitionId{0}, "key" + std::to_string(i), "v", {Epoch{1}, i + 1});
    }
    std::optional<std::uint64_t> cursor = 0;
    std::size_t left = keys;
    while (cursor) {
        std::vector<std::string> some;
        cursor = store.scan(PartitionId{0}, *cursor, ScanLimit{.keys = 64},
                            [&](const Record& record) { some.emplace_back(record.key); });
        for (const std::string& key : some) REQUIRE(store.erase(PartitionId{0}, key));
        left -= some.size();
        REQUIRE(store.count(PartitionId{0}) == left);
        if (left % 64 == 0 && left / 64 % 100 == 0) store.invariants();
    }
    CHECK(left == 0);
    // Keys come back into a table that did not shrink.
    store.put(PartitionId{0}, "key", "v", {Epoch{1}, keys + 1});
    store.invariants();
    CHECK(store.erase(PartitionId{0}, "key"));
    CHECK(store.memory_bytes() < before + 1024);
}
