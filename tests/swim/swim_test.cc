// The core alone: inputs in, effects out.

#include "swim/swim.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>

using namespace grapevine;

namespace {

constexpr Time start = time_from_us(1'000'000);
constexpr NodeId self{1};
const SwimConfig config;

std::vector<NodeId> nodes(std::uint64_t last) {
    std::vector<NodeId> ids;
    for (std::uint64_t i = 1; i <= last; ++i) ids.push_back(NodeId{i});
    return ids;
}

Swim detector(std::uint64_t members) {
    Swim swim(config, self, 1);
    swim.set_members(start, nodes(members));
    return swim;
}

Rumor accusation(std::uint64_t member, Liveness liveness, std::uint32_t incarnation,
                 std::uint64_t observer = 2) {
    return {.member = NodeId{member},
            .liveness = liveness,
            .evidence = Evidence::silence,
            .incarnation = Incarnation{incarnation},
            .observer = NodeId{observer}};
}

Rumor alive(std::uint64_t member, std::uint32_t incarnation) {
    return {NodeId{member}, Liveness::alive, Evidence::silence, Incarnation{incarnation},
            NodeId{member}};
}

std::size_t told(const SwimEffects& effects, const Rumor& rumor) {
    return static_cast<std::size_t>(
        std::ranges::count_if(effects.datagrams, [&](const auto& datagram) {
            return std::ranges::count(datagram.second.rumors, rumor) > 0;
        }));
}

// Ticks whenever something is due.
void run(Swim& swim, Time& now, Duration span, std::vector<SwimEvent>& events) {
    const Time end = now + span;
    while (swim.next_deadline() <= end) {
        now = std::max(now, swim.next_deadline());
        swim.tick(now);
        swim.invariants();
        for (const SwimEvent& event : swim.take_effects().events) events.push_back(event);
    }
    now = end;
}

}  // namespace

TEST_CASE("a ping is answered with its number", "[swim]") {
    Swim swim = detector(3);
    swim.receive(start, NodeId{2}, {Ping{77}, {}});
    const auto effects = swim.take_effects();
    REQUIRE(effects.datagrams.size() == 1);
    CHECK(effects.datagrams[0].first == NodeId{2});
    CHECK(std::get<Ack>(effects.datagrams[0].second.body).number == 77);
    CHECK(std::get<Ack>(effects.datagrams[0].second.body).member == self);
}

TEST_CASE("an accused member refutes to everybody at once", "[swim]") {
    for (const Liveness liveness : {Liveness::suspect, Liveness::dead}) {
        Swim swim = detector(5);
        swim.receive(start, NodeId{2}, {Gossip{}, {accusation(1, liveness, 4)}});
        CHECK(told(swim.take_effects(), alive(1, 5)) == 4);
        CHECK(swim.local_health() == 1);
        // Who has not heard of it is told again, alone; the incarnation is high enough.
        swim.receive(start, NodeId{3}, {Ping{1}, {accusation(1, liveness, 4)}});
        const auto effects = swim.take_effects();
        CHECK(effects.datagrams.size() == 1);
        CHECK(told(effects, alive(1, 5)) == 1);
        CHECK(swim.local_health() == 1);
        // Also long after the rumor has made its rounds.
        std::vector<SwimEvent> events;
        Time now = start;
        run(swim, now, 1s, events);
        swim.receive(now, NodeId{3}, {Gossip{}, {accusation(1, liveness, 4, 3)}});
        CHECK(told(swim.take_effects(), alive(1, 5)) == 1);
    }
}

TEST_CASE("the last incarnation cannot be used up by strangers", "[swim]") {
    Swim swim = detector(3);
    const auto top = std::numeric_limits<std::uint32_t>::max();
    swim.receive(start, NodeId{2}, {Gossip{}, {accusation(1, Liveness::suspect, top)}});
    swim.receive(start, NodeId{2}, {Gossip{}, {accusation(3, Liveness::suspect, top)}});
    CHECK(swim.take_effects().datagrams.empty());
    CHECK(swim.liveness(NodeId{3}) == Liveness::alive);
}

TEST_CASE("a ping to a suspect carries the suspicion", "[swim]") {
    Swim swim = detector(5);
    swim.receive(start, NodeId{2}, {Gossip{}, {accusation(3, Liveness::suspect, 0)}});
    const auto effects = swim.take_effects();
    const auto ping = std::ranges::find_if(effects.datagrams, [](const auto& datagram) {
        return datagram.first == NodeId{3} && std::holds_alternative<Ping>(datagram.second.body);
    });
    REQUIRE(ping != effects.datagrams.end());
    CHECK(std::ranges::count(ping->second.rumors, accusation(3, Liveness::suspect, 0)) == 1);
}

TEST_CASE("hearing a suspect postpones the verdict, only a refutation lifts it", "[swim]") {
    Swim swim = detector(5);
    std::vector<SwimEvent> events;
    Time now = start;
    swim.gone(now, NodeId{3});
    CHECK(swim.liveness(NodeId{3}) == Liveness::suspect);
    run(swim, now, 250ms, events);
    swim.heard(now, NodeId{3});
    CHECK(told(swim.take_effects(),
               {NodeId{3}, Liveness::suspect, Evidence::gone, Incarnation{0}, self}) > 0);
    CHECK(swim.liveness(NodeId{3}) == Liveness::suspect);
    CHECK(swim.last_heard(NodeId{3}) == now);
    const Time heard = now;
    while (now < heard + config.suspect_after + config.suspicion_min - 10ms) {
        for (const std::uint64_t other : {2U, 4U, 5U}) swim.heard(now, NodeId{other});
        run(swim, now, 10ms, events);
        CHECK(swim.liveness(NodeId{3}) == Liveness::suspect);
    }
    swim.receive(now, NodeId{4}, {Gossip{}, {alive(3, 1)}});
    CHECK(swim.liveness(NodeId{3}) == Liveness::alive);
    // And another accusation of the refuted incarnation is old news.
    swim.receive(now, NodeId{4}, {Gossip{}, {accusation(3, Liveness::dead, 0)}});
    CHECK(swim.liveness(NodeId{3}) == Liveness::alive);
}

TEST_CASE("a member that was held gone and then answered has to be found gone again", "[swim]") {
    Swim swim = detector(5);
    Rumor second = accusation(3, Liveness::suspect, 0);
    second.evidence = Evidence::gone;
    swim.gone(start, NodeId{3});
    swim.heard(start + 1ms, NodeId{3});
    swim.receive(start + 2ms, NodeId{2}, {Gossip{}, {second}});
    CHECK(swim.liveness(NodeId{3}) == Liveness::suspect);
    swim.gone(start + 3ms, NodeId{3});
    CHECK(swim.liveness(NodeId{3}) == Liveness::dead);
    swim.invariants();
}

TEST_CASE("who hears nobody accuses nobody, who hears few waits", "[swim]") {
    for (const bool one_answers : {false, true}) {
        Swim swim = detector(6);
        std::vector<SwimEvent> events;
        Time now = start;
        const auto go_on = [&](Duration span) {
            for (const Time end = now + span; now < end;) {
                if (one_answers) swim.heard(now, NodeId{2});
                for (std::uint64_t id = 3; id <= 6; ++id) swim.missed(now, NodeId{id});
                if (!one_answers) swim.missed(now, NodeId{2});
                run(swim, now, 20ms, events);
            }
        };
        go_on(config.suspect_after + config.suspicion_max);
        CHECK(events.empty());
        // Helpers did not answer either, so its patience is at its longest.
        go_on(config.probe_timeout * (config.health_max + 1));
        CHECK(events.empty() == !one_answers);
    }
}

TEST_CASE("an answer to an old question keeps nobody alive", "[swim]") {
    Swim swim = detector(3);
    std::vector<SwimEvent> events;
    Time now = start + config.suspect_after;
    swim.missed(now, NodeId{3});
    const SwimEffects effects = swim.take_effects();
    const auto ping = std::ranges::find_if(effects.datagrams, [](const auto& datagram) {
        return std::holds_alternative<Ping>(datagram.second.body);
    });
    REQUIRE(ping != effects.datagrams.end());
    const std::uint64_t number = std::get<Ping>(ping->second.body).number;
    swim.receive(now, NodeId{3}, {Ack{number - 1, NodeId{3}}, {}});
    swim.receive(now, NodeId{2}, {Ack{number - 1, NodeId{3}}, {}});
    CHECK(swim.last_heard(NodeId{3}) == Time{});
    swim.heard(now, NodeId{2});
    run(swim, now, config.probe_timeout * 2, events);
    CHECK(swim.liveness(NodeId{3}) == Liveness::suspect);
    swim.receive(now, NodeId{3}, {Ack{number, NodeId{3}}, {}});
    CHECK(swim.last_heard(NodeId{3}) == now);
}

TEST_CASE("a finding stands against a newer incarnation that others accuse", "[swim]") {
    // It refuted once, which never came here, and then ended: two who accuse different incarnations
    // would otherwise never agree.
    Swim swim = detector(5);
    swim.gone(start, NodeId{3});
    Rumor second = accusation(3, Liveness::suspect, 1);
    second.evidence = Evidence::gone;
    swim.receive(start + 1ms, NodeId{2}, {Gossip{}, {second}});
    CHECK(swim.liveness(NodeId{3}) == Liveness::dead);
    Rumor verdict = second;
    verdict.liveness = Liveness::dead;
    verdict.observer = self;
    CHECK(told(swim.take_effects(), verdict) >= 4);

    Swim silent = detector(5);
    silent.gone(start, NodeId{3});
    silent.receive(start + 1ms, NodeId{2}, {Gossip{}, {accusation(3, Liveness::suspect, 1)}});
    Rumor own = second;
    own.observer = self;
    CHECK(told(silent.take_effects(), own) >= 4);
}

TEST_CASE("a loop that stalled judges nobody by the time it slept through", "[swim]") {
    Swim swim = detector(5);
    std::vector<SwimEvent> events;
    Time now = start;
    const auto all_but_5_answer = [&] {
        for (std::uint64_t id = 2; id <= 4; ++id) swim.heard(now, NodeId{id});
        swim.missed(now, NodeId{5});
    };
    while (swim.liveness(NodeId{5}) == Liveness::alive) {
        run(swim, now, 40ms, events);
        all_but_5_answer();
    }
    REQUIRE(events.size() == 1);
    // The verdict falls due while the loop stands still, so the time is given again.
    const std::uint32_t health = swim.local_health();
    now += config.suspicion_min;
    swim.tick(now);
    CHECK(swim.take_effects().events.empty());
    CHECK(swim.local_health() == health + 1);
    const Time resumed = now;
    while (now + 40ms < resumed + config.suspicion_min) {
        all_but_5_answer();
        run(swim, now, 40ms, events);
    }
    CHECK(events.size() == 1);
    all_but_5_answer();
    run(swim, now, 40ms, events);
    CHECK(swim.dead() == std::vector{NodeId{5}});
}

TEST_CASE("a late tick within the tolerance is not a stall", "[swim]") {
    Swim swim = detector(5);
    const Time due = swim.next_deadline();
    swim.tick(due + config.stall);
    CHECK(swim.local_health() == 0);
    swim.tick(swim.next_deadline() + config.stall + 1us);
    CHECK(swim.local_health() == 1);
    CHECK(swim.next_deadline() > due);
}

TEST_CASE("a full-state exchange brings the other up to date", "[swim]") {
    Swim one = detector(5);
    one.receive(start, NodeId{2}, {Gossip{}, {accusation(3, Liveness::dead, 2)}});
    one.receive(start, NodeId{2}, {Gossip{}, {alive(4, 7)}});
    static_cast<void>(one.take_effects());
    one.receive(start, NodeId{5}, SwimSync{true, {accusation(2, Liveness::suspect, 0, 4)}});
    CHECK(one.liveness(NodeId{2}) == Liveness::suspect);
    const auto effects = one.take_effects();
    REQUIRE(effects.links.size() == 1);
    CHECK_FALSE(effects.links[0].second.request);

    Swim other(config, NodeId{5}, 2);
    other.set_members(start, nodes(5));
    other.receive(start, self, effects.links[0].second);
    CHECK(other.take_effects().links.empty());
    CHECK(other.dead() == std::vector{NodeId{3}});
    CHECK(other.liveness(NodeId{2}) == Liveness::suspect);
    other.receive(start, self, {Gossip{}, {accusation(4, Liveness::dead, 6)}});
    CHECK(other.liveness(NodeId{4}) == Liveness::alive);
}

TEST_CASE("members that leave the list take everything about them along", "[swim]") {
    Swim swim = detector(6);
    std::vector<SwimEvent> events;
    Time now = start;
    swim.gone(now, NodeId{3});
    swim.receive(now, NodeId{2}, {Gossip{}, {accusation(4, Liveness::dead, 9)}});
    run(swim, now, 30ms, events);
    swim.set_members(now, {NodeId{1}, NodeId{2}, NodeId{5}, NodeId{5}});
    swim.invariants();
    CHECK(swim.dead().empty());
    CHECK(swim.liveness(NodeId{3}) == Liveness::alive);
    CHECK(swim.last_heard(NodeId{3}) == Time{});
    swim.gone(now, NodeId{3});
    swim.missed(now, NodeId{4});
    swim.heard(now, NodeId{77});
    static_cast<void>(swim.take_effects());
    run(swim, now, 2s, events);
    for (const SwimEvent& event : events) CHECK(event.member.value != 77);
    swim.set_members(now, {});
    swim.invariants();
    CHECK(swim.next_deadline() == never);
}

TEST_CASE("what can be outstanding is bounded", "[swim]") {
    Swim swim = detector(500);
    std::vector<SwimEvent> events;
    Time now = start + 150ms;
    for (std::uint64_t id = 2; id <= 500; ++id) swim.missed(now, NodeId{id});
    swim.invariants();  // at most probes_max probes
    CHECK(swim.take_effects().datagrams.size() <= 64 * (1 + config.helpers));
    for (std::uint64_t id = 2; id <= 500; ++id) {
        swim.receive(now, NodeId{2}, {Gossip{}, {accusation(id, Liveness::suspect, 0, 3)}});
    }
    for (const auto& [to, message] : swim.take_effects().datagrams) {
        CHECK(message.rumors.size() <= rumors_per_packet_max);
    }
    swim.invariants();
}
