#include "sim/network.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

using namespace grapevine;
using namespace grapevine::sim;

namespace {

// Writes down what arrives: "+" opened, "^" up, "!" refused, "?" timeout, "." ended, bytes.
struct Listener : Endpoint {
    std::string heard;
    LinkId opened;
    std::vector<std::string> datagrams;
    std::size_t corrupted = 0;
    void arrive(Arrival arrival) override {
        switch (arrival.kind) {
            case ArrivalKind::datagram:
                datagrams.push_back(arrival.bytes);
                if (arrival.corrupted) ++corrupted;
                return;
            case ArrivalKind::opened:
                opened = arrival.link;
                heard += '+';
                return;
            case ArrivalKind::up:
                heard += '^';
                return;
            case ArrivalKind::refused:
                heard += '!';
                return;
            case ArrivalKind::timeout:
                heard += '?';
                return;
            case ArrivalKind::bytes:
                heard += arrival.bytes;
                return;
            case ArrivalKind::ended:
                heard += '.';
                return;
        }
    }
};

struct Room {
    EventQueue queue;
    EventLog log;
    Network network;
    Listener a;
    Listener b;
    Address at_a{1, 1};
    Address at_b{1, 2};

    explicit Room(const NetworkConfig& config = {}, std::uint64_t seed = 1)
        : network(config, queue, log, seed) {
        network.attach(at_a, a);
        network.attach(at_b, b);
    }
    void run_for(Duration span) {
        const Time end = queue.now() + span;
        while (queue.next() <= end) queue.run_next();
        queue.advance_to(end);
    }
    LinkId link() {
        const LinkId id = network.dial(at_a, at_b);
        run_for(10ms);
        REQUIRE(a.heard == "^");
        REQUIRE(b.heard == "+");
        a.heard.clear();
        b.heard.clear();
        return id;
    }
};

}  // namespace

TEST_CASE("a link carries bytes both ways, in order, after a delay", "[sim]") {
    Room room;
    const LinkId link = room.link();
    for (const char* text : {"1", "2", "3", "4", "5", "6"}) {
        room.network.send(link, room.at_a, text);
        room.network.send(link, room.at_b, text);
    }
    room.run_for(99us);
    CHECK(room.b.heard.empty());
    room.run_for(1ms);
    CHECK(room.b.heard == "123456");
    CHECK(room.a.heard == "123456");
}

TEST_CASE("a dial is refused, or times out across a cut", "[sim]") {
    Room room;
    room.network.dial(room.at_a, Address{1, 3});
    room.run_for(1ms);
    CHECK(room.a.heard == "!");
    room.network.cut(room.at_b, room.at_a);
    room.network.dial(room.at_a, room.at_b);
    room.run_for(999ms);
    CHECK(room.a.heard == "!");
    room.run_for(2ms);
    CHECK(room.a.heard == "!?");
    CHECK(room.b.heard.empty());
}

// As with TCP: the answer to the dial is the first that comes back.
TEST_CASE("nothing that the other end says or does arrives before the dial has succeeded",
          "[sim]") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Room room({.delay_max = 6ms}, seed);
        room.network.dial(room.at_a, room.at_b);
        while (room.b.heard.empty()) room.queue.run_next();
        room.network.send(room.b.opened, room.at_b, "x");
        if (seed % 2 == 0) room.network.close(room.b.opened, room.at_b);
        room.run_for(50ms);
        CHECK(room.a.heard.starts_with('^'));
        CHECK(room.a.heard.ends_with(seed % 2 == 0 ? '.' : 'x'));
    }
}

TEST_CASE("links end a millisecond after their process dies", "[sim]") {
    Room room;
    room.link();
    room.network.detach(room.at_b);
    room.run_for(900us);
    CHECK(room.a.heard.empty());
    room.run_for(200us);
    CHECK(room.a.heard == ".");
    room.network.dial(room.at_a, room.at_b);
    room.run_for(1ms);
    CHECK(room.a.heard == ".!");
}

TEST_CASE("a close reaches the other end, and nobody hears of it twice", "[sim]") {
    Room room;
    const LinkId link = room.link();
    room.network.close(link, room.at_a);
    room.network.send(link, room.at_b, "late");
    room.run_for(10ms);
    CHECK(room.b.heard == ".");
    CHECK(room.a.heard.empty());
    room.network.close(link, room.at_b);
    room.network.break_links(room.at_a, room.at_b);
    room.run_for(10ms);
    CHECK(room.b.heard == ".");
    CHECK(room.a.heard.empty());
}

TEST_CASE("a cut holds a link's bytes back until it heals", "[sim]") {
    Room room;
    const LinkId link = room.link();
    room.network.cut(room.at_a, room.at_b);
    for (const char* text : {"1", "2", "3"}) room.network.send(link, room.at_a, text);
    room.network.send(link, room.at_b, "back");
    room.run_for(1s);
    CHECK(room.b.heard.empty());
    CHECK(room.a.heard == "back");  // only one way was cut
    room.network.send(link, room.at_a, "4");
    room.network.heal(room.at_a, room.at_b);
    room.run_for(1ms);
    CHECK(room.b.heard == "1234");
}

TEST_CASE("a death behind a cut is noticed when it heals", "[sim]") {
    Room room;
    room.link();
    room.network.cut(room.at_a, room.at_b);
    room.network.cut(room.at_b, room.at_a);
    room.network.detach(room.at_b);
    room.run_for(1s);
    CHECK(room.a.heard.empty());
    room.network.heal();
    room.run_for(1ms);
    CHECK(room.a.heard == ".");
}

TEST_CASE("bytes under way may be lost with their process, but only the last of them", "[sim]") {
    std::size_t whole = 0;
    std::size_t cut_short = 0;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Room room({}, seed);
        const LinkId link = room.link();
        for (const char* text : {"1", "2", "3", "4"}) room.network.send(link, room.at_a, text);
        room.network.detach(room.at_a);
        room.run_for(10ms);
        INFO(room.b.heard);
        CHECK(std::string("1234.").starts_with(room.b.heard.substr(0, room.b.heard.size() - 1)));
        CHECK(room.b.heard.back() == '.');
        (room.b.heard == "1234." ? whole : cut_short) += 1;
    }
    CHECK(whole > 10);
    CHECK(cut_short > 10);
}

TEST_CASE("datagrams are lost as often as told, doubled, and overtake each other", "[sim]") {
    Room room({.loss_percent = 20, .duplicate_per_mille = 100});
    const std::size_t sent = 2000;
    for (std::size_t i = 0; i < sent; ++i) {
        room.network.datagram(room.at_a, room.at_b, std::to_string(i));
        room.run_for(20us);
    }
    room.run_for(1s);
    const std::size_t arrived = room.b.datagrams.size();
    CHECK(arrived > sent * 84 / 100);  // 1.1 * 0.8 = 0.88
    CHECK(arrived < sent * 92 / 100);
    CHECK_FALSE(
        std::is_sorted(room.b.datagrams.begin(), room.b.datagrams.end(),
                       [](const auto& x, const auto& y) { return std::stoi(x) < std::stoi(y); }));
    room.network.cut(room.at_a, room.at_b);
    room.network.datagram(room.at_a, room.at_b, "x");
    room.run_for(1s);
    CHECK(room.b.datagrams.size() == arrived);
}

TEST_CASE("delays keep to their plan, and a tail is long and thin", "[sim]") {
    Rng rng(1);
    const auto count_above = [&](const DelayPlan& plan, Duration bound) {
        std::size_t above = 0;
        for (int i = 0; i < 10'000; ++i) {
            const Duration delay = draw(rng, plan);
            REQUIRE(delay >= plan.least);
            REQUIRE(delay <= std::max(plan.most, plan.tail));
            if (delay > bound) ++above;
        }
        return above;
    };
    const DelayPlan uniform{.least = 1ms, .most = 3ms};
    CHECK(count_above(uniform, 2ms) > 4700);
    CHECK(count_above(uniform, 2ms) < 5300);
    const DelayPlan tailed{.least = 1ms, .most = 3ms, .tail = 103ms};
    CHECK(count_above(tailed, 3ms) > 4700);
    CHECK(count_above(tailed, 3ms) < 5300);
    CHECK(count_above(tailed, 53ms) > 50);
    CHECK(count_above(tailed, 53ms) < 200);
    CHECK(count_above(tailed, 93ms) > 0);
}

TEST_CASE("bursts lose as much as told, in a row", "[sim]") {
    for (const BurstPlan plan : {BurstPlan{20, 8}, BurstPlan{5, 20}, BurstPlan{90, 20}}) {
        Rng rng(2);
        BurstLoss loss;
        const std::size_t sent = 200'000;
        std::size_t lost = 0;
        std::size_t bursts = 0;
        bool before = false;
        for (std::size_t i = 0; i < sent; ++i) {
            const bool now = loss.is_lost(rng, plan);
            if (now) ++lost;
            if (now && !before) ++bursts;
            before = now;
        }
        INFO(plan.percent << " % in bursts of " << plan.length << ": " << lost << " in " << bursts);
        CHECK(lost > sent * plan.percent * 9 / 1000);
        CHECK(lost < sent * plan.percent * 11 / 1000);
        CHECK(lost > bursts * plan.length * 9 / 10);
        CHECK(lost < bursts * plan.length * 11 / 10);
    }
}

TEST_CASE("a link's burst is its own", "[sim]") {
    Room room;
    room.network.set_burst({50, 100});
    for (int i = 0; i < 400; ++i) {
        room.network.datagram(room.at_a, room.at_b, "x");
        room.network.datagram(room.at_b, room.at_a, "x");
    }
    room.run_for(1s);
    CHECK(room.a.datagrams.size() != room.b.datagrams.size());
    room.network.calm();
    room.a.datagrams.clear();
    for (int i = 0; i < 100; ++i) room.network.datagram(room.at_b, room.at_a, "x");
    room.run_for(1s);
    CHECK(room.a.datagrams.size() >= 100);
}

TEST_CASE("a copy of a datagram may come seconds later", "[sim]") {
    Room room;
    room.network.set_duplicates(1000, 3s);
    room.network.datagram(room.at_a, room.at_b, "x");
    room.run_for(25ms);
    CHECK(room.b.datagrams.size() == 1);
    room.run_for(3s);
    CHECK(room.b.datagrams.size() == 2);
}

TEST_CASE("a corrupted datagram is not what was sent, and the network knows", "[sim]") {
    Room room({.duplicate_per_mille = 0});
    room.network.set_corruption(50);
    const std::string sent(64, 'x');
    for (int i = 0; i < 1000; ++i) room.network.datagram(room.at_a, room.at_b, sent);
    room.run_for(1s);
    REQUIRE(room.b.datagrams.size() == 1000);
    const auto other = static_cast<std::size_t>(std::ranges::count_if(
        room.b.datagrams, [&](const std::string& bytes) { return bytes != sent; }));
    CHECK(other == room.b.corrupted);
    CHECK(other == room.network.datagrams_corrupted());
    CHECK(other > 420);
    CHECK(other < 580);
}

TEST_CASE("a clog holds datagrams and bytes, and they come all at once", "[sim]") {
    Room room({.duplicate_per_mille = 0});
    const LinkId link = room.link();
    room.network.obstruct(room.at_a, room.at_b, Obstacle::clog);
    CHECK_FALSE(room.network.is_clear(room.at_a, room.at_b));
    for (int i = 0; i < 10; ++i) {
        room.network.datagram(room.at_a, room.at_b, "x");
        room.network.send(link, room.at_a, "y");
        room.run_for(100ms);
    }
    CHECK(room.b.datagrams.empty());
    CHECK(room.b.heard.empty());
    room.network.heal(room.at_a, room.at_b);
    room.run_for(400us);
    CHECK(room.b.datagrams.size() == 10);
    CHECK(room.b.heard == "yyyyyyyyyy");
    CHECK(room.network.is_clear(room.at_a, room.at_b));
}

TEST_CASE("a clog holds a bounded number of datagrams", "[sim]") {
    Room room({.duplicate_per_mille = 0, .clogged_max = 5});
    room.network.obstruct(room.at_a, room.at_b, Obstacle::clog);
    for (int i = 0; i < 10; ++i) room.network.datagram(room.at_a, room.at_b, "x");
    room.run_for(1s);
    room.network.heal();
    room.run_for(1s);
    CHECK(room.b.datagrams.size() == 5);
}

TEST_CASE("a link hangs while datagrams pass, and dials time out", "[sim]") {
    Room room({.duplicate_per_mille = 0});
    const LinkId link = room.link();
    room.network.obstruct(room.at_a, room.at_b, Obstacle::hang);
    room.network.datagram(room.at_a, room.at_b, "x");
    room.network.send(link, room.at_a, "y");
    room.network.dial(room.at_a, room.at_b);
    room.run_for(2s);
    CHECK(room.b.datagrams.size() == 1);
    CHECK(room.b.heard.empty());
    CHECK(room.a.heard == "?");
    room.network.heal();
    room.run_for(1ms);
    CHECK(room.b.heard == "y");
}

TEST_CASE("a link and dials pass while datagrams are lost", "[sim]") {
    Room room({.duplicate_per_mille = 0});
    const LinkId link = room.link();
    room.network.obstruct(room.at_a, room.at_b, Obstacle::mute);
    room.network.datagram(room.at_a, room.at_b, "x");
    room.network.datagram(room.at_b, room.at_a, "x");
    room.network.send(link, room.at_a, "y");
    room.run_for(1s);
    room.network.dial(room.at_a, room.at_b);
    room.run_for(1s);
    CHECK(room.b.datagrams.empty());
    CHECK(room.a.datagrams.size() == 1);
    CHECK(room.b.heard == "y+");
    CHECK(room.a.heard == "^");
    CHECK_FALSE(room.network.is_clear(room.at_a, room.at_b));
    room.network.heal();
    room.network.datagram(room.at_a, room.at_b, "x");
    room.run_for(1s);
    CHECK(room.b.datagrams.size() == 1);
}

TEST_CASE("a dial to who listens is refused while that is forged, one way", "[sim]") {
    Room room;
    room.network.obstruct(room.at_a, room.at_b, Obstacle::refuse);
    room.network.dial(room.at_a, room.at_b);
    room.network.dial(room.at_b, room.at_a);
    room.run_for(1ms);
    CHECK(room.a.heard == "+!");
    CHECK(room.b.heard == "^");
    room.network.heal(room.at_a, room.at_b);
    room.network.dial(room.at_a, room.at_b);
    room.run_for(1ms);
    CHECK(room.a.heard == "+!^");
}

TEST_CASE("a flapping way is cut and whole in turn, until it is healed", "[sim]") {
    Room room({.duplicate_per_mille = 0});
    room.network.flap(room.at_a, room.at_b, 10ms);
    std::string seen;
    for (int i = 0; i < 6; ++i) {
        room.run_for(i == 0 ? 5ms : 10ms);
        seen += room.network.is_cut(room.at_a, room.at_b) ? 'x' : '-';
        CHECK_FALSE(room.network.is_clear(room.at_a, room.at_b));
    }
    CHECK(seen == "x-x-x-");
    room.network.heal();
    for (int i = 0; i < 5; ++i) {
        room.run_for(7ms);
        CHECK_FALSE(room.network.is_cut(room.at_a, room.at_b));
    }
}

TEST_CASE("what is sent later on another link may arrive earlier", "[sim]") {
    std::size_t overtaken = 0;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Room room({}, seed);
        const LinkId first = room.link();
        room.network.dial(room.at_a, room.at_b);
        room.run_for(10ms);
        const LinkId second{first.value + 1};
        room.b.heard.clear();
        room.network.set_delay({.least = 100us, .most = 300us, .tail = 500ms});
        room.network.send(first, room.at_a, "1");
        room.network.send(second, room.at_a, "2");
        room.run_for(1s);
        CHECK(room.b.heard.size() == 2);
        if (room.b.heard == "21") ++overtaken;
    }
    CHECK(overtaken > 10);
}

TEST_CASE("when all is calm the network is as it was at first", "[sim]") {
    Room room({.delay_max = 1ms, .loss_percent = 7});
    room.network.set_loss(50);
    room.network.set_burst({50, 10});
    room.network.set_duplicates(500, 1s);
    room.network.set_corruption(50);
    room.network.set_delay({.least = 1s, .most = 2s});
    for (const Obstacle one :
         {Obstacle::cut, Obstacle::clog, Obstacle::hang, Obstacle::refuse, Obstacle::mute}) {
        room.network.obstruct(room.at_a, room.at_b, one);
    }
    room.network.flap(room.at_b, room.at_a, 3ms);
    CHECK_FALSE(room.network.is_calm());
    room.network.calm();
    CHECK(room.network.is_calm());
    CHECK(room.network.is_clear(room.at_a, room.at_b));
    CHECK(room.network.is_clear(room.at_b, room.at_a));
}
