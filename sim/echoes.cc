#include "sim/echoes.h"

#include <utility>

#include "wire/wire.h"

namespace grapevine::sim {

namespace {

// Long enough for every answer that is not waited for elsewhere.
constexpr Duration stays = 2s;
constexpr std::uint64_t echoes_max = 4096;  // ports

}  // namespace

// Sends once its dial has succeeded, and stays for a while: its end must not take back what it
// sent.
class Echoes::Echo final : public Endpoint {
public:
    Echo(Echoes& owner, Address self, Address to, std::string frames)
        : owner_(owner), self_(self), frames_(std::move(frames)) {
        owner_.network_.attach(self_, *this);
        owner_.network_.dial(self_, to);
        owner_.queue_.after(stays, [&echoes = owner_, self] { echoes.end(self); });
    }
    ~Echo() override { owner_.network_.detach(self_); }
    Echo(const Echo&) = delete;
    Echo& operator=(const Echo&) = delete;

    void arrive(Arrival arrival) override {
        if (arrival.kind != ArrivalKind::up) return;
        owner_.network_.send(arrival.link, self_, encode(Hello{}));
        owner_.network_.send(arrival.link, self_, std::exchange(frames_, {}));
    }

private:
    Echoes& owner_;
    Address self_;
    std::string frames_;
};

Echoes::Echoes(EventQueue& queue, Network& network, Address first, std::uint64_t seed)
    : queue_(queue), network_(network), first_(first), rng_(seed) {}

Echoes::~Echoes() = default;

void Echoes::set(std::uint32_t percent, Duration late) {
    percent_ = percent;
    late_ = late;
}

void Echoes::sent(Address to, const std::string& frames) {
    if (percent_ == 0 || !rng_.chance(percent_, 100)) return;
    queue_.after(rng_.between(Duration{}, late_), [this, to, frames] { begin(to, frames); });
}

void Echoes::begin(Address to, const std::string& frames) {
    const auto port = static_cast<std::uint16_t>(first_.port + count_ % echoes_max);
    const Address self{first_.ip, port};
    if (alive_.contains(self)) return;  // so many at once
    ++count_;
    alive_[self] = std::make_unique<Echo>(*this, self, to, frames);
}

void Echoes::end(Address self) {
    alive_.erase(self);
}

}  // namespace grapevine::sim
