#include "ring/lease.h"

#include <catch2/catch.hpp>

using namespace grapevine;

namespace {

constexpr NodeId self{1};
constexpr Time start = time_from_us(10'000'000);

Ring ring_of(std::uint64_t epoch, std::vector<Voter> voters) {
    Ring ring;
    ring.epoch = Epoch{epoch};
    ring.voters = std::move(voters);
    return ring;
}

Ring five(std::uint64_t epoch) {
    return ring_of(
        epoch, {{NodeId{1}, 1}, {NodeId{2}, 1}, {NodeId{3}, 1}, {NodeId{4}, 1}, {NodeId{5}, 1}});
}

}  // namespace

TEST_CASE("a lease needs a majority, and counts from the sending", "[lease]") {
    const LeaseConfig config;
    Lease lease(config, self);
    lease.adopt(start, five(5));
    CHECK(lease.expiry(start, Epoch{5}) <= start);
    lease.echoed(NodeId{2}, Epoch{5}, start);
    CHECK(lease.expiry(start + 1ms, Epoch{5}) <= start);  // two of five
    lease.echoed(NodeId{3}, Epoch{5}, start + 3ms);
    // Own vote now, 3 at +3 ms, 2 at +0: the third newest of a majority is what counts.
    CHECK(lease.expiry(start + 5ms, Epoch{5}) == start + config.held());
    lease.echoed(NodeId{2}, Epoch{5}, start + 4ms);
    CHECK(lease.expiry(start + 5ms, Epoch{5}) == start + 3ms + config.held());
    CHECK(config.held() < config.lease);
    CHECK(config.waited_out() > config.lease);
}

TEST_CASE("echoes of other rings and of strangers renew nothing", "[lease]") {
    Lease lease({}, self);
    lease.adopt(start, five(5));
    for (const std::uint64_t id : {2, 3, 4, 5}) lease.echoed(NodeId{id}, Epoch{4}, start);
    for (const std::uint64_t id : {12, 13, 14}) lease.echoed(NodeId{id}, Epoch{5}, start);
    CHECK(lease.expiry(start, Epoch{5}) <= start);
}

TEST_CASE("the same voter twice is one voter", "[lease]") {
    Lease lease({}, self);
    lease.adopt(start, five(5));
    lease.echoed(NodeId{2}, Epoch{5}, start);
    lease.echoed(NodeId{2}, Epoch{5}, start + 1ms);
    CHECK(lease.expiry(start + 1ms, Epoch{5}) <= start);
}

TEST_CASE("the own vote counts until this node votes for the next ring", "[lease]") {
    const LeaseConfig config;
    Lease lease(config, self);
    lease.adopt(start, ring_of(5, {{NodeId{1}, 1}, {NodeId{2}, 1}, {NodeId{3}, 1}}));
    lease.echoed(NodeId{2}, Epoch{5}, start + 50ms);
    CHECK(lease.expiry(start + 60ms, Epoch{5}) == start + 50ms + config.held());
    lease.voted(start + 20ms);
    CHECK(lease.expiry(start + 60ms, Epoch{5}) == start + 20ms + config.held());
    lease.echoed(NodeId{3}, Epoch{5}, start + 55ms);  // a majority without it
    CHECK(lease.expiry(start + 60ms, Epoch{5}) == start + 50ms + config.held());
}

TEST_CASE("alone, the own vote is the majority", "[lease]") {
    const LeaseConfig config;
    Lease lease(config, self);
    lease.adopt(start, ring_of(5, {{NodeId{1}, 1}}));
    CHECK(lease.expiry(start + 7s, Epoch{5}) == start + 7s + config.held());
    lease.voted(start + 8s);
    CHECK(lease.expiry(start + 9s, Epoch{5}) == start + 8s + config.held());
}

TEST_CASE("without a vote a lease needs the majority of the others", "[lease]") {
    Lease lease({}, NodeId{9});
    lease.adopt(start, ring_of(5, {{NodeId{1}, 1}, {NodeId{2}, 1}, {NodeId{3}, 1}}));
    lease.echoed(NodeId{2}, Epoch{5}, start);
    CHECK(lease.expiry(start, Epoch{5}) <= start);
    lease.echoed(NodeId{3}, Epoch{5}, start);
    CHECK(lease.expiry(start, Epoch{5}) > start);
}

TEST_CASE("an older ring's lease stays usable for what was served since then", "[lease]") {
    const LeaseConfig config;
    Lease lease(config, self);
    lease.adopt(start, five(5));
    lease.echoed(NodeId{2}, Epoch{5}, start);
    lease.echoed(NodeId{3}, Epoch{5}, start);
    lease.voted(start + 10ms);
    lease.adopt(start + 20ms, five(6));
    CHECK(lease.expiry(start + 20ms, Epoch{5}) == start + config.held());
    CHECK(lease.expiry(start + 20ms, Epoch{6}) <= start);  // served only since ring 6
    lease.adopt(start + 30ms, five(7));
    CHECK(lease.expiry(start + 30ms, Epoch{4}) == start + config.held());
    lease.echoed(NodeId{4}, Epoch{7}, start + 31ms);
    lease.echoed(NodeId{5}, Epoch{7}, start + 31ms);
    CHECK(lease.expiry(start + 40ms, Epoch{7}) == start + 31ms + config.held());
    CHECK(lease.expiry(start + 40ms, Epoch{5}) == start + 31ms + config.held());
}
