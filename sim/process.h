#pragma once
// A process of the simulated machine room: it has an inbox and takes turns, as an event loop does.
// A turn hands in everything that has arrived, lets due deadlines fire, and carries out the
// effects; it costs time, during which more arrives. A paused process (SIGSTOP, a long stall) keeps
// its inbox, bounded for datagrams as a socket's buffer is, and takes it all in one turn when it
// goes on. Half of all pauses strike between a turn and its effects.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>

#include "base/address.h"
#include "base/rng.h"
#include "base/time.h"
#include "sim/event_log.h"
#include "sim/event_queue.h"
#include "sim/network.h"

namespace grapevine::sim {

// What every process lives in.
struct Surroundings {
    EventQueue& queue;
    EventLog& log;
    Network& network;
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

    [[nodiscard]] bool is_alive() const { return state_ != State::dead; }
    [[nodiscard]] bool is_paused() const { return state_ == State::paused; }
    [[nodiscard]] bool is_running() const { return state_ == State::running; }
    [[nodiscard]] Address address() const { return address_; }
    [[nodiscard]] const std::string& name() const { return name_; }

protected:
    [[nodiscard]] Time now() const { return around_.queue.now(); }
    [[nodiscard]] Surroundings& around() { return around_; }
    [[nodiscard]] Rng& rng() { return rng_; }
    // A turn soon, or at a deadline: for input that is not an arrival.
    void wake_at(Time time);

    // A turn in four parts.
    virtual void take(Arrival arrival) = 0;
    virtual void tick() = 0;       // if next_deadline() has come
    virtual void carry_out() = 0;  // take_effects() and do what they say
    virtual Time next_deadline() const = 0;
    // The process is no more: drop what it held.
    virtual void died() = 0;

private:
    enum class State : std::uint8_t { running, paused, dead };

    void turn();
    void after_turn();

    Surroundings& around_;
    Address address_;
    std::string name_;
    Rng rng_;
    ProcessConfig config_;
    State state_ = State::running;
    std::deque<Arrival> inbox_;
    std::size_t datagrams_waiting_ = 0;
    Time turn_at_ = never;  // the one scheduled turn that counts
    Time busy_until_;
    bool pause_in_turn_ = false;    // the next turn stops before its effects
    bool effects_are_due_ = false;  // stopped there
};

}  // namespace grapevine::sim
