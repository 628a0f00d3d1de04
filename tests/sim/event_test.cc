#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sim/event_log.h"
#include "sim/event_queue.h"

using namespace grapevine;
using namespace grapevine::sim;

TEST_CASE("events happen in the order of time, then of scheduling", "[sim]") {
    EventQueue queue;
    const Time begin = queue.now();
    std::string order;
    queue.after(2ms, [&] { order += 'c'; });
    queue.after(1ms, [&] { order += 'a'; });
    queue.after(1ms, [&] {
        order += 'b';
        queue.after(5ms, [&] { order += 'd'; });
    });
    CHECK(queue.next() == begin + 1ms);
    while (queue.next() != never) queue.run_next();
    CHECK(order == "abcd");
    CHECK(queue.now() == begin + 6ms);
    CHECK(queue.events_done() == 4);
}

TEST_CASE("what should have happened already happens now", "[sim]") {
    EventQueue queue;
    queue.advance_to(queue.now() + 1s);
    const Time now = queue.now();
    queue.at(now - 500ms, [] {});
    CHECK(queue.next() == now);
}

TEST_CASE("what is to be first in a moment is, in the order in which it was said", "[sim]") {
    EventQueue queue;
    std::string order;
    queue.after(1ms, [&] { order += 'c'; });
    queue.first_at(queue.now() + 1ms, [&] { order += 'a'; });
    queue.first_at(queue.now() + 1ms, [&] { order += 'b'; });
    queue.after(900us, [&] { order += '-'; });
    while (queue.next() != never) queue.run_next();
    CHECK(order == "-abc");
}

TEST_CASE("the event log's hash tells any difference", "[sim]") {
    const auto hash_of = [](Time time, EventKind kind, std::string_view bytes) {
        EventLog log;
        log.record(time, {kind, {1, 2}, {3, 4}, bytes});
        return log.hash();
    };
    const Time time = Time{} + 1s;
    const auto hash = hash_of(time, EventKind::bytes, "abc");
    CHECK(hash == hash_of(time, EventKind::bytes, "abc"));
    CHECK(hash != hash_of(time + 1us, EventKind::bytes, "abc"));
    CHECK(hash != hash_of(time, EventKind::datagram, "abc"));
    CHECK(hash != hash_of(time, EventKind::bytes, "abd"));
}
