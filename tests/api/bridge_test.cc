// The bridge between threads, with a backend that the test plays. Also built with the thread
// sanitizer.
#include "api/bridge.h"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <deque>
#include <future>
#include <thread>

#include "effort.h"
#include "runtime/clock.h"

using namespace grapevine;
using grapevine::testing::effort;

namespace {

// What the backend does, set before operations come; what it saw, looked at when they are answered.
struct Play {
    std::atomic<bool> answers = true;  // false: it keeps what it gets until the end
    std::atomic<std::size_t> turns = 0;
    std::atomic<std::size_t> submitted = 0;
    std::atomic<std::int64_t> last_deadline_us = 0;
};

// Answers in the next turn: the value is the key.
class PlayedBackend final : public Backend {
public:
    PlayedBackend(Loop& loop, Play& play) : play_(play), turn_(loop, [this] { answer(); }) {}

    void submit(Operation operation, Done done) override {
        ++play_.submitted;
        play_.last_deadline_us = to_us(operation.deadline);
        held_.emplace_back(std::move(operation.key), std::move(done));
        turn_.again();
    }
    void end(const std::string&) override {
        ended_ = true;
        turn_.again();
    }

private:
    void answer() {
        if (held_.empty() || (!play_.answers && !ended_)) return;
        ++play_.turns;
        for (auto& [key, done] : std::exchange(held_, {})) {
            Outcome outcome;
            outcome.kind = ended_ ? OutcomeKind::ended : OutcomeKind::ok;
            outcome.value = key;
            done(std::move(outcome));
        }
    }

    Play& play_;
    Turn turn_;
    std::vector<std::pair<std::string, Done>> held_;
    bool ended_ = false;
};

std::shared_ptr<Bridge> start(Play& play, Bridge::Limits limits = {}) {
    auto bridge = Bridge::start(
        limits, [&play](Loop& loop) { return std::make_unique<PlayedBackend>(loop, play); });
    REQUIRE(bridge);
    return *std::move(bridge);
}

Operation read(std::string key, Duration deadline = 60s) {
    Operation operation;
    operation.key = std::move(key);
    operation.deadline = deadline;
    return operation;
}

// These may be called from any thread, which Catch2 may not.
v1::Result wait_for(Bridge& bridge, Operation operation) {
    Waiter waiter;
    if (auto refused = bridge.submit(std::move(operation), &waiter)) return *refused;
    return waiter.wait();
}

std::future<v1::Result> later(Bridge& bridge, Operation operation) {
    std::promise<v1::Result> promise;
    auto future = promise.get_future();
    if (bridge.submit(std::move(operation), std::move(promise))) return {};
    return future;
}

bool call(Bridge& bridge, Operation operation, v1::Callback callback) {
    return !bridge.submit(std::move(operation), std::move(callback));
}

// Holds the loop's thread up, in a callback, from the constructor to let_go().
class Hold {
public:
    explicit Hold(Bridge& bridge) {
        REQUIRE(call(bridge, read("hold"), [this](const v1::Result&) {
            held_.set_value();
            free_.get_future().wait();
        }));
        held_.get_future().wait();
    }
    void let_go() { free_.set_value(); }

private:
    std::promise<void> held_;
    std::promise<void> free_;
};

}  // namespace

TEST_CASE("what many threads submit at once is answered, each with its own", "[api]") {
    Play play;
    const auto bridge = start(play);
    const int each = effort(2000, 300);
    std::atomic<int> right = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
            std::deque<std::pair<std::string, std::future<v1::Result>>> futures;
            for (int i = 0; i < each; ++i) {
                const std::string key = std::to_string(thread) + "." + std::to_string(i);
                right += wait_for(*bridge, read(key + "a")).value == key + "a" ? 1 : 0;
                futures.emplace_back(key + "b", later(*bridge, read(key + "b")));
                call(*bridge, read(key + "c"), [&right, key](const v1::Result& result) {
                    right += result.value == key + "c" ? 1 : 0;
                });
            }
            for (auto& [key, future] : futures) right += future.get().value == key ? 1 : 0;
        });
    }
    for (std::thread& thread : threads) thread.join();
    // The callbacks that are outstanding hear of the end, with their keys.
    bridge->stop();
    CHECK(right == 4 * 3 * each);
    CHECK(bridge->in_flight() == 0);
}

TEST_CASE("what is submitted while the loop is busy goes to the backend in one turn", "[api]") {
    Play play;
    const auto bridge = start(play);
    Hold hold(*bridge);
    const std::size_t turns = play.turns;
    std::deque<std::future<v1::Result>> futures;
    for (int i = 0; i < 100; ++i) futures.push_back(later(*bridge, read(std::to_string(i))));
    CHECK(bridge->in_flight() == 100);
    hold.let_go();
    for (int i = 0; i < 100; ++i)
        CHECK(futures[static_cast<std::size_t>(i)].get().value == std::to_string(i));
    CHECK(play.turns == turns + 1);
    bridge->stop();
}

TEST_CASE("a callback may submit more", "[api]") {
    Play play;
    const auto bridge = start(play, {.operations_max = 1});
    std::promise<std::string> last;
    // With room for one: it is given back before the callback is called.
    std::function<void(int)> next = [&](int number) {
        const bool taken =
            call(*bridge, read(std::to_string(number)), [&, number](const v1::Result& r) {
                number < 1000 ? next(number + 1) : last.set_value(r.value);
            });
        if (!taken) last.set_value("refused");
    };
    next(0);
    CHECK(last.get_future().get() == "1000");
    CHECK(play.submitted == 1001);
    bridge->stop();
}

TEST_CASE("stopping ends what is outstanding, whoever waits for it", "[api]") {
    Play play;
    play.answers = false;
    const auto bridge = start(play);
    std::atomic<int> waiting = 0;
    std::atomic<int> called = 0;
    std::deque<std::future<v1::Result>> futures;
    for (int i = 0; i < 50; ++i) {
        futures.push_back(later(*bridge, read("future")));
        CHECK(call(*bridge, read("callback"), [&](const v1::Result& result) {
            called += result.code == v1::Code::ended ? 1 : 1000;
            // More is refused, so that who tries again and again comes to an end.
            const bool taken =
                call(*bridge, read("again"), [&](const v1::Result&) { called = -1000; });
            called += taken ? 1000 : 0;
        }));
    }
    std::deque<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            const auto result = wait_for(*bridge, read("waiter"));
            waiting += result.code == v1::Code::ended ? 1 : 1000;
        });
    }
    while (bridge->in_flight() < 103) std::this_thread::yield();
    bridge->stop();
    CHECK(called == 50);
    for (auto& future : futures) CHECK(future.get().code == v1::Code::ended);
    for (std::thread& thread : threads) thread.join();
    CHECK(waiting == 3);
    CHECK(bridge->in_flight() == 0);
    const auto after = wait_for(*bridge, read("after"));
    CHECK(after.code == v1::Code::ended);
}

TEST_CASE("what is in the queue when the bridge stops is answered too", "[api]") {
    Play play;
    const auto bridge = start(play);
    Hold hold(*bridge);
    std::deque<std::future<v1::Result>> futures;
    for (int i = 0; i < 10; ++i) futures.push_back(later(*bridge, read("k")));
    std::thread stopper([&] { bridge->stop(); });
    while (later(*bridge, read("more")).valid()) std::this_thread::yield();
    hold.let_go();
    stopper.join();
    for (auto& future : futures) CHECK(future.get().code == v1::Code::ended);
}

TEST_CASE("a callback may stop the bridge", "[api]") {
    Play play;
    std::promise<void> stopped;
    auto other = std::make_shared<std::promise<v1::Code>>();
    auto outcome = other->get_future();
    {
        auto bridge = start(play);
        auto* const raw = bridge.get();
        Hold hold(*bridge);
        REQUIRE(call(*raw, read("first"), [&stopped, bridge](const v1::Result&) mutable {
            bridge->stop();
            bridge.reset();
            stopped.set_value();
        }));
        REQUIRE(call(*raw, read("second"),
                     [other](const v1::Result& result) { other->set_value(result.code); }));
        hold.let_go();
        stopped.get_future().wait();
    }
    // Whether it was answered or ended, it was told; by a thread that nobody joins.
    CHECK(outcome.wait_for(std::chrono::seconds(30)) == std::future_status::ready);
    // The thread's last steps are of no concern, but the play has to outlast its backend.
    while (other.use_count() > 1) std::this_thread::yield();
}

TEST_CASE("operations and bytes over the limits are refused as overloaded", "[api]") {
    Play play;
    play.answers = false;
    const auto code = [](Bridge& bridge, std::size_t key) {
        std::promise<v1::Result> promise;
        const auto refused = bridge.submit(read(std::string(key, 'k')), std::move(promise));
        return refused ? refused->code : v1::Code::ok;
    };
    SECTION("operations") {
        const auto bridge = start(play, {.operations_max = 2});
        CHECK(code(*bridge, 1) == v1::Code::ok);
        CHECK(code(*bridge, 1) == v1::Code::ok);
        CHECK(code(*bridge, 1) == v1::Code::overloaded);
        CHECK(bridge->in_flight() == 2);
        bridge->stop();
    }
    SECTION("bytes") {
        const auto bridge = start(play, {.bytes_max = 100});
        CHECK(code(*bridge, 60) == v1::Code::ok);
        CHECK(code(*bridge, 41) == v1::Code::overloaded);
        CHECK(code(*bridge, 40) == v1::Code::ok);
        CHECK(code(*bridge, 1) == v1::Code::overloaded);
        bridge->stop();
    }
    SECTION("a single one may be larger") {
        const auto bridge = start(play, {.bytes_max = 100});
        CHECK(code(*bridge, 1000) == v1::Code::ok);
        CHECK(code(*bridge, 1) == v1::Code::overloaded);
        bridge->stop();
    }
}

TEST_CASE("the deadline counts from the call, not from when the loop looks", "[api]") {
    Play play;
    const auto bridge = start(play);
    Hold hold(*bridge);
    const std::size_t submitted = play.submitted;
    const Time begin = boot_time();
    auto late = later(*bridge, read("late", 1ms));
    auto early = later(*bridge, read("early", 60s));
    const Time submitted_by = boot_time();
    while (boot_time() < submitted_by + 2ms) std::this_thread::yield();
    const Time held_until = boot_time();
    hold.let_go();
    const auto result = late.get();
    CHECK(result.code == v1::Code::unavailable);
    CHECK_FALSE(result.message.empty());
    CHECK(early.get().code == v1::Code::ok);
    CHECK(play.submitted == submitted + 1);
    CHECK(play.last_deadline_us <= to_us(60s - (held_until - submitted_by)));
    CHECK(play.last_deadline_us >= to_us(60s - (boot_time() - begin)));
    bridge->stop();
}
