#include "sim/process.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace grapevine::sim {

Process::Process(Surroundings& around, Address address, std::string name, std::uint64_t seed)
    : around_(around), address_(address), name_(std::move(name)), rng_(seed) {
    around_.network.attach(address, *this);
}

void Process::arrive(Arrival arrival) {
    ASSERT(is_alive(), "{}", name_);
    if (arrival.kind == ArrivalKind::datagram) {
        if (datagrams_waiting_ >= config_.datagrams_waiting_max) {
            ++datagrams_dropped_;
            return;
        }
        ++datagrams_waiting_;
    }
    inbox_.push_back(std::move(arrival));
    turn_at(world_now());
}

void Process::wake_at(Time local) {
    turn_at(clock_.when(local));
}

void Process::turn_at(Time time) {
    time = std::max({time, world_now(), busy_until_});
    if (!is_running() || time >= turn_at_) return;
    turn_at_ = time;
    around_.queue.at(time, [this, time] {
        if (turn_at_ == time && is_running()) turn();
    });
}

void Process::turn() {
    turn_at_ = never;
    handled_at_ = now();
    around_.log.record(world_now(), {EventKind::turn, address_, {}, {}});
    busy_until_ =
        world_now() + slowness_ * (config_.turn_cost +
                                   config_.arrival_cost * static_cast<std::int64_t>(inbox_.size()));
    datagrams_waiting_ = 0;
    std::swap(inbox_, taken_);
    for (Arrival& arrival : taken_) take(std::move(arrival));
    taken_.clear();
    if (next_deadline() <= now()) tick();
    if (std::exchange(pause_in_turn_, false)) {
        effects_are_due_ = true;
        state_ = State::paused;
        return;
    }
    carry_out();
    after_turn();
}

void Process::drift(std::int64_t ppm) {
    clock_.drift(world_now(), ppm);
    turn_at_ = never;  // its deadlines come at other moments
    turn_at(world_now());
}

void Process::after_turn() {
    if (!is_running()) return;  // its effects said stop
    wake_at(inbox_.empty() ? next_deadline() : now());
}

void Process::pause() {
    if (!is_running() || pause_in_turn_) return;
    if (rng_.chance(1, 2)) {
        pause_in_turn_ = true;
    } else {
        state_ = State::paused;
    }
}

void Process::resume() {
    pause_in_turn_ = false;
    if (!is_paused()) return;
    state_ = State::running;
    turn_at_ = never;
    if (std::exchange(effects_are_due_, false)) carry_out();
    if (is_running()) wake_at(now());
}

void Process::kill() {
    if (!is_alive()) return;
    state_ = State::dead;
    around_.network.detach(address_);
    inbox_.clear();
    died();
}

}  // namespace grapevine::sim
