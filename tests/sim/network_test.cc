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
    void arrive(Arrival arrival) override {
        switch (arrival.kind) {
            case ArrivalKind::datagram:
                datagrams.push_back(arrival.bytes);
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
