#pragma once
// Requests that come twice: a part of what clients send arrives again, up to seconds later, on a
// connection of its own, as when a middlebox or a dying client's kernel sends it after all. Nobody
// hears the answers.

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/address.h"
#include "base/rng.h"
#include "base/time.h"
#include "sim/event_queue.h"
#include "sim/network.h"

namespace grapevine::sim {

class Echoes {
public:
    // `first` is where echoes listen, each on a port of its own from there on.
    Echoes(EventQueue& queue, Network& network, Address first, std::uint64_t seed);
    ~Echoes();

    // Percent of what is sent comes again, at most so late.
    void set(std::uint32_t percent, Duration late);
    // A client has sent these frames.
    void sent(Address to, const std::string& frames);

    [[nodiscard]] std::uint64_t count() const { return count_; }

private:
    class Echo;

    void begin(Address to, const std::string& frames);
    void end(Address self);

    EventQueue& queue_;
    Network& network_;
    Address first_;
    Rng rng_;
    std::uint32_t percent_ = 0;
    Duration late_{};
    std::uint64_t count_ = 0;
    std::map<Address, std::unique_ptr<Echo>> alive_;
};

}  // namespace grapevine::sim
