// Clients that speak text, on the port that frames come on too.
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>

#include "runtime/ask.h"
#include "runtime/inbound_fixture.h"
#include "runtime/socket_fixture.h"

namespace grapevine {
namespace {

// Answers each line with itself, and is full, and says what it keeps, as the test wants.
struct Echo final : TextClient {
    void received(std::string_view bytes) override { unread += bytes; }
    bool next(Time) override {
        const auto end = unread.find('\n');
        if (end == std::string::npos || full || held) return false;
        if (said) said(unread.substr(0, end + 1));
        unread.erase(0, end + 1);
        return true;
    }
    [[nodiscard]] bool is_full() const override { return full; }
    void hold(bool now_held) override { held = now_held; }
    [[nodiscard]] bool has_written() const override { return false; }
    [[nodiscard]] std::size_t input_bytes() const override { return unread.capacity(); }
    [[nodiscard]] std::size_t owed_bytes() const override { return owed; }
    [[nodiscard]] bool is_over() const override { return over; }

    std::string unread;
    std::size_t owed = 0;
    bool full = false;
    bool held = false;
    bool over = false;
    std::function<void(std::string)> said;
};

// A server that also takes text.
struct TextServer final : EndpointOwner {
    explicit TextServer(Loop& loop, InboundLimits limits = {})
        : endpoint(open_endpoint(loop)),
          inbound(loop, outbox, log, events(), limits),
          turn(loop, [this] {
              outbox.flush_all();
              inbound.check_limits(boot_time(), false);
              if (!outbox.is_empty()) turn.again();
              turn.wake_at(boot_time(), inbound.next_deadline());
          }) {
        endpoint->start(*this);
    }
    Inbound::Events events() {
        return {.cluster = [] { return ClusterId{7}; },
                .envelope = [](const Envelope&) {},
                .peer_hung_up = [](Address) {},
                .client_message =
                    [this](Time, ConnectionId id, ClientMessage&&) {
                        ++messages;
                        inbound.answer(id, StopReply{});
                    },
                .client_closed = [](ConnectionId) {},
                .batch_full = [] {},
                .text =
                    [this](ConnectionId id, Address peer) {
                        CHECK(peer.ip == 0x7f000001);
                        auto made = std::make_unique<Echo>();
                        made->said = [this, id](const std::string& line) {
                            lines += 1;
                            inbound.write(id, line);
                        };
                        last = made.get();
                        last_id = id;
                        return made;
                    }};
    }
    void datagram(std::string_view, Address) override {}
    void incoming(uv_stream_t* listener) override { inbound.accept(listener); }
    [[nodiscard]] Address address() const { return endpoint->address(); }

    Logger log{LogLevel::error};
    Outbox outbox;
    std::size_t messages = 0;
    std::size_t lines = 0;
    Echo* last = nullptr;
    ConnectionId last_id;
    std::unique_ptr<Endpoint> endpoint;
    Inbound inbound;
    Turn turn;
};

}  // namespace

TEST_CASE("text and frames share a port") {
    Loop loop;
    const TextServer server(loop);
    RawClient text(server.address());
    RawClient native(server.address());
    text.send_some("hel");
    native.send_some(encode(client_hello()) + requests(3));
    std::string told;
    std::string answers;
    CHECK(run_until(loop, [&] { return native.receive_some(answers) && server.messages == 3; }));
    CHECK(server.lines == 0);
    text.send_some("lo\nyou\n");
    CHECK(run_until(loop, [&] { return text.receive_some(told) && told == "hello\nyou\n"; }));
    CHECK(server.inbound.connections() == 2);
}

TEST_CASE("who may begin with text may be silent") {
    Loop loop;
    const TextServer server(loop, {.patience = 20ms, .sweep_period = 5ms});
    RawClient silent(server.address());
    RawClient half(server.address());
    const std::string hello = encode(client_hello());
    half.send_some(hello.substr(0, hello.size() / 2));
    // Who stops in the middle of a frame is closed meanwhile.
    std::string nothing;
    CHECK(run_until(loop, [&] { return !half.receive_some(nothing); }));
    silent.send_some("here\n");
    std::string told;
    CHECK(run_until(loop, [&] { return silent.receive_some(told) && told == "here\n"; }));
}

TEST_CASE("who speaks text is not read while too much of it waits") {
    Loop loop;
    TextServer server(loop);
    RawClient client(server.address());
    client.send_some("one\n");
    std::string told;
    CHECK(run_until(loop, [&] { return client.receive_some(told) && told == "one\n"; }));
    server.last->full = true;
    const std::string line(1000, 'x');
    std::size_t sent = 0;
    // Until nobody takes any more: what is kept here is what one read brought.
    std::size_t refused = 0;
    CHECK(run_until(loop, [&] {
        const std::size_t taken = client.send_some(line);
        sent += taken;
        refused = taken == 0 ? refused + 1 : 0;
        return refused > 100;
    }));
    CHECK(server.last->unread.size() <= 2 * 65'536);
    CHECK(sent > server.last->unread.size());
    server.last->full = false;
    server.inbound.go_on(server.last_id);
    server.turn.again();
    CHECK(run_until(loop, [&] {
        client.send_some("\n");
        return client.receive_some(told) && server.lines > 1 && told.size() > sent;
    }));
}

TEST_CASE("who reads slowly is held, and goes on") {
    Loop loop;
    TextServer server(loop, {.text_queue_pause = 100'000, .text_queue_resume = 50'000});
    RawClient client(server.address());
    client.send_some("one\n");
    REQUIRE(run_until(loop, [&] { return server.lines == 1; }));
    const std::string large(20'000'000, 'x');
    server.inbound.write(server.last_id, large);
    CHECK(server.last->held);
    server.turn.again();
    client.send_some("two\n");
    const Time begin = boot_time();
    CHECK(run_until(loop, [&] { return boot_time() > begin + 50ms; }));
    CHECK(server.lines == 1);
    std::string told;
    const std::string wanted = "one\n" + large + "two\n";
    CHECK(run_until(loop, [&] {
        client.receive_some(told);
        return told.size() == wanted.size();
    }));
    CHECK((told == wanted));
    CHECK_FALSE(server.last->held);
}

// Four clients that did not read stopped everybody else for as long as they were let.
TEST_CASE("those who read slowly do not keep others from speaking text") {
    constexpr std::size_t full = 4'000'000;
    Loop loop;
    TextServer server(loop, {.sweep_period = 10ms,
                             .text_queue_pause = full,
                             .all_queues_pause = 4 * full,
                             .all_queues_patience = 100s});
    std::vector<std::unique_ptr<RawClient>> deaf;
    for (int i = 0; i < 5; ++i) {
        deaf.push_back(std::make_unique<RawClient>(server.address()));
        deaf.back()->send_some("deaf\n");
        REQUIRE(run_until(
            loop, [&] { return server.last != nullptr && server.lines > deaf.size() - 1; }));
        server.inbound.write(server.last_id, std::string(5 * full, 'x'));
        server.turn.again();
    }
    const std::size_t before = server.lines;
    // It has answers waiting too, though few.
    RawClient well(server.address());
    well.send_some("one\n");
    REQUIRE(run_until(loop, [&] { return server.lines == before + 1; }));
    server.inbound.write(server.last_id, std::string(full, 'y'));
    server.turn.again();
    const Time begin = boot_time();
    CHECK(run_until(loop, [&] { return boot_time() > begin + 50ms; }));
    well.send_some("two\n");
    CHECK(run_until(loop, [&] { return server.lines == before + 2; }));
    // Those are not read.
    deaf.front()->send_some("more\n");
    const Time then = boot_time();
    CHECK(run_until(loop, [&] { return boot_time() > then + 50ms; }));
    CHECK(server.lines == before + 2);
    CHECK(server.inbound.connections() == 6);
}

TEST_CASE("too much that waits for clients of text is closed where most of it is") {
    Loop loop;
    TextServer server(
        loop, {.sweep_period = 10ms, .all_queues_pause = 1'000'000, .all_queues_busy = 1'000'000});
    RawClient greedy(server.address());
    greedy.send_some("one\n");
    REQUIRE(run_until(loop, [&] { return server.lines == 1; }));
    Echo* const its = server.last;
    RawClient well(server.address());
    well.send_some("two\n");
    REQUIRE(run_until(loop, [&] { return server.lines == 2; }));
    server.last->owed = 100;
    its->owed = 2'000'000;
    CHECK(run_until(loop, [&] { return server.inbound.connections() == 1; }));
    std::string told;
    CHECK(run_until(loop, [&] { return !greedy.receive_some(told); }));
    CHECK(well.receive_some(told));
}

// Who had not read what it was owed was closed for what it had half said.
TEST_CASE("half frames are told from what is owed") {
    Loop loop;
    TextServer server(loop, {.sweep_period = 10ms, .half_frames_max = 1'000'000});
    RawClient slow(server.address());
    slow.send_some("one\n");
    REQUIRE(run_until(loop, [&] { return server.lines == 1; }));
    server.last->owed = 2'000'000;
    const Time begin = boot_time();
    CHECK(run_until(loop, [&] { return boot_time() > begin + 100ms; }));
    CHECK(server.inbound.connections() == 1);
    RawClient half(server.address());
    std::size_t sent = 0;
    const std::string piece(100'000, 'x');
    CHECK(run_until(loop, [&] {
        if (sent < 2'000'000) sent += half.send_some(piece);
        std::string told;
        return !half.receive_some(told);
    }));
    CHECK(server.inbound.connections() == 1);
}

TEST_CASE("a connection of text ends after what was written, or at once") {
    Loop loop;
    TextServer server(loop);
    RawClient polite(server.address());
    polite.send_some("one\n");
    CHECK(run_until(loop, [&] { return server.lines == 1; }));
    const std::string large(1'000'000, 'x');
    server.inbound.write(server.last_id, large);
    server.inbound.finish(server.last_id);
    server.turn.again();
    polite.send_some("two\n");
    std::string told;
    CHECK(run_until(loop, [&] { return !polite.receive_some(told); }));
    CHECK(told == "one\n" + large);
    CHECK(server.lines == 1);

    RawClient other(server.address());
    other.send_some("one\n");
    CHECK(run_until(loop, [&] { return server.lines == 2; }));
    server.inbound.hang_up(server.last_id);
    server.inbound.write(server.last_id, "nobody hears this");
    std::string last;
    CHECK(run_until(loop, [&] { return !other.receive_some(last); }));
    polite.hang_up();
    CHECK(run_until(loop, [&] { return server.inbound.connections() == 0; }));
}

TEST_CASE("who reads late has all that was answered before the end") {
    Loop loop;
    TextServer server(loop, {.goodbye = 50ms, .sweep_period = 20ms});
    RawClient late(server.address());
    late.send_some("one\n");
    CHECK(run_until(loop, [&] { return server.lines == 1; }));
    const std::string large(16'000'000, 'x');  // more than the sockets hold
    server.inbound.write(server.last_id, large);
    server.inbound.finish(server.last_id);
    server.turn.again();
    const Time pause_ends = boot_time() + 400ms;
    CHECK(run_until(loop, [&] { return boot_time() > pause_ends; }));
    std::string told;
    CHECK(run_until(loop, [&] { return !late.receive_some(told); }));
    CHECK(told.size() == 4 + large.size());
    late.hang_up();
    CHECK(run_until(loop, [&] { return server.inbound.connections() == 0; }));
}

// Who had asked for much, said goodbye and read nothing stayed until all together were too much.
TEST_CASE("who says goodbye and does not read what is kept for it is closed") {
    Loop loop;
    TextServer server(loop, {.patience = 100ms, .sweep_period = 10ms});
    RawClient reads(server.address());
    reads.send_some("one\n");
    REQUIRE(run_until(loop, [&] { return server.lines == 1; }));
    Echo* const slow = server.last;
    RawClient deaf(server.address());
    deaf.send_some("two\n");
    REQUIRE(run_until(loop, [&] { return server.lines == 2; }));
    slow->owed = server.last->owed = 1'000'000;
    slow->over = server.last->over = true;
    // As long as some of it is taken, there is time.
    CHECK(run_until(loop, [&] {
        --slow->owed;
        return server.inbound.connections() == 1;
    }));
    const Time then = boot_time();
    CHECK(run_until(loop, [&] {
        --slow->owed;
        return boot_time() > then + 200ms;
    }));
    CHECK(server.inbound.connections() == 1);
    CHECK(run_until(loop, [&] { return server.inbound.connections() == 0; }));
}

}  // namespace grapevine
