// Histories written by hand: each rule of the register, kept and broken.
#include "history/linearizability.h"

#include <catch2/catch.hpp>

#include "history/builders.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

Verdict judge(const History& history) {
    return check_linearizable(history).verdict;
}

constexpr auto good = Verdict::linearizable;
constexpr auto bad = Verdict::violated;

}  // namespace

TEST_CASE("an empty history and one without answers are linearizable", "[history]") {
    CHECK(judge({}) == good);
    CHECK(judge({put("a", {1, never}).unknown(), get("", {2, never}).unknown()}) == good);
}

TEST_CASE("a read sees the last write that returned before it", "[history]") {
    CHECK(judge({put("a", {1, 2}), put("b", {3, 4}), get("b", {5, 6})}) == good);
    CHECK(judge({put("a", {1, 2}), put("b", {3, 4}), get("a", {5, 6})}) == bad);
    CHECK(judge({put("a", {1, 2}), get_absent({3, 4})}) == bad);
    CHECK(judge({get("a", {1, 2}), put("a", {3, 4})}) == bad);
    CHECK(judge({get_absent({1, 2}), put("a", {3, 4})}) == good);
}

TEST_CASE("concurrent operations may take effect in any order", "[history]") {
    CHECK(judge({put("a", {1, 9}), put("b", {1, 9}), get("b", {2, 3}), get("a", {4, 5})}) == good);
    CHECK(judge({put("a", {1, 9}), get_absent({2, 3}), get("a", {4, 5})}) == good);
    // But not back and forth.
    CHECK(judge({put("a", {1, 9}), get("a", {2, 3}), get_absent({4, 5})}) == bad);
    CHECK(judge({put("a", {1, 9}), put("b", {1, 9}), get("b", {2, 3}), get("a", {4, 5}),
                 get("b", {6, 7})}) == bad);
    // Two readers must agree.
    CHECK(judge({put("a", {1, 9}), put("b", {1, 9}), get("a", {10, 11}), get("b", {12, 13})}) ==
          bad);
}

TEST_CASE("an unknown write takes effect once, late, or never", "[history]") {
    const auto lost = put("x", {1, never}).unknown();
    CHECK(judge({lost, get_absent({2, 3}), get("x", {8, 9})}) == good);
    CHECK(judge({lost, get_absent({2, 3})}) == good);
    CHECK(judge({lost, get("x", {2, 3}), get_absent({4, 5})}) == bad);
    CHECK(judge({lost, put("b", {2, 3}), get("x", {4, 5}), get("b", {6, 7})}) == bad);
    CHECK(judge({get("x", {1, 2}), put("x", {3, never}).unknown()}) == bad);
}

TEST_CASE("a write that failed without effect is never seen", "[history]") {
    CHECK(judge({put("x", {1, 2}).no_effect(), get_absent({3, 4})}) == good);
    CHECK(judge({put("x", {1, 2}).no_effect(), get("x", {3, 4})}) == bad);
}

TEST_CASE("deletion", "[history]") {
    CHECK(judge({put("a", {1, 2}), erase({3, 4}), get_absent({5, 6})}) == good);
    CHECK(judge({put("a", {1, 2}), erase({3, 4}), get("a", {5, 6})}) == bad);
    CHECK(judge({put("a", {1, 2}), erase_absent({3, 4})}) == bad);
    CHECK(judge({erase({3, 4})}) == bad);
    // One put cannot be deleted twice; an unknown one can be what was deleted.
    CHECK(judge({put("a", {1, 2}), erase({3, 9}), erase({3, 9})}) == bad);
    CHECK(judge({put("a", {1, 2}), put("b", {1, never}).unknown(), erase({3, 4}), erase({5, 6})}) ==
          good);
}

TEST_CASE("versions are those of the writes, and grow", "[history]") {
    const auto first = put("a", {1, 2}).with_version(5);
    CHECK(judge({first, get("a", {3, 4}).with_version(5)}) == good);
    CHECK(judge({first, get("a", {3, 4}).with_version(6)}) == bad);
    CHECK(judge({first, put("b", {3, 4}).with_version(4)}) == bad);
    CHECK(judge({first, put("b", {3, 4}).with_version(5)}) == bad);
    CHECK(judge({first, erase({3, 4}).with_version(5), put("b", {5, 6}).with_version(6)}) == good);
    // The version of an unknown write is learned from its first reader.
    const auto lost = put("x", {3, never}).unknown();
    CHECK(judge({first, lost, get("x", {5, 6}).with_version(7),
                 get("x", {7, 8}).with_version(7)}) == good);
    CHECK(judge({first, lost, get("x", {5, 6}).with_version(7),
                 get("x", {7, 8}).with_version(8)}) == bad);
    CHECK(judge({first, lost, get("x", {5, 6}).with_version(4)}) == bad);
}

TEST_CASE("conditional writes", "[history]") {
    const auto first = put("a", {1, 2}).with_version(5);
    CHECK(judge({put("a", {1, 2}).if_absent(), get("a", {3, 4})}) == good);
    CHECK(judge({first, put("b", {3, 4}).if_absent()}) == bad);
    CHECK(judge({first, put("b", {3, 4}).if_absent().refused(5), get("a", {5, 6})}) == good);
    CHECK(judge({first, put("b", {3, 4}).if_absent().refused(5), get("b", {5, 6})}) == bad);
    CHECK(judge({put("b", {3, 4}).if_absent().refused(5)}) == bad);
    CHECK(judge({first, put("b", {3, 4}).if_version(5).with_version(6)}) == good);
    CHECK(judge({first, put("b", {3, 4}).if_version(4).with_version(6)}) == bad);
    CHECK(judge({first, put("b", {3, 4}).if_version(5).refused(5)}) == bad);
    CHECK(judge({first, put("b", {3, 4}).if_version(4).refused(5)}) == good);
    CHECK(judge({put("b", {3, 4}).if_version(4).refused(0)}) == good);
    CHECK(judge({first, put("b", {3, 4}).if_version(4).refused(0)}) == bad);
    // Of two that expect the same version, one wins.
    CHECK(judge({first, put("b", {3, 9}).if_version(5).with_version(6),
                 put("c", {3, 9}).if_version(5).with_version(7)}) == bad);
    // An unknown write explains why a condition was false, even if its value is never read.
    const auto lost = put("x", {3, never}).unknown();
    CHECK(judge({lost, put("b", {5, 6}).if_absent().refused(7)}) == good);
    CHECK(judge({put("b", {5, 6}).if_absent().refused(7)}) == bad);
}

TEST_CASE("a verdict names the key and the operation", "[history]") {
    History history{put("a", {1, 2}), put("b", {3, 4}), get("a", {5, 6})};
    for (auto& record : history) record.key = "other";
    history.push_back(put("fine", {1, 2}));
    const HistoryVerdict verdict = check_linearizable(history);
    CHECK(verdict.verdict == Verdict::violated);
    CHECK(verdict.key == "other");
    CHECK(verdict.explanation.find("get other=a") != std::string::npos);
}

TEST_CASE("a search that runs out of budget says so", "[history]") {
    const History history{put("a", {1, 2}), put("b", {3, 4}), get("b", {5, 6})};
    CHECK(check_linearizable(history, {.steps_max = 2}).verdict == Verdict::undecided);
    CHECK(check_linearizable(history, {.steps_max = 20}).verdict == Verdict::linearizable);
}
