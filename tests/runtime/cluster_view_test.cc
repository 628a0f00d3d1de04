#include "runtime/cluster_view.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

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
                             .what = "server3 is out (process gone)",
                             .cause = RingCause::death};
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
        CHECK(events[1].cause == RingCause::death);
        CHECK(events[1].repaired_ms == 700);
        CHECK(history_text(events) ==
              "epoch  ago        detected  agreed  active  repaired  what\n"
              "    4  1 h 1 min  -         -       -       -         server9 is in\n"
              "    5  1.0 s      12 ms     2 ms    207 ms  700 ms    server3 is out (process "
              "gone)\n");
    }
    CHECK(
        history_json({proposer}) ==
        R"([{"epoch": 5, "ago_ms": 1000, "detected_ms": 12, "agreed_ms": 2, "active_ms": 100, )"
        R"-("repaired_ms": null, "last_epoch": 5, "copies_made": 0, "cause": "death", "what": "server3 is out (process gone)"}])-"
        "\n");
}

TEST_CASE("programs are told who is silent, of the votes, and of what is not known") {
    Ring ring;
    ring.cluster = ClusterId{0xabc};
    Health health;
    health.silent = {"server2"};
    health.votes = {.answering = 2, .all = 3};
    const std::string json = health_json(ring, health);
    INFO(json);
    for (const char* field :
         {R"("cluster": "0000000000000abc")", R"("silent": ["server2"])", R"("suspected": [])",
          R"("votes": {"answering": 2, "all": 3})", R"("ms_left": null)"}) {
        CHECK(json.find(field) != std::string::npos);
    }
}

TEST_CASE("rings that one member tells of in one line are told of once") {
    const RingEvent join{.epoch = Epoch{4}, .ago_ms = 5000, .what = "server8 is in"};
    const RingEvent whole{.epoch = Epoch{5},
                          .ago_ms = 4000,
                          .agreed_ms = 9,
                          .what = "36 rings: 300 copies made, complete",
                          .last_epoch = Epoch{40},
                          .copies_made = 300};
    // It answered a little sooner.
    RingEvent sooner = whole;
    sooner.agreed_ms = -1;
    sooner.last_epoch = Epoch{39};
    sooner.copies_made = 290;
    sooner.what = "35 rings: 290 copies made, 10 copies being filled";
    // It missed a ring.
    const RingEvent first_half{.epoch = Epoch{5}, .what = "x", .last_epoch = Epoch{20}};
    const RingEvent second_half{.epoch = Epoch{22}, .what = "y", .last_epoch = Epoch{40}};
    const RingEvent next{.epoch = Epoch{41}, .ago_ms = 10, .what = "server1 is out"};
    std::vector<HistoryReply> replies = {
        {{join, sooner}}, {{join, first_half, second_half, next}}, {{whole, next}}};
    for (int i = 0; i < 3; ++i) {
        std::ranges::rotate(replies, replies.begin() + 1);
        const auto events = merge_histories(replies);
        REQUIRE(events.size() == 3);
        CHECK(events[1].copies_made == 300);
        CHECK(history_text(events) ==
              "epoch  ago    detected  agreed  active  repaired  what\n"
              "    4  5.0 s  -         -       -       -         server8 is in\n"
              "5-40   4.0 s  -         9 ms    -       -         36 rings: 300 copies made, "
              "complete\n"
              "   41  10 ms  -         -       -       -         server1 is out\n");
    }
}

TEST_CASE("a table tells of members that are down, and pids as their processes say") {
    const auto member = [](std::uint64_t id, MemberState state) {
        return Member{.id = NodeId{id},
                      .name = "server" + std::to_string(id),
                      .address = {0x7f000001, static_cast<std::uint16_t>(7000 + id)},
                      .pid = static_cast<std::uint32_t>(100 + id),
                      .state = state};
    };
    Ring ring;
    ring.members = {member(1, MemberState::up), member(2, MemberState::down)};
    const Statuses status = {{NodeId{1}, {.id = NodeId{1}, .pid = 4711}}};
    const std::string table = ring_table(ring, status);
    CHECK(table.find("4711") != std::string::npos);
    CHECK(table.find("101") == std::string::npos);
    CHECK(table.find("102") != std::string::npos);
    CHECK(ring_table(ring, {}).find("101") != std::string::npos);
}

}  // namespace grapevine
