#include "base/probed_table.h"

#include <catch2/catch.hpp>
#include <optional>
#include <unordered_map>

#include "base/rng.h"

using namespace grapevine;

namespace {

struct Spread {
    using Key = std::uint64_t;
    std::uint64_t number = 0;  // 0: empty
    std::uint64_t value = 0;
    [[nodiscard]] bool is_used() const { return number != 0; }
    [[nodiscard]] Key key() const { return number; }
    static std::uint64_t mix(Key key, std::uint64_t odd) { return key * odd; }
};

// All keys begin at three neighbouring places, among them the last one: runs are long and go on at
// the table's beginning.
struct Crowded : Spread {
    static std::uint64_t mix(Key key, std::uint64_t) { return ~std::uint64_t{0} << (key % 3 * 30); }
};

template <class Entry>
class Trial {
public:
    explicit Trial(std::uint64_t seed) : rng_(seed), table_(rng_.next()) { table_.resize(2); }

    void run(int rounds, std::uint64_t keys) {
        for (int round = 0; round < rounds; ++round) {
            const std::uint64_t key = 1 + rng_.below(keys);
            const bool grows = round / 1000 % 2 == 0;
            const bool is_there = check(key);
            if (!is_there && (grows || rng_.chance(1, 4))) add(key);
            if (is_there && (!grows || rng_.chance(1, 4))) remove(key);
            REQUIRE(table_.size() == expected_.size());
            if (round % 500 == 0) check_all(keys);
        }
        check_all(keys);
    }

    std::size_t moves = 0;

private:
    bool check(std::uint64_t key) {
        const Entry& entry = table_[table_.locate(key)];
        const auto found = expected_.find(key);
        REQUIRE(entry.is_used() == (found != expected_.end()));
        if (entry.is_used()) REQUIRE(entry.value == found->second);
        return entry.is_used();
    }
    void check_all(std::uint64_t keys) {
        for (std::uint64_t key = 1; key <= keys; ++key) check(key);
        std::size_t used = 0;
        for (const Entry& entry : table_.entries()) used += entry.is_used() ? 1 : 0;
        REQUIRE(used == expected_.size());
    }
    void add(std::uint64_t key) {
        if (table_.size() + 1 == table_.places()) table_.resize(2 * table_.places());
        Entry entry;
        entry.number = key;
        entry.value = rng_.next();
        table_.insert(table_.locate(key), entry);
        expected_[key] = entry.value;
    }
    void remove(std::uint64_t key) {
        // Where entries are, by what it tells of their moves.
        std::unordered_map<std::uint64_t, std::size_t> places;
        for (std::size_t i = 0; i < table_.places(); ++i) {
            if (table_[i].is_used()) places[table_[i].number] = i;
        }
        table_.erase(table_.locate(key), [&](std::size_t from, std::size_t to) {
            REQUIRE(places.at(table_[to].number) == from);
            places[table_[to].number] = to;
            ++moves;
        });
        expected_.erase(key);
        places.erase(key);
        for (const auto& [other, place] : places) REQUIRE(table_[place].number == other);
        if (table_.places() > 2 && table_.size() * 4 < table_.places()) {
            table_.resize(table_.places() / 2);
        }
    }

    Rng rng_;
    ProbedTable<Entry> table_;
    std::unordered_map<std::uint64_t, std::uint64_t> expected_;
};

}  // namespace

TEST_CASE("a probed table holds what was put into it and not removed", "[base]") {
    Trial<Spread> spread(1);
    spread.run(20'000, 300);
    CHECK(spread.moves > 1000);
}

TEST_CASE("a probed table holds keys that all begin at the same places", "[base]") {
    Trial<Crowded> crowded(2);
    crowded.run(6'000, 40);
    CHECK(crowded.moves > 1000);
}

TEST_CASE("a probed table that was emptied has no places", "[base]") {
    ProbedTable<Spread> table(3);
    CHECK(table.places() == 0);
    table.resize(4);
    Spread entry;
    entry.number = 9;
    table.insert(table.locate(9), entry);
    CHECK(table.exchange_places(0).size() == 4);
    CHECK(table.places() == 0);
    CHECK(table.empty());
}
