#include "runtime/inbound.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/ask.h"
#include "runtime/inbound_fixture.h"
#include "runtime/socket_fixture.h"

namespace grapevine {
namespace {

// A server whose node is a function: it answers every request, or what `answer` says.
struct Server final : EndpointOwner {
    explicit Server(Loop& loop, InboundLimits limits = {})
        : endpoint(open_endpoint(loop)),
          inbound(loop, outbox, log, events(), limits),
          turn(loop, [this] {
              answer_all();
              outbox.flush_all();
              inbound.check_limits(boot_time(), overloaded);
              messages_in_turn = 0;
          }) {
        endpoint->start(*this);
    }
    Inbound::Events events() {
        return {.cluster = [] { return ClusterId{7}; },
                .envelope = [this](const Envelope&) { work(); },
                .peer_hung_up = [](Address) {},
                .client_message =
                    [this](Time, ConnectionId id, ClientMessage&& message) {
                        work();
                        waiting.emplace_back(id, std::move(message));
                        waiting_max = std::max(waiting_max, waiting.size());
                    },
                .prefetch =
                    [this](std::span<const ClientMessage> next) {
                        foreseen_max = std::max(foreseen_max, next.size());
                    },
                .client_closed = [this](ConnectionId) { ++closed; },
                .batch_full =
                    [this] {
                        answer_all();
                        if (when_full) when_full();
                    }};
    }
    void work() {
        ++messages;
        messages_in_turn_max = std::max(messages_in_turn_max, ++messages_in_turn);
        for (const Time end = boot_time() + cost; boot_time() < end;) {
        }
    }
    void answer_all() {
        for (const auto& [id, message] : std::exchange(waiting, {})) {
            const auto* request = std::get_if<Request>(&message);
            if (request == nullptr) {
                inbound.answer(id, StopReply{});
                continue;
            }
            Reply reply;
            reply.sequence = request->sequence;
            reply.value = value;
            inbound.answer(id, reply, are_reads);
        }
    }
    void datagram(std::string_view, Address) override {}
    void incoming(uv_stream_t* listener) override { inbound.accept(listener); }
    [[nodiscard]] Address address() const { return endpoint->address(); }

    Logger log{LogLevel::error};
    Outbox outbox;
    std::string value;
    bool overloaded = false;
    bool are_reads = true;            // what it answers
    Duration cost{};                  // of handling one message
    std::function<void()> when_full;  // empty: nothing more than to answer
    std::size_t messages = 0;
    std::size_t messages_in_turn = 0;
    std::size_t messages_in_turn_max = 0;
    std::size_t closed = 0;
    std::size_t foreseen_max = 0;
    std::size_t waiting_max = 0;
    std::vector<std::pair<ConnectionId, ClientMessage>> waiting;
    std::unique_ptr<Endpoint> endpoint;
    Inbound inbound;
    Turn turn;
};

// What a server sends to someone who sends these bytes, until it hangs up.
std::string told(Loop& loop, const Server& server, const std::string& bytes, Duration limit = 20s) {
    RawClient client(server.address());
    client.send_some(bytes);
    std::string received;
    CHECK(run_until(loop, [&] { return !client.receive_some(received); }, limit));
    return received;
}

// Adds the messages that are whole with what `reader` was fed last.
void take_messages(FrameReader& reader, std::vector<ServerMessage>& messages) {
    for (auto frame = reader.next(); frame && *frame; frame = reader.next()) {
        auto message = decode_server_message((*frame)->payload);
        REQUIRE(message.has_value());
        messages.push_back(*std::move(message));
    }
}

// The whole messages that a client was sent.
std::vector<ServerMessage> frames_in(const std::string& bytes) {
    std::vector<ServerMessage> messages;
    FrameReader reader;
    reader.feed(bytes);
    take_messages(reader, messages);
    return messages;
}

// Waits for so many messages, in a time that is linear in their bytes.
std::vector<ServerMessage> receive(Loop& loop, RawClient& client, std::size_t count) {
    std::vector<ServerMessage> messages;
    FrameReader reader;
    std::string block;
    CHECK(run_until(loop, [&] {
        block.clear();
        client.receive_some(block);
        reader.feed(block);
        take_messages(reader, messages);
        return messages.size() >= count;
    }));
    return messages;
}

std::string refusal_in(const std::string& bytes) {
    const auto frame = parse_frame(bytes);
    if (!frame || frame->kind != FrameKind::refusal) return "no refusal";
    const auto refusal = decode_refusal(frame->payload);
    return refusal ? refusal->message : "no sentence";
}

}  // namespace

TEST_CASE("a client is answered") {
    Loop loop;
    const Server server(loop);
    bool answered = false;
    const Ask ask(loop, server.address(), StopRequest{}, 5s,
                  [&](const Result<ServerMessage>& answer) {
                      answered = true;
                      REQUIRE(answer.has_value());
                      CHECK(std::holds_alternative<StopReply>(*answer));
                  });
    CHECK(run_until(loop, [&] { return answered; }));
}

// A node that has left writes its last answers in the middle of a batch, while clients turn away.
TEST_CASE("a client that turns out to be gone when its batch is answered is dropped") {
    Loop loop;
    Server server(loop);
    RawClient client(server.address());
    server.when_full = [&] {
        client.reset();
        server.outbox.flush_all();
    };
    std::string bytes;
    append_frame(bytes, client_hello());
    client.send_some(bytes + requests(1000));
    CHECK(run_until(loop, [&] { return server.closed == 1; }));
    CHECK(server.inbound.connections() == 0);
    CHECK(server.messages < 1000);
}

TEST_CASE("bytes that are no frames are answered with what is wrong") {
    Loop loop;
    const Server server(loop);
    for (const std::string& bytes :
         {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(64, '\0'), std::string(64, '\xff')}) {
        const std::string why = refusal_in(told(loop, server, bytes));
        CHECK(why.find("frame") != std::string::npos);
    }
    CHECK(run_until(loop, [&] { return server.inbound.connections() == 0; }));
}

TEST_CASE("a frame with a flipped bit is refused") {
    Loop loop;
    const Server server(loop);
    std::string bytes = encode(client_hello());
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    CHECK(refusal_in(told(loop, server, bytes)).find("checksum") != std::string::npos);
}

TEST_CASE("an oversized frame is refused by its header alone") {
    Loop loop;
    const Server server(loop);
    std::string bytes = encode(client_hello()).substr(0, frame_header_size);
    bytes[7] = '\x7f';  // the size's highest byte
    CHECK(refusal_in(told(loop, server, bytes)).find("limit") != std::string::npos);
}

TEST_CASE("other versions and clusters are refused, and both are named") {
    Loop loop;
    const Server server(loop);
    Hello future = client_hello();
    future.protocol = 99;
    const std::string version = refusal_in(told(loop, server, encode(future)));
    CHECK(version.find("99") != std::string::npos);
    CHECK(version.find(fmt::format("version {}", protocol_version)) != std::string::npos);
    Hello stranger = client_hello();
    stranger.cluster = ClusterId{8};
    CHECK(refusal_in(told(loop, server, encode(stranger))) != "no refusal");
}

TEST_CASE("a client that turns to garbage is told so as a client, others go on") {
    Loop loop;
    Server server(loop);
    RawClient well(server.address());
    well.send_some(encode(client_hello()));
    const std::string bytes = told(loop, server, encode(client_hello()) + std::string(64, 'x'));
    const auto frame = parse_frame(bytes);
    REQUIRE(frame.has_value());
    CHECK(frame->kind == FrameKind::server);
    const auto message = decode_server_message(frame->payload);
    REQUIRE(message.has_value());
    CHECK(std::holds_alternative<ErrorReply>(*message));
    CHECK(run_until(loop, [&] { return server.closed == 1; }));

    well.send_some(requests(1));
    std::string received;
    CHECK(run_until(loop, [&] {
        well.receive_some(received);
        return !received.empty();
    }));
}

TEST_CASE("who says no hello or half a frame is closed after a while") {
    Loop loop;
    const Server server(loop, {.patience = 100ms, .sweep_period = 20ms});
    CHECK(told(loop, server, "", 5s).empty());
    CHECK(told(loop, server, encode(client_hello()).substr(0, 20), 5s).empty());
    CHECK(told(loop, server, encode(client_hello()) + requests(1).substr(0, 30), 5s).empty());
    // An idle client that began nothing stays.
    RawClient idle(server.address());
    idle.send_some(encode(client_hello()));
    std::string received;
    const Time begin = boot_time();
    CHECK(run_until(loop, [&] { return boot_time() > begin + 400ms; }));
    CHECK(idle.receive_some(received));
}

TEST_CASE("who was silent for longest makes room for the next") {
    Loop loop;
    const Server server(loop, {.strangers_max = 3});
    std::string received;
    const auto greet = [&](RawClient& client) {
        client.send_some(encode(client_hello()) + requests(1));
        const std::size_t before = received.size();
        CHECK(run_until(
            loop, [&] { return !client.receive_some(received) || received.size() > before; }));
    };
    RawClient busy(server.address());
    greet(busy);
    RawClient idle(server.address());
    greet(idle);
    // A peer takes nobody's place.
    const Address nobody{0x7f000001, 9};
    const Hello hello{.speaker = Speaker::peer, .from = NodeId{3}, .address = nobody};
    const Envelope envelope{
        .cluster = ClusterId{7}, .from = NodeId{3}, .from_address = nobody, .body = RingRequest{}};
    RawClient of_peer(server.address());
    of_peer.send_some(encode(hello) + encode(envelope));
    CHECK(run_until(loop, [&] { return server.messages == 3; }));
    RawClient third(server.address());
    greet(third);
    busy.send_some(requests(1));
    const std::size_t before = received.size();
    CHECK(
        run_until(loop, [&] { return !busy.receive_some(received) || received.size() > before; }));
    RawClient fourth(server.address());
    CHECK(run_until(loop, [&] { return !idle.receive_some(received); }));
    CHECK(server.closed == 1);
    CHECK(busy.receive_some(received));
    CHECK(third.receive_some(received));
    CHECK(fourth.receive_some(received));
    CHECK(of_peer.receive_some(received));
}

TEST_CASE("half frames of many have one bound, and the largest goes") {
    Loop loop;
    const Server server(loop, {.sweep_period = 10ms, .half_frames_max = 1024 * 1024});
    Request request;
    request.kind = OperationKind::put;
    request.client = ClientId{5};
    request.sequence = 1;
    request.floor = 1;
    request.deadline_ms = 1000;
    request.key = "key";
    request.value = std::string(8 * 1024 * 1024, 'v');
    const std::string bytes = encode(client_hello()) + encode(ClientMessage{request});
    RawClient modest(server.address());
    modest.send_some(bytes.substr(0, 100'000));
    RawClient greedy(server.address());
    std::size_t sent = 0;
    std::string received;
    CHECK(run_until(loop, [&] {
        if (sent + 100 < bytes.size()) {
            sent +=
                greedy.send_some(std::string_view(bytes).substr(sent, bytes.size() - 100 - sent));
        }
        return !greedy.receive_some(received);
    }));
    CHECK(modest.receive_some(received));
}

TEST_CASE("a client that reads nothing does not make memory grow") {
    Loop loop;
    const InboundLimits limits;
    Server server(loop);
    server.value = std::string(1024 * 1024, 'v');
    RawClient deaf(server.address());
    deaf.send_some(encode(client_hello()));
    const std::string burst = requests(100);
    std::size_t offset = 0;
    std::size_t sent = 0;
    const Time begin = boot_time();
    // 1 MiB for each of these would be gigabytes.
    CHECK(run_until(loop, [&] {
        const std::size_t taken = deaf.send_some(std::string_view(burst).substr(offset));
        offset = (offset + taken) % burst.size();
        sent += taken;
        return boot_time() > begin + 500ms;
    }));
    const std::size_t handled = server.messages;
    // What the kernel's buffers hold, and the pause: not the 2,000 requests of one read.
    CHECK(handled > 0);
    CHECK(handled < 64);
    CHECK(server.waiting_max <= limits.messages_per_batch);
    // Not read any more: more requests wait in the sockets than were handled.
    CHECK(sent / (burst.size() / 100) > handled);
    // It begins to read, and is answered everything.
    std::string received;
    CHECK(run_until(loop, [&] {
        received.clear();
        deaf.receive_some(received);
        return server.messages > handled;
    }));
    CHECK(server.closed == 0);
}

// "Busy" says that nothing was changed.
TEST_CASE("who has no room for an answer refuses reads alone") {
    Loop loop;
    for (const bool are_reads : {true, false}) {
        Server server(loop, {.client_queue_pause = 64'000'000, .client_queue_busy = 100'000});
        server.are_reads = are_reads;
        server.value = std::string(4'000'000, 'v');
        RawClient client(server.address());
        client.send_some(encode(client_hello()) + requests(6));
        REQUIRE(run_until(loop, [&] { return server.messages == 6; }));
        const auto answers = receive(loop, client, 6);
        REQUIRE(answers.size() == 6);
        const auto refused = std::ranges::count_if(answers, [](const ServerMessage& answer) {
            return std::get<Reply>(answer).status == Status::busy;
        });
        CHECK((refused > 0) == are_reads);
        CHECK(refused < 6);
    }
}

TEST_CASE("what came before bytes that make no sense is answered before they are") {
    Loop loop;
    Server server(loop);
    const std::string bad = encode(Hello{});  // no client says it twice
    const std::string bytes = encode(client_hello()) + requests(3) + bad;
    const auto frames = frames_in(told(loop, server, bytes));
    REQUIRE(frames.size() == 4);
    for (std::size_t i = 0; i < 3; ++i) CHECK(std::get<Reply>(frames[i]).sequence == i + 1);
    CHECK(std::holds_alternative<ErrorReply>(frames[3]));
    CHECK(server.messages == 3);
}

// Groups are cut by the turn's time, and by answers that fill the client's queue.
TEST_CASE("messages that are handed in together are answered in order, each once") {
    Loop loop;
    Server server(loop);
    SECTION("a turn's time ends among them") {
        server.cost = 700us;
    }
    SECTION("answers fill the queue among them") {
        server.value = std::string(300'000, 'v');
    }
    constexpr std::size_t count = 300;
    RawClient client(server.address());
    client.send_some(encode(client_hello()) + requests(count));
    const auto replies = receive(loop, client, count);
    CHECK(server.messages == count);
    REQUIRE(replies.size() == count);
    for (std::size_t i = 0; i < count; ++i) CHECK(std::get<Reply>(replies[i]).sequence == i + 1);
    CHECK(server.foreseen_max > 1);
    CHECK(server.foreseen_max <= 16);
}

TEST_CASE("however much clients ask, a turn is short and everybody has one") {
    Loop loop;
    Server server(loop);
    server.cost = 1ms;
    RawClient flood(server.address());
    flood.send_some(encode(client_hello()) + requests(1000));
    RawClient well(server.address());
    REQUIRE(run_until(loop, [&] { return server.messages > 30; }));
    well.send_some(encode(client_hello()) + requests(1));
    std::string received;
    CHECK(run_until(loop, [&] {
        well.receive_some(received);
        return !received.empty();
    }));
    CHECK(server.messages < 500);
    CHECK(run_until(loop, [&] { return server.messages == 1001; }));
    // Before and after what waits is handed out, a budget each and the request that exceeds it.
    CHECK(server.messages_in_turn_max < 40);
}

TEST_CASE("however much a peer says, a turn is short") {
    Loop loop;
    Server server(loop);
    server.cost = 1ms;
    const Address nobody{0x7f000001, 9};
    const Hello hello{.speaker = Speaker::peer, .from = NodeId{3}, .address = nobody};
    std::string bytes = encode(hello);
    for (int i = 0; i < 300; ++i) {
        append_frame(bytes, Envelope{.cluster = ClusterId{7},
                                     .from = NodeId{3},
                                     .from_address = nobody,
                                     .body = RingRequest{}});
    }
    RawClient flood(server.address());
    flood.send_some(bytes);
    CHECK(run_until(loop, [&] { return server.messages == 300; }));
    CHECK(server.messages_in_turn_max < 40);
}

TEST_CASE("those who read no answers do not keep the others from theirs") {
    Loop loop;
    Server server(loop, {.sweep_period = 20ms, .all_queues_pause = 4 * 1024 * 1024});
    server.value = std::string(1024 * 1024, 'v');
    std::vector<std::unique_ptr<RawClient>> deaf;
    for (int i = 0; i < 20; ++i) {
        deaf.push_back(std::make_unique<RawClient>(server.address()));
        deaf.back()->send_some(encode(client_hello()) + requests(40));
    }
    const Time begin = boot_time();
    REQUIRE(run_until(loop, [&] { return boot_time() > begin + 300ms; }));
    // Asks while they fill all queues, is answered before any of them is closed for it, and stays.
    RawClient well(server.address());
    well.send_some(encode(client_hello()) + requests(1));
    std::string received;
    CHECK(run_until(loop, [&] {
        well.receive_some(received);
        return received.size() > server.value.size();
    }));
    CHECK(server.closed == 0);
    CHECK(run_until(loop, [&] { return server.closed > 0; }));
    CHECK(server.closed < 20);
    CHECK(well.receive_some(received));
}

TEST_CASE("clients that write are not read while the node is overloaded, others are") {
    Loop loop;
    Server server(loop);
    server.overloaded = true;
    RawClient writer(server.address());
    writer.send_some(encode(client_hello()) + requests(1, OperationKind::put));
    REQUIRE(run_until(loop, [&] { return server.messages == 1; }));
    Time begin = boot_time();
    CHECK(run_until(loop, [&] { return boot_time() > begin + 50ms; }));
    writer.send_some(requests(10, OperationKind::put));
    begin = boot_time();
    CHECK(run_until(loop, [&] { return boot_time() > begin + 100ms; }));
    CHECK(server.messages == 1);
    RawClient reader(server.address());
    reader.send_some(encode(client_hello()) + requests(7));
    CHECK(run_until(loop, [&] { return server.messages == 8; }));
    server.overloaded = false;
    CHECK(run_until(loop, [&] { return server.messages == 18; }));
}

TEST_CASE("a peer's link carries only what that peer says") {
    Loop loop;
    const Server server(loop);
    const Address nobody{0x7f000001, 9};
    const Hello hello{.speaker = Speaker::peer, .from = NodeId{3}, .address = nobody};
    const Envelope forged{.from = NodeId{4}, .from_address = nobody, .body = RingRequest{}};
    CHECK(
        refusal_in(told(loop, server, encode(hello) + encode(forged))).find("this is another's") !=
        std::string::npos);
}

}  // namespace grapevine
