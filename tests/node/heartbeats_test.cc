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
constexpr NodeId three{3};
constexpr Epoch epoch{4};
constexpr HeartbeatTimes times{.period = 100ms, .patience = 20ms};
constexpr Time start = time_from_us(5'000'000);

Heartbeat echo_of(Time sent, Epoch of = epoch) {
    return {.epoch = of, .echo_epoch = epoch, .echo_us = to_us(sent), .grants = true};
}

using Messages = std::vector<std::pair<NodeId, Heartbeat>>;

}  // namespace

TEST_CASE("one exchange of three messages serves both directions", "[node]") {
    Heartbeats first(times, one);
    Heartbeats second(times, two);
    first.adopt(start, epoch, {two}, 3);
    second.adopt(start, epoch, {one}, 3);
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

    // Neither asks again before the period is over, and the first does before the second.
    CHECK(first.next_deadline() == start + 100ms);
    CHECK(second.next_deadline() == arrived + 125ms);
    first.tick(start + 99ms);
    second.tick(start + 99ms);
    CHECK(first.take_messages().empty());
    CHECK(second.take_messages().empty());
}

// Both begin a ring at the same moment, so their requests crossed, every period anew: four messages
// in place of three.
TEST_CASE("two that ask each other at the same moment fall into step", "[node]") {
    Heartbeats first(times, one);
    Heartbeats second(times, two);
    first.adopt(start, epoch, {two}, 3);
    second.adopt(start, epoch, {one}, 3);
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
    CHECK(sent >= 30);
    CHECK(sent <= 32);
    CHECK(missed == 0);
    CHECK(first.heard_since(start + 1s - 120ms) == std::set{two});
    CHECK(second.heard_since(start + 1s - 120ms) == std::set{one});
}

TEST_CASE("after the first requests of a ring a voter asks its members one by one", "[node]") {
    Rng rng(3);
    const NodeId self{1};  // asks all of them first
    Heartbeats voter(times, self);
    std::set<NodeId> members;
    while (members.size() < 1000) members.insert(rng.draw<NodeId>());
    voter.adopt(start, epoch, members, members.size() + 1);
    const auto ask = [&](Time now) {
        voter.tick(now);
        const Messages asked = voter.take_messages();
        for (const auto& [to, message] : asked) voter.receive(now, to, echo_of(now), true);
        return asked.size();
    };
    CHECK(ask(start) == 1000);
    std::size_t asked = 0;
    for (Time now = start + 1ms; now <= start + 100ms; now += 1ms) {
        const std::size_t at_once = ask(now);
        CHECK(at_once < 100);
        asked += at_once;
    }
    CHECK(asked == 1000);
}

TEST_CASE("what is lost is asked again after the patience, and the period goes on", "[node]") {
    Heartbeats beats(times, one);
    beats.adopt(start, epoch, {two}, 3);
    beats.tick(start);
    CHECK(beats.take_messages().size() == 1);
    CHECK(beats.next_deadline() == start + 20ms);
    beats.tick(start + 20ms);
    CHECK(beats.take_messages().size() == 1);
    beats.receive(start + 21ms, two, echo_of(start + 20ms), true);
    CHECK(beats.next_deadline() == start + 100ms);
}

TEST_CASE("who is asked asks its own at the same moment, where there are few", "[node]") {
    Heartbeats beats(times, two);
    beats.adopt(start, epoch, {one, three}, 3);
    beats.tick(start);
    CHECK(beats.take_messages().size() == 2);
    for (const NodeId id : {one, three}) beats.receive(start, id, echo_of(start), true);
    CHECK(beats.next_deadline() == start + 112500us);  // waits a little for the first one

    const Heartbeat request{.epoch = epoch, .sent_us = 17};
    beats.receive(start + 30ms, one, request, true);
    CHECK(beats.take_messages().size() == 1);  // the answer: the third was asked just now
    beats.receive(start + 101ms, one, request, true);
    const Messages sent = beats.take_messages();
    REQUIRE(sent.size() == 2);
    CHECK(sent[0].first == one);
    CHECK(sent[1].first == three);
    CHECK(sent[1].second.sent_us == to_us(start + 101ms));
}

TEST_CASE("who was in another ring when it answered is asked again before long", "[node]") {
    Heartbeats beats(times, one);
    beats.adopt(start, epoch, {two}, 3);
    beats.tick(start);
    beats.receive(start + 1ms, two, echo_of(start, Epoch{3}), true);
    CHECK(beats.next_deadline() == start + 20ms);
    beats.tick(start + 20ms);
    beats.tick(start + 40ms);
    CHECK(beats.take_missed().empty());  // it lives
    CHECK(beats.take_messages().size() == 3);
    beats.receive(start + 41ms, two, echo_of(start + 40ms), true);
    CHECK(beats.next_deadline() >= start + 90ms);
}

TEST_CASE("an echo grants only in the ring of both, and only what was asked", "[node]") {
    Heartbeats voter(times, two);
    voter.adopt(start, epoch, {one}, 3);
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

TEST_CASE("two requests without an answer are missed, unless this process itself stood still",
          "[node]") {
    Heartbeats beats(times, one);
    beats.adopt(start, epoch, {two}, 3);
    for (Time now = start; now < start + 40ms; now += 20ms) {
        beats.tick(now);
        CHECK(beats.take_missed().empty());
    }
    beats.tick(start + 40ms);
    CHECK(beats.take_missed() == std::vector{two});
    beats.tick(start + 500ms);  // stood still for 460 ms: everybody gets another chance
    CHECK(beats.take_missed().empty());
    beats.tick(start + 520ms);
    CHECK(beats.take_missed().empty());
    beats.tick(start + 540ms);
    CHECK(beats.take_missed() == std::vector{two});
}

TEST_CASE("on a long line an answer is not missed before it can be there", "[node]") {
    Heartbeats beats(times, one);
    beats.adopt(start, epoch, {two}, 3);
    const auto tick_until = [&](Time from, Time end) {
        for (Time now = from; now <= end; now += 20ms) beats.tick(now);
    };
    tick_until(start, start + 40ms);
    static_cast<void>(beats.take_missed());
    beats.receive(start + 45ms, two, echo_of(start), true);
    tick_until(start + 100ms, start + 140ms);
    CHECK(beats.take_missed().empty());
    tick_until(start + 160ms, start + 180ms);
    CHECK_FALSE(beats.take_missed().empty());
}

TEST_CASE("hearing is forgotten when a reconnect is refused", "[node]") {
    Heartbeats beats(times, one);
    beats.adopt(start, epoch, {two}, 3);
    beats.tick(start);
    CHECK(beats.heard_since(start - 200ms).empty());
    beats.receive(start + 1ms, two, echo_of(start), true);
    CHECK(beats.heard_since(start - 200ms) == std::set{two});
    CHECK(beats.heard_since(start + 1us).empty());
    beats.refused(two);
    CHECK(beats.heard_since(start - 200ms).empty());
}

TEST_CASE("a stall counts as one whatever arrives first after it", "[node]") {
    const bool ring_first = GENERATE(true, false);
    INFO((ring_first ? "a ring" : "nothing") << " arrives first");
    Heartbeats member(times, one);
    member.adopt(start, epoch, {two}, 3);
    member.tick(start);
    const Time woken = start + 5s;
    if (ring_first) member.adopt(woken, next(epoch), {two}, 3);
    member.tick(woken);
    CHECK(member.take_missed().empty());
    CHECK(member.silent(woken, 1s).empty());
}
