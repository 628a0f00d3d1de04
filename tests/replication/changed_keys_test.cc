#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <optional>
#include <string>

#include "base/rng.h"
#include "replication/partition_log.h"

using namespace grapevine;

namespace {

std::string key_of(std::uint64_t number) {
    return "key" + std::to_string(number);
}

Change draw_change(Rng& rng, std::uint64_t key) {
    const OpKind kind = rng.chance(1, 3) ? OpKind::erase : OpKind::put;
    return {.kind = kind, .key = key_of(key), .value = std::to_string(rng.next()), .expires_ms = 0};
}

// A put, an erase, a batch or nothing at all.
Op draw_op(Rng& rng, std::uint64_t counter, std::uint64_t keys) {
    Op op{.version = {Epoch{1}, counter}, .answer = {}, .key = {}, .value = {}, .more = {}};
    const std::uint64_t drawn = rng.below(10);
    if (drawn == 0) return op;
    if (drawn < 8) {
        Change change = draw_change(rng, rng.below(keys));
        op.kind = change.kind;
        op.key = std::move(change.key);
        op.value = std::move(change.value);
        return op;
    }
    op.kind = OpKind::batch;
    const std::uint64_t first = rng.below(keys);
    for (std::uint64_t i = 0; i < 1 + rng.below(20); ++i) {
        op.more.edit().changes.push_back(draw_change(rng, (first + i) % keys));
    }
    return op;
}

// By going through all of them.
std::optional<PartitionLog::LastChange> last_of(const PartitionLog& log, const std::string& key) {
    std::optional<PartitionLog::LastChange> last;
    for (const OpPtr& op : log.unfinished()) {
        for_each_change(*op, [&](const ChangeView& change) {
            if (change.key == key) last = {op->version, change};
        });
    }
    return last;
}

void check_key(PartitionLog& log, const std::string& key) {
    const auto expected = last_of(log, key);
    const auto found = log.last_change(key);
    REQUIRE(found.has_value() == expected.has_value());
    if (!found) return;
    REQUIRE(found->version == expected->version);
    REQUIRE(found->change.kind == expected->change.kind);
    REQUIRE(found->change.key == key);
    REQUIRE(found->change.value == expected->change.value);
}

void check_all(PartitionLog& log, std::uint64_t keys) {
    std::size_t changed = 0;
    for (std::uint64_t i = 0; i < keys; ++i) {
        check_key(log, key_of(i));
        if (last_of(log, key_of(i))) ++changed;
    }
    log.for_each_last_change([&](const PartitionLog::LastChange& last) {
        REQUIRE(last.version == last_of(log, std::string(last.change.key))->version);
        --changed;
    });
    REQUIRE(changed == 0);
}

}  // namespace

// Few unfinished operations and many, asked for all the while or seldom.
TEST_CASE("the last change of a key is found among whatever is unfinished", "[replication]") {
    Rng rng(11);
    PartitionLog log(rng.next());
    log.start({Epoch{1}, 100}, 0);
    std::size_t most = 0;
    for (int round = 0; round < 20'000; ++round) {
        const std::uint64_t wave = static_cast<std::uint64_t>(round) / 1000 % 4;
        const bool grows = wave == 0 || wave == 2;
        if (rng.chance(grows ? 6 : 2, 10)) {
            log.append(make_op(draw_op(rng, log.held() + 1, 60)));
        } else if (!log.unfinished().empty()) {
            log.take_oldest();
        }
        most = std::max(most, log.unfinished().size());
        if (wave < 2) check_key(log, key_of(rng.below(60)));
        if (round % 199 == 0) check_all(log, 60);
        if (round % 7919 == 0) log.start({Epoch{2}, rng.below(1000)}, 0);
    }
    CHECK(most > 100);
}

TEST_CASE("keys with unfinished changes are dropped, and the last of these is told",
          "[replication]") {
    Rng rng(12);
    PartitionLog log;
    log.start({Epoch{1}, 0}, 0);
    for (int i = 0; i < 200; ++i) log.append(make_op(draw_op(rng, log.held() + 1, 400)));
    std::set<std::string, std::less<>> keys;
    for (std::uint64_t i = 0; i < 400; i += 3) keys.insert(key_of(i));
    std::set<std::string, std::less<>> expected;
    std::uint64_t last = 0;
    for (const std::string& key : keys) {
        const auto change = last_of(log, key);
        if (change) last = std::max(last, change->version.counter);
        if (!change) expected.insert(key);
    }
    CHECK(log.drop_changed(keys) == last);
    CHECK(keys == expected);
    CHECK(!keys.empty());
}
