#include "node/heartbeats.h"

#include <catch2/catch.hpp>
#include <set>
#include <utility>
#include <vector>

#include "base/rng.h"

using namespace grapevine;

namespace {

constexpr NodeId one{1};
constexpr NodeId two{2};
constexpr Epoch epoch{4};

}  // namespace

TEST_CASE("one exchange of three messages serves both directions", "[node]") {
    const Time start = time_from_us(5'000'000);
    Heartbeats first(40ms, one);
    Heartbeats second(40ms, two);
    first.adopt(start, epoch, {two});
    second.adopt(start, epoch, {one});
    first.tick(start);
    auto out = first.take_messages();
    REQUIRE(out.size() == 1);
    CHECK(out[0].second.sent_us != 0);

    const Time arrived = start + 100us;
    CHECK_FALSE(second.receive(arrived, one, out[0].second, true).echoed);
    auto back = second.take_messages();
    REQUIRE(back.size() == 1);
    CHECK(back[0].second.echo_us == to_us(start));
    CHECK(back[0].second.sent_us == to_us(arrived));  // its own request rides along
    CHECK(back[0].second.grants);

    const auto received = first.receive(start + 200us, two, back[0].second, true);
    CHECK(received.echoed == start);
    CHECK(received.echoed_epoch == epoch);
    CHECK(received.granted);
    auto last = first.take_messages();
    REQUIRE(last.size() == 1);
    CHECK(last[0].second.sent_us == 0);  // its own was just answered
    CHECK(second.receive(start + 300us, one, last[0].second, true).echoed == arrived);
    CHECK(second.take_messages().empty());

    // Neither asks again before the period is over.
    CHECK(first.next_deadline() == start + 40ms - 3us);  // 1 ^ 2: the first interval is spread
    first.tick(start + 39ms);
    second.tick(start + 39ms);
    CHECK(first.take_messages().empty());
    CHECK(second.take_messages().empty());
}

// Both begin a ring at the same moment, so their requests crossed, every period anew: four messages
// in place of three.
TEST_CASE("two that ask each other at the same moment fall into step", "[node]") {
    const Time start = time_from_us(5'000'000);
    Heartbeats first(40ms, one);
    Heartbeats second(40ms, two);
    first.adopt(start, epoch, {two});
    second.adopt(start, epoch, {one});
    std::size_t sent = 0;
    std::size_t missed = 0;
    std::vector<Heartbeat> to_first;
    std::vector<Heartbeat> to_second;
    for (Time now = start; now < start + 1s; now += 100us) {  // each travels for one step
        for (const Heartbeat& message : std::exchange(to_first, {})) {
            first.receive(now, two, message, true);
        }
        for (const Heartbeat& message : std::exchange(to_second, {})) {
            second.receive(now, one, message, true);
        }
        first.tick(now);
        second.tick(now);
        for (const auto& [to, message] : first.take_messages()) to_second.push_back(message);
        for (const auto& [to, message] : second.take_messages()) to_first.push_back(message);
        sent += to_first.size() + to_second.size();
        missed += first.take_missed().size() + second.take_missed().size();
    }
    CHECK(sent >= 70);
    CHECK(sent <= 80);
    CHECK(missed == 0);
    CHECK(first.heard_since(start + 1s - 60ms) == std::set{two});
    CHECK(second.heard_since(start + 1s - 60ms) == std::set{one});
}

TEST_CASE("after the first requests of a ring a voter asks its members one by one", "[node]") {
    const Time start = time_from_us(5'000'000);
    Rng rng(3);
    Heartbeats voter(40ms, rng.draw<NodeId>());
    std::set<NodeId> members;
    while (members.size() < 1000) members.insert(rng.draw<NodeId>());
    voter.adopt(start, epoch, members);
    voter.tick(start);
    CHECK(voter.take_messages().size() == 1000);
    std::size_t asked = 0;
    for (Time now = start + 1ms; now <= start + 40ms; now += 1ms) {
        voter.tick(now);
        const std::size_t at_once = voter.take_messages().size();
        CHECK(at_once < 100);
        asked += at_once;
    }
    CHECK(asked == 1000);
}

TEST_CASE("an echo grants only in the ring of both, and only what was asked", "[node]") {
    const Time start = time_from_us(5'000'000);
    Heartbeats voter(40ms, two);
    voter.adopt(start, epoch, {one});
    const auto answer = [&](Epoch asked, bool grants) {
        voter.receive(start, one, {.epoch = asked, .sent_us = 17}, grants);
        return voter.take_messages().at(0).second;
    };
    CHECK(answer(epoch, true).grants);
    CHECK_FALSE(answer(epoch, false).grants);    // has voted for the next ring
    CHECK_FALSE(answer(Epoch{3}, true).grants);  // adopted a later one
    CHECK_FALSE(answer(Epoch{5}, true).grants);  // does not know that ring yet
    CHECK(answer(Epoch{3}, true).echo_epoch == Epoch{3});
    // What is no echo renews nothing; nor does one from the future.
    CHECK_FALSE(voter.receive(start, one, {.epoch = epoch, .grants = true}, true).echoed);
    const Heartbeat future{
        .epoch = epoch, .echo_epoch = epoch, .echo_us = to_us(start + 1s), .grants = true};
    CHECK_FALSE(voter.receive(start, one, future, true).echoed);
}

TEST_CASE("silence is missed after two periods, unless this process itself stood still", "[node]") {
    const Time start = time_from_us(5'000'000);
    Heartbeats beats(40ms, one);
    beats.adopt(start, epoch, {two});
    for (Time now = start; now < start + 80ms; now += 40ms) {
        beats.tick(now);
        CHECK(beats.take_missed().empty());
    }
    beats.tick(start + 80ms);
    CHECK(beats.take_missed() == std::vector{two});
    beats.tick(start + 500ms);  // stood still for 420 ms: everybody gets another chance
    CHECK(beats.take_missed().empty());
    beats.tick(start + 540ms);
    CHECK(beats.take_missed().empty());
    beats.tick(start + 580ms);
    CHECK(beats.take_missed() == std::vector{two});
}

TEST_CASE("hearing is forgotten when a reconnect is refused", "[node]") {
    const Time start = time_from_us(5'000'000);
    Heartbeats beats(40ms, one);
    beats.adopt(start, epoch, {two});
    beats.tick(start);
    CHECK(beats.heard_since(start - 200ms).empty());
    const Heartbeat echo{.epoch = epoch, .echo_epoch = epoch, .echo_us = to_us(start)};
    beats.receive(start + 1ms, two, echo, true);
    CHECK(beats.heard_since(start - 200ms) == std::set{two});
    CHECK(beats.heard_since(start + 1us).empty());
    beats.refused(two);
    CHECK(beats.heard_since(start - 200ms).empty());
}

TEST_CASE("a stall counts as one whatever arrives first after it", "[node]") {
    const Time start = time_from_us(5'000'000);
    const bool ring_first = GENERATE(true, false);
    INFO((ring_first ? "a ring" : "nothing") << " arrives first");
    Heartbeats member(40ms, one);
    member.adopt(start, epoch, {two});
    member.tick(start);
    const Time woken = start + 5s;
    if (ring_first) member.adopt(woken, next(epoch), {two});
    member.tick(woken);
    CHECK(member.take_missed().empty());
    CHECK(member.silent(woken, 1s).empty());
}
