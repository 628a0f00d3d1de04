#include "ring/lease.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <vector>

#include "base/rng.h"
#include "effort.h"

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

// The definition, word for word and slow: everything that was promised is kept, and a moment counts
// where voters with a majority of the votes promised then or later.
class Definition {
public:
    explicit Definition(Duration held) : held_(held) {}

    void adopt(Time now, Ring ring) {
        if (!terms_.empty()) terms_.back().ended = now;
        terms_.push_back({.ring = std::move(ring), .promised = {}});
    }
    void voted(Time now) {
        if (!terms_.empty()) terms_.back().voted = std::min(terms_.back().voted, now);
    }
    void echoed(NodeId voter, Epoch epoch, Time sent) {
        if (terms_.empty() || voter == self || terms_.back().ring.epoch != epoch) return;
        terms_.back().promised[voter].push_back(sent);
    }
    [[nodiscard]] Time expiry(Time now, Epoch from) const {
        Time until = Time::min();
        for (const Term& term : terms_) {
            if (term.ring.epoch >= from) until = std::max(until, expiry(term, now));
        }
        return until;
    }

private:
    struct Term {
        Ring ring;
        std::map<NodeId, std::vector<Time>> promised;  // every echo
        Time voted = never;
        Time ended = never;
    };

    [[nodiscard]] Time expiry(const Term& term, Time now) const {
        std::map<NodeId, std::vector<Time>> promised = term.promised;
        promised[self] = {std::min({now, term.voted, term.ended})};
        Time newest = Time::min();
        for (const auto& [candidate, moments] : promised) {
            for (const Time moment : moments) {
                if (behind(term.ring, promised, moment) >= term.ring.majority()) {
                    newest = std::max(newest, moment);
                }
            }
        }
        return newest == Time::min() ? newest : newest + held_;
    }
    static std::uint32_t behind(const Ring& ring,
                                const std::map<NodeId, std::vector<Time>>& promised, Time moment) {
        std::uint32_t votes = 0;
        for (const auto& [voter, moments] : promised) {
            if (std::ranges::max(moments) >= moment) votes += ring.votes_of(voter);
        }
        return votes;
    }

    Duration held_;
    std::vector<Term> terms_;
};

// Up to six voters in any order of rank, this node among them or not, some of two votes or none.
Ring random_ring(Rng& rng, std::uint64_t epoch) {
    std::vector<Voter> voters;
    for (std::uint64_t id = 1; id <= 6; ++id) {
        if (!rng.chance(3, 4)) continue;
        const auto votes = rng.chance(3, 4) ? 1U : static_cast<std::uint32_t>(rng.below(3));
        const auto place = static_cast<std::ptrdiff_t>(rng.below(voters.size() + 1));
        voters.insert(voters.begin() + place, {NodeId{id}, votes});
    }
    return ring_of(epoch, std::move(voters));
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

TEST_CASE("whatever comes in whatever order, the lease is what a majority promised", "[lease]") {
    Rng rng(20);
    std::uint64_t valid = 0;
    for (int history = 0; history < grapevine::testing::effort(3000, 300); ++history) {
        const LeaseConfig config;
        Lease lease(config, self);
        Definition definition(config.held());
        Time now = start;
        std::uint64_t epoch = 5;
        for (int step = 0; step < 60; ++step) {
            now += rng.between(0ms, 25ms);
            const std::uint64_t what = rng.below(20);
            if (what == 0 || step == 3) {
                epoch += 1 + rng.below(2);
                const Ring ring = random_ring(rng, epoch);
                lease.adopt(now, ring);
                definition.adopt(now, ring);
            } else if (what == 1) {
                lease.voted(now);
                definition.voted(now);
            } else {
                // Of this node itself, of strangers, of other rings, late ones and twice.
                const NodeId voter{1 + rng.below(8)};
                const Epoch of{epoch - rng.below(8) / 7};
                const Time sent = now - rng.between(0ms, 150ms);
                lease.echoed(voter, of, sent);
                definition.echoed(voter, of, sent);
            }
            for (const std::uint64_t back : {0, 1, 2, 4}) {
                const Time until = lease.expiry(now, Epoch{epoch - back});
                const Time promised = definition.expiry(now, Epoch{epoch - back});
                // What has ended may be forgotten.
                if (until != promised && std::max(until, promised) > now) {
                    FAIL_CHECK("history " << history << ", step " << step << ", " << back
                                          << " rings back: " << to_us(until) << " us, promised "
                                          << to_us(promised));
                }
                if (until > now) ++valid;
            }
        }
    }
    CHECK(valid > 10'000);
}
