// A process's turns, its clock, and what it does not see.
#include "sim/process.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sim/echoes.h"

using namespace grapevine;
using namespace grapevine::sim;

namespace {

// Writes down what it takes in each turn, and ticks every 10 ms by its own clock.
class Clockwork final : public Process {
public:
    Clockwork(Surroundings& around, Address address, std::uint64_t seed)
        : Process(around, address, "clockwork", seed), due_(now() + 10ms) {
        wake_at(due_);
    }
    std::vector<std::size_t> turns;  // how many arrivals each had
    std::vector<Time> ticks;         // in world time
    std::vector<Time> read;          // by its own clock

private:
    void take(Arrival) override { ++taken_; }
    void tick() override {
        ticks.push_back(around().queue.now());
        read.push_back(now());
        due_ += 10ms;
    }
    void carry_out() override { turns.push_back(std::exchange(taken_, 0)); }
    Time next_deadline() const override { return due_; }
    void died() override {}

    std::size_t taken_ = 0;
    Time due_;
};

struct Room {
    EventQueue queue;
    EventLog log;
    Network network{{.duplicate_per_mille = 0, .straggle_per_mille = 0}, queue, log, 1};
    Echoes echoes{queue, network, {1, 1000}, 1};
    Surroundings around{queue, log, network, echoes};
    Clockwork process{around, {1, 1}, 1};

    void run_for(Duration span) {
        const Time end = queue.now() + span;
        while (queue.next() <= end) queue.run_next();
        queue.advance_to(end);
    }
    void send(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) network.datagram({1, 2}, {1, 1}, "x");
    }
};

}  // namespace

TEST_CASE("a clock drifts by so many parts per million, and never jumps", "[sim]") {
    const Time begin = Time{} + 1s;
    for (const std::int64_t ppm : {0L, 1L, -1L, 15'625L, -15'625L, 7'001L}) {
        INFO(ppm);
        LocalClock clock;
        CHECK(clock.local(begin) == begin);
        clock.drift(begin, ppm);
        CHECK(clock.local(begin) == begin);
        const Time later = begin + 64s;
        const Time shown = clock.local(later);
        CHECK(to_us(shown - begin) == 64'000'000 + 64 * ppm);
        // Back to the world's rate, from where it is.
        clock.drift(later, 0);
        CHECK(clock.local(later) == shown);
        CHECK(clock.local(later + 5s) == shown + 5s);
        CHECK(clock.when(shown + 5s) == later + 5s);
    }
}

TEST_CASE("a deadline comes at the first moment at which the clock shows it", "[sim]") {
    Rng rng(1);
    for (int i = 0; i < 2000; ++i) {
        LocalClock clock;
        const Time changed = Time{} + rng.between(1s, 100s);
        const auto ppm = static_cast<std::int64_t>(rng.below(2 * LocalClock::drift_max + 1)) -
                         LocalClock::drift_max;
        clock.drift(Time{} + 500ms, 1234);
        clock.drift(changed, ppm);
        const Time deadline = clock.local(changed) + rng.between(1us, 1000s);
        const Time at = clock.when(deadline);
        REQUIRE(clock.local(at) >= deadline);
        REQUIRE(clock.local(at - 1us) < deadline);
    }
    LocalClock clock;
    CHECK(clock.when(never) == never);
    CHECK(clock.when(Time::min()) < Time{} + 1s);
    clock.drift(Time{} + 1s, -100);
    CHECK(clock.when(never) == never);
    CHECK(clock.when(Time::min()) <= Time{} + 1s);
}

TEST_CASE("deadlines come by a process's own clock", "[sim]") {
    Room room;
    room.process.drift(LocalClock::drift_max);
    room.run_for(10s);
    CHECK(room.process.ticks.size() == 1015);  // 10 s and 1 in 64
    for (std::size_t i = 0; i < room.process.read.size(); ++i) {
        const Duration late = room.process.read[i] - (Time{} + 1s + 10ms * (i + 1));
        REQUIRE(late >= Duration{});
        REQUIRE(late <= 2us);
    }
    // A change of its rate in the middle of a wait moves the moment, not the deadline.
    room.process.drift(-LocalClock::drift_max);
    room.process.ticks.clear();
    room.run_for(10s);
    CHECK(room.process.ticks.size() >= 984);
    CHECK(room.process.ticks.size() <= 985);
}

TEST_CASE("the turns of a slow process cost more, and more arrives meanwhile", "[sim]") {
    const auto turns_at = [](std::int64_t times) {
        Room room;
        room.process.slow_down(times);
        for (int i = 0; i < 1000; ++i) {
            room.send(1);
            room.run_for(10us);
        }
        const std::size_t turns = room.process.turns.size();
        room.run_for(1s);
        std::size_t taken = 0;
        for (const std::size_t arrivals : room.process.turns) taken += arrivals;
        CHECK(taken + room.process.datagrams_dropped() == 1000);
        CHECK((room.process.datagrams_dropped() > 0) == (times > 1));
        return turns;
    };
    const std::size_t usual = turns_at(1);
    const std::size_t slow = turns_at(100);
    CHECK(usual > 400);
    CHECK(slow < 20);
}

TEST_CASE("a paused process's inbox overflows, and what is left comes in one turn", "[sim]") {
    Room room;
    room.process.pause();
    room.run_for(10ms);  // at the latest now, between a turn and its effects
    room.send(300);
    room.run_for(1s);
    CHECK(room.process.is_paused());
    const std::size_t before = room.process.turns.size();
    room.process.resume();
    room.run_for(1ms);
    CHECK(room.process.datagrams_dropped() == 300 - 256);
    std::size_t most = 0;
    for (std::size_t i = before; i < room.process.turns.size(); ++i) {
        most = std::max(most, room.process.turns[i]);
    }
    CHECK(most == 256);
}
