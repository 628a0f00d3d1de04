#pragma once
// A process of the simulated machine room: it has an inbox and takes turns, as an event loop does.
// A turn hands in everything that has arrived, lets due deadlines fire, and carries out the
// effects; it costs time, during which more arrives. A paused process (SIGSTOP, a long stall) keeps
// its inbox, bounded for datagrams as a socket's buffer is, and takes it all in one turn when it
// goes on. Half of all pauses strike between a turn and its effects. A slow process pays a multiple
// for its turns. Each process has a clock of its own, and sees no other.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/rng.h"
#include "base/time.h"
#include "sim/clock.h"
#include "sim/event_log.h"
#include "sim/event_queue.h"
#include "sim/network.h"

namespace grapevine::sim {

class Echoes;

// What every process lives in.
struct Surroundings {
    EventQueue& queue;
    EventLog& log;
    Network& network;
    Echoes& echoes;
    Duration placing_takes{};  // of a placement beside a node's loop; each pair takes more
};

struct ProcessConfig {
    Duration turn_cost = 10us;
    Duration arrival_cost = 2us;              // each, on top
    std::size_t datagrams_waiting_max = 256;  // a socket's receive buffer
};

class Process : public Endpoint {
public:
    Process(Surroundings& around, Address address, std::string name, std::uint64_t seed);
    ~Process() override = default;
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    void arrive(Arrival arrival) final;

    void pause();
    void resume();
    // From one moment to the next, as kill -9 does.
    void kill();
    // From now on its turns cost so many times as much.
    void slow_down(std::int64_t times) { slowness_ = times; }
    // From now on its clock is faster by so many parts per million (negative: slower).
    void drift(std::int64_t ppm);

    [[nodiscard]] const LocalClock& clock() const { return clock_; }
    // By its own clock.
    [[nodiscard]] Time now() const { return clock_.local(around_.queue.now()); }
    [[nodiscard]] std::int64_t slowness() const { return slowness_; }
    [[nodiscard]] std::uint64_t datagrams_dropped() const { return datagrams_dropped_; }
    [[nodiscard]] bool is_alive() const { return state_ != State::dead; }
    [[nodiscard]] bool is_paused() const { return state_ == State::paused; }
    [[nodiscard]] bool is_running() const { return state_ == State::running; }
    [[nodiscard]] Address address() const { return address_; }
    [[nodiscard]] const std::string& name() const { return name_; }

protected:
    [[nodiscard]] Surroundings& around() { return around_; }
    [[nodiscard]] Rng& rng() { return rng_; }
    // Its clock when it began the last turn.
    [[nodiscard]] Time handled_at() const { return handled_at_; }
    // A turn soon, or at a deadline by its own clock: for input that is not an arrival.
    void wake_at(Time local);

    // A turn in four parts.
    virtual void take(Arrival arrival) = 0;
    virtual void tick() = 0;       // if next_deadline() has come
    virtual void carry_out() = 0;  // take_effects() and do what they say
    virtual Time next_deadline() const = 0;
    // The process is no more: drop what it held.
    virtual void died() = 0;

private:
    enum class State : std::uint8_t { running, paused, dead };

    [[nodiscard]] Time world_now() const { return around_.queue.now(); }
    void turn();
    void turn_at(Time time);
    void after_turn();

    Surroundings& around_;
    Address address_;
    std::string name_;
    Rng rng_;
    ProcessConfig config_;
    State state_ = State::running;
    LocalClock clock_;
    std::int64_t slowness_ = 1;
    std::vector<Arrival> inbox_;
    std::vector<Arrival> taken_;  // by the turn that goes on; kept for its memory
    std::size_t datagrams_waiting_ = 0;
    std::uint64_t datagrams_dropped_ = 0;  // the buffer was full
    Time turn_at_ = never;                 // the one scheduled turn that counts, in world time
    Time handled_at_;
    Time busy_until_;               // in world time
    bool pause_in_turn_ = false;    // the next turn stops before its effects
    bool effects_are_due_ = false;  // stopped there
};

}  // namespace grapevine::sim
