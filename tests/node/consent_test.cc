#include "node/consent.h"

#include <catch2/catch.hpp>
#include <memory>
#include <set>

#include "ring/ring_fixture.h"

using namespace grapevine;

namespace {

constexpr Time begin = time_from_us(5'000'000);
constexpr ConnectionId person{1};

Founding founding_of(std::uint64_t round, std::uint64_t cluster) {
    return {.epoch = Epoch{2}, .ballot = {round, ClusterId{cluster}}, .survivors = {a, b}};
}

void give(Consent& consent, const Founding& founding) {
    consent.give(a, founding, std::make_shared<const Ring>(small_ring()), 7);
}

}  // namespace

TEST_CASE("all survivors have to say the same") {
    Consent consent;
    CHECK_FALSE(consent.stands());
    const Founding founding = founding_of(1, 50);
    REQUIRE(consent.is_open_to(founding.ballot));
    give(consent, founding);
    CHECK(consent.missing() == std::vector{b});
    consent.heard(c, founding, 7);            // no survivor
    consent.heard(b, founding_of(1, 49), 7);  // of another cluster
    consent.heard(b, founding, 8);            // of another ring
    CHECK(consent.missing() == std::vector{b});
    consent.heard(b, founding, 7);
    CHECK(consent.missing().empty());
    CHECK(consent.stands());
}

TEST_CASE("a consent gives way to a higher one alone") {
    Consent consent;
    give(consent, founding_of(2, 50));
    CHECK_FALSE(consent.is_open_to({2, ClusterId{50}}));
    CHECK_FALSE(consent.is_open_to({2, ClusterId{49}}));
    CHECK_FALSE(consent.is_open_to({1, ClusterId{60}}));
    CHECK(consent.is_open_to({2, ClusterId{51}}));
    CHECK(consent.is_open_to({3, ClusterId{1}}));
    // What nobody asked for so often would leave nothing above it.
    CHECK_FALSE(consent.is_open_to({~std::uint64_t{0}, ClusterId{1}}));
    consent.heard(b, founding_of(2, 50), 7);
    give(consent, founding_of(3, 1));
    CHECK(consent.missing() == std::vector{b});
    // What was withdrawn is not given again.
    consent.withdraw();
    CHECK_FALSE(consent.stands());
    CHECK(consent.missing().empty());
    CHECK_FALSE(consent.is_open_to({3, ClusterId{1}}));
    // A voter that goes on with its state knows that too.
    Consent resumed;
    resumed.resume(consent.consents(), false);
    CHECK_FALSE(resumed.is_open_to({3, ClusterId{1}}));
    // In another cluster it is another matter.
    consent.begin_anew();
    CHECK(consent.is_open_to({1, ClusterId{70}}));
}

TEST_CASE("a consent is void when a survivor of each that was given never will give it") {
    Consent consent;
    const Founding first = founding_of(1, 50);
    const Founding second{.epoch = Epoch{2}, .ballot = {2, ClusterId{51}}, .survivors = {a, c}};
    give(consent, first);
    give(consent, second);
    CHECK(consent.consents().given == std::vector{first.ballot, second.ballot});
    CHECK(consent.concerned() == std::set{a, b, c});
    consent.declined(c, {.up_to = second.ballot});
    CHECK_FALSE(consent.is_void());  // the first does not name c
    consent.declined(b, {.up_to = second.ballot, .given = {first.ballot}});
    CHECK_FALSE(consent.is_void());  // b has consented to it
    consent.declined(b, {.after = first.ballot, .up_to = second.ballot});
    CHECK_FALSE(consent.is_void());  // or may have
    consent.declined(b, {.up_to = {1, ClusterId{49}}});
    CHECK_FALSE(consent.is_void());  // or may yet
    CHECK(consent.concerned() == std::set{a, b, c});
    consent.declined(b, {.up_to = second.ballot, .given = {second.ballot}});
    CHECK(consent.is_void());
    CHECK(consent.concerned() == std::set{a, c});
    // What bound a process before it ended is not known any more.
    Consent resumed;
    resumed.resume(consent.consents(), true);
    give(resumed, {.epoch = Epoch{2}, .ballot = {3, ClusterId{1}}, .survivors = {a, c}});
    resumed.declined(c, {.up_to = {3, ClusterId{1}}});
    CHECK_FALSE(resumed.is_void());
}

TEST_CASE("who declines tells what it has consented to") {
    Consent consent;
    CHECK(consent.decline({1, ClusterId{50}}));
    CHECK_FALSE(consent.is_open_to({1, ClusterId{50}}));
    CHECK(consent.consents().exclude({1, ClusterId{50}}));
    const Founding founding = founding_of(2, 50);
    give(consent, founding);
    consent.withdraw();
    for (const FoundingBallot ballot : {FoundingBallot{2, ClusterId{49}}, {2, ClusterId{51}}}) {
        CHECK(consent.decline(ballot));
        CHECK(consent.consents().exclude(ballot));
    }
    CHECK_FALSE(consent.consents().exclude(founding.ballot));
    CHECK(consent.consents().exclude({1, ClusterId{50}}));
    // That it is too high to be believed does not mean that it never comes.
    CHECK_FALSE(consent.decline({~std::uint64_t{0}, ClusterId{50}}));
    // Of very many the first are not told one by one.
    for (std::uint64_t round = 3; round < 30; ++round) give(consent, founding_of(round, 50));
    CHECK(consent.consents().given.size() == 16);
    CHECK_FALSE(consent.consents().exclude({1, ClusterId{50}}));
    CHECK_FALSE(consent.consents().exclude({13, ClusterId{50}}));
    CHECK(consent.consents().exclude({14, ClusterId{49}}));
}

TEST_CASE("votes that are there are counted while a consent stands") {
    const Ring ring = small_ring();
    Consent consent;
    give(consent, founding_of(1, 50));
    CHECK(consent.votes_since(ring, a, begin) == 1);
    consent.spoke(begin, c);
    consent.spoke(begin + 1ms, coordinator_id);
    CHECK(consent.votes_since(ring, a, begin) == 3);
    CHECK(consent.votes_since(ring, a, begin + 1ms) == 2);
}

TEST_CASE("clients wait for the founding, and are told who is missing") {
    Consent consent;
    Ring ring = small_ring();
    give(consent, founding_of(1, 50));
    consent.ask(begin, person, ClusterId{50});
    CHECK(consent.take_due(begin, ring).empty());
    CHECK(consent.next_deadline() == begin + force_ring_within);
    const auto late = consent.take_due(begin + force_ring_within, ring);
    REQUIRE(late.size() == 1);
    CHECK_FALSE(late[0].reply.founded);
    CHECK(late[0].reply.awaited == std::vector{b});
    CHECK(consent.next_deadline() == never);

    consent.ask(begin, person, ClusterId{50});
    ring.cluster = ClusterId{50};
    const auto done = consent.take_due(begin, ring);
    REQUIRE(done.size() == 1);
    CHECK(done[0].reply.founded);
    consent.ask(begin, person, ClusterId{51});
    consent.closed(person);
    CHECK(consent.next_deadline() == never);
}
