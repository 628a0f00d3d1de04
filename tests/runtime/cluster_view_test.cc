#include "runtime/cluster_view.h"

#include <catch2/catch.hpp>

#include "runtime/json.h"

namespace grapevine {

TEST_CASE("values are written as JSON has them") {
    CHECK(Json(nullptr).text() == "null");
    CHECK(Json(true).text() == "true");
    CHECK(Json(-7).text() == "-7");
    CHECK(Json(std::uint64_t{18446744073709551615U}).text() == "18446744073709551615");
    CHECK(Json("a\"b\\c").text() == R"("a\"b\\c")");
    CHECK(Json("line\nend\xff").text() == R"("line\\nend\\xff")");
    CHECK(Json(std::optional<int>()).text() == "null");
    CHECK(JsonArray().text() == "[]");
    CHECK(JsonArray().add(1).add("two").text() == R"([1, "two"])");
    CHECK(JsonObject().add("a", 1).add("b", JsonObject().add("c", false)).text() ==
          R"({"a": 1, "b": {"c": false}})");
}

TEST_CASE("of each change the longest span counts, and the proposer's words") {
    const RingEvent proposer{.epoch = Epoch{5},
                             .ago_ms = 1000,
                             .detected_ms = 12,
                             .agreed_ms = 2,
                             .active_ms = 100,
                             .repaired_ms = -1,
                             .what = "server3 is out (process gone)"};
    const RingEvent other{.epoch = Epoch{5},
                          .ago_ms = 998,
                          .detected_ms = -1,
                          .agreed_ms = -1,
                          .active_ms = 207,
                          .repaired_ms = 700,
                          .what = "server3 is out"};
    const RingEvent older{.epoch = Epoch{4}, .ago_ms = 3'661'000, .what = "server9 is in"};
    for (const auto& order : {std::vector<HistoryReply>{{{older, other}}, {{proposer}}},
                              std::vector<HistoryReply>{{{proposer}}, {{older, other}}}}) {
        const auto events = merge_histories(order);
        REQUIRE(events.size() == 2);
        CHECK(events[1].what == proposer.what);
        CHECK(events[1].active_ms == 207);
        CHECK(events[1].repaired_ms == 700);
        CHECK(history_text(events) ==
              "epoch  ago        detected  agreed  active  repaired  what\n"
              "    4  1 h 1 min  -         -       -       -         server9 is in\n"
              "    5  1.0 s      12 ms     2 ms    207 ms  700 ms    server3 is out (process "
              "gone)\n");
    }
    CHECK(history_json({proposer}) ==
          R"([{"epoch": 5, "ago_ms": 1000, "detected_ms": 12, "agreed_ms": 2, "active_ms": 100, )"
          R"-("repaired_ms": null, "what": "server3 is out (process gone)"}])-"
          "\n");
}

}  // namespace grapevine
