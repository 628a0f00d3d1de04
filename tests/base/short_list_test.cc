#include "base/short_list.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstddef>
#include <utility>
#include <vector>

#include "base/rng.h"

namespace grapevine {

namespace {

using List = ShortList<int, 3>;

bool same(const List& list, const std::vector<int>& items) {
    return list == items && list.size() == items.size() && list.empty() == items.empty();
}

// One random step, taken by both.
void step(Rng& rng, List& list, std::vector<int>& items) {
    const int item = static_cast<int>(rng.below(4));
    const auto at = [&] { return static_cast<std::ptrdiff_t>(rng.below(items.size() + 1)); };
    switch (rng.below(6)) {
        case 0:
        case 1:
            list.push_back(item);
            items.push_back(item);
            break;
        case 2: {
            const auto from = at();
            const auto to = std::max(from, at());
            const int* const next = list.erase(list.begin() + from, list.begin() + to);
            items.erase(items.begin() + from, items.begin() + to);
            CHECK(next == list.begin() + from);
            break;
        }
        case 3:
            CHECK(erase(list, item) == std::erase(items, item));
            break;
        case 4: {
            const std::vector<int> more(rng.below(4), item);
            list.append(more.data(), more.size());
            items.insert(items.end(), more.begin(), more.end());
            break;
        }
        default:
            if (items.empty()) break;
            list.pop_back();
            items.pop_back();
    }
}

}  // namespace

TEST_CASE("a short list does what a vector does", "[short_list]") {
    Rng rng(1);
    List list;
    std::vector<int> items;
    std::size_t longest = 0;
    for (int i = 0; i < 10'000; ++i) {
        step(rng, list, items);
        REQUIRE(same(list, items));
        longest = std::max(longest, items.size());
        if (items.empty()) continue;
        REQUIRE(list.front() == items.front());
        REQUIRE(list.back() == items.back());
    }
    CHECK(longest > 6);
}

TEST_CASE("a short list uses the heap only past its place", "[short_list]") {
    List list = {1, 2, 3};
    CHECK(list.heap_bytes() == 0);
    list.push_back(4);
    CHECK(list.capacity() >= 4);
    CHECK(list.heap_bytes() == list.capacity() * sizeof(int));
}

TEST_CASE("short lists are copied and moved whether they are near or far", "[short_list]") {
    for (const std::vector<int>& items :
         {std::vector<int>{}, std::vector<int>{1, 2, 3}, std::vector<int>{1, 2, 3, 4, 5}}) {
        const List list(items);
        List copy = list;
        CHECK(same(copy, items));
        List moved = std::move(copy);
        CHECK(same(moved, items));
        CHECK(copy.empty());  // NOLINT(bugprone-use-after-move): promised
        copy.push_back(7);
        CHECK(same(copy, {7}));
        for (const List& other : {List{}, List{9}, List{9, 8, 7, 6}}) {
            List target = other;
            target = list;
            CHECK(same(target, items));
            target = other;
            CHECK(target == other);
            target = List(list);
            CHECK(same(target, items));
            target = std::as_const(target);
            CHECK(same(target, items));
        }
        moved.push_back(6);
        CHECK_FALSE(moved == list);
        CHECK(same(list, items));
    }
}

}  // namespace grapevine
