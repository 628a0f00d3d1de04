#include "swim/suspicion.h"

#include <catch2/catch.hpp>

using namespace grapevine;

namespace {

constexpr Time start = time_from_us(5'000'000);
constexpr SuspicionLimits limits{.min = 100ms, .max = 700ms, .confirmations = 3};

}  // namespace

TEST_CASE("confirmations shrink the suspicion time as in Lifeguard", "[swim]") {
    CHECK(suspicion_time(limits, 0) == 700ms);
    CHECK(suspicion_time(limits, 1) == 400ms);  // log 2 / log 4 is a half
    const Duration two = suspicion_time(limits, 2);
    CHECK((two > 224ms && two < 225ms));  // log 3 / log 4 = 0.79248
    CHECK(suspicion_time(limits, 3) == 100ms);
    CHECK(suspicion_time(limits, 9) == 100ms);
    CHECK(suspicion_time({300ms, 300ms, 3}, 1) == 300ms);
    CHECK(suspicion_time({100ms, 300ms, 0}, 0) == 100ms);
}

TEST_CASE("only independent confirmations count, and only the first few", "[swim]") {
    Suspicion suspicion(limits, start);
    CHECK(suspicion.confirm(NodeId{1}, Evidence::silence));
    CHECK_FALSE(suspicion.confirm(NodeId{1}, Evidence::silence));
    CHECK(suspicion.expiry(start) == start + 700ms);
    CHECK(suspicion.confirm(NodeId{2}, Evidence::silence));
    CHECK(suspicion.expiry(start) == start + 400ms);
    CHECK(suspicion.confirm(NodeId{2}, Evidence::gone));  // news, but not another observer
    CHECK(suspicion.expiry(start) == start + 400ms);
    CHECK(suspicion.confirm(NodeId{3}, Evidence::silence));
    CHECK(suspicion.confirm(NodeId{4}, Evidence::silence));
    CHECK(suspicion.expiry(start) == start + 100ms);
    CHECK_FALSE(suspicion.confirm(NodeId{5}, Evidence::silence));
}

TEST_CASE("a member that was heard since is given the time again", "[swim]") {
    Suspicion suspicion(limits, start);
    CHECK(suspicion.expiry(start - 10ms) == start + 700ms);
    CHECK(suspicion.expiry(start + 50ms) == start + 750ms);
    suspicion.restart(start + 200ms);
    CHECK(suspicion.expiry(start) == start + 900ms);
}

TEST_CASE("gone needs somebody else's word", "[swim]") {
    Suspicion suspicion(limits, start);
    suspicion.confirm(NodeId{1}, Evidence::gone);
    suspicion.confirm(NodeId{2}, Evidence::silence);
    CHECK_FALSE(suspicion.gone_for_other_than(NodeId{1}));
    suspicion.confirm(NodeId{2}, Evidence::gone);
    CHECK(suspicion.gone_for_other_than(NodeId{1}));
}
