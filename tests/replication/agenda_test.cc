#include "replication/agenda.h"

#include <catch2/catch.hpp>
#include <map>

#include "base/rng.h"

using namespace grapevine;

TEST_CASE("a date that is brought forward and back again leaves nothing behind", "[replication]") {
    Agenda agenda;
    agenda.grow(16);
    const Time begin{};
    const Time far = begin + 150s;
    std::size_t taken = 0;
    for (Time now = begin; now < far; now += 40ms) {
        for (std::uint32_t id = 0; id < 16; ++id) {
            agenda.want(PartitionId{id}, now + 20ms);
            REQUIRE(agenda.size() <= 4 * 16 + 65);
        }
        while (agenda.take(now + 20ms)) ++taken;
        for (std::uint32_t id = 0; id < 16; ++id) agenda.want(PartitionId{id}, far);
    }
    CHECK(taken == 16 * 3750);
    CHECK(agenda.next() <= far);
    taken = 0;
    while (agenda.take(far)) ++taken;
    CHECK(taken == 16);
    CHECK(agenda.next() == never);
}

TEST_CASE("who wants to be looked at is, at that time or before", "[replication]") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Rng rng(seed);
        Agenda agenda;
        agenda.grow(8);
        std::map<std::uint32_t, Time> wanted;
        Time now{};
        for (int i = 0; i < 2000; ++i) {
            now += std::chrono::milliseconds(rng.below(5));
            const auto id = static_cast<std::uint32_t>(rng.below(8));
            const Time due = now + std::chrono::milliseconds(rng.below(100));
            agenda.want(PartitionId{id}, due);
            const auto [at, is_new] = wanted.try_emplace(id, due);
            if (!is_new) at->second = std::min(at->second, due);
            while (const auto taken = agenda.take(now)) wanted.erase(taken->value);
            for (const auto& [partition, time] : wanted) {
                REQUIRE(time > now);
                REQUIRE(agenda.next() <= time);
            }
        }
    }
}
