#include "coordinator/force.h"

#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "ring/ring_fixture.h"

namespace grapevine {
namespace {

using Answers = std::map<NodeId, StatusReply>;

Answers answers_of(const Ring& ring, const Ids& ids) {
    Answers answers;
    for (const NodeId id : ids) {
        answers[id] = {.id = id, .epoch = ring.epoch, .cluster = ring.cluster};
    }
    return answers;
}

bool says(const std::string& text, const std::string& words) {
    INFO(text);
    return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("who answers in the cluster survives, and the rest is said to be lost") {
    const Ring ring = small_ring();
    Answers answers = answers_of(ring, {a, c});
    answers[a].force_round = 4;
    const ForcePlan plan = plan_force(ring, answers);
    CHECK(plan.refusal.empty());
    CHECK(plan.founding.survivors == Ids{a, c});
    CHECK(plan.founding.epoch == ring.epoch);
    CHECK(plan.founding.ballot.round == 5);
    const std::string text = describe(ring, plan);
    CHECK(says(text, "Survivors, with 2 of 5 votes: server1 (127.0.0.1:7001), server3"));
    CHECK(says(text, "Silent: server2"));
    CHECK(says(text, "server4 (127.0.0.1:7004)"));
    CHECK(says(text, "1 of 4 partitions has no copy on a survivor"));
    CHECK(says(text, "3 of 4 partitions have fewer copies"));
    CHECK(says(text, "only cut off"));
}

TEST_CASE("where all partitions survive nothing is said to be lost") {
    const Ring ring = small_ring();
    const std::string text = describe(ring, plan_force(ring, answers_of(ring, {a, d})));
    CHECK(says(text, "Every partition has a copy on a survivor.\n"));
    CHECK(text.find("restart empty") == std::string::npos);
}

TEST_CASE("nothing is founded where it need not or cannot be") {
    const Ring ring = small_ring();
    CHECK(says(plan_force(ring, answers_of(ring, {a, b, c})).refusal, "3 of 5 votes answer"));
    CHECK(says(plan_force(ring, {}).refusal, "no member answers"));
    CHECK(says(plan_force(ring, answers_of(ring, {coordinator_id})).refusal, "nothing is left"));
    const Ring empty = empty_ring(2, 4);
    CHECK(says(plan_force(empty, {}).refusal, "nothing is stored"));
    // Somebody of another cluster is at its place.
    Answers strange = answers_of(ring, {a, b});
    strange[b].cluster = ClusterId{5};
    CHECK(plan_force(ring, strange).founding.survivors == Ids{a});
}

TEST_CASE("who holds something and waits outside is named, and does not survive") {
    const Ring ring = small_ring();
    const auto waits = [&](std::uint64_t id, std::uint64_t keys) {
        StatusReply status{.id = NodeId{id}, .name = "server" + std::to_string(id)};
        status.cluster = ring.cluster;
        status.keys_held = keys;
        return status;
    };
    const std::vector<StatusReply> outside = {waits(12, 300), waits(11, 40), waits(13, 0)};
    const ForcePlan none = plan_force(ring, answers_of(ring, {coordinator_id}), outside);
    CHECK(none.founding.survivors == Ids{coordinator_id});
    CHECK(says(none.refusal,
               "server11, server12 wait to be let in, with up to 300 keys of what they held before "
               "that ring; a founding cannot use that yet"));
    CHECK_FALSE(says(none.refusal, "nothing is left"));
    const ForcePlan some = plan_force(ring, answers_of(ring, {a, c}), {waits(11, 40)});
    CHECK(some.refusal.empty());
    CHECK(says(describe(ring, some), "Outside: server11 waits to be let in, with up to 40 keys"));
    // Of another cluster, or a member.
    StatusReply strange = waits(11, 40);
    strange.cluster = ClusterId{5};
    CHECK(plan_force(ring, answers_of(ring, {a, c}), {strange, waits(a.value, 1)}).outside.empty());
}

TEST_CASE("who is down survives too, unless another has its place") {
    const Ring ring = evicted(small_ring(), {d});
    CHECK(plan_force(ring, answers_of(ring, {a, d})).founding.survivors == Ids{a, d});
    const Ring replaced = joined(ring, {reborn(4)});
    CHECK(plan_force(replaced, answers_of(replaced, {d, NodeId{104}})).founding.survivors ==
          Ids{NodeId{104}});
    CHECK(plan_force(replaced, answers_of(replaced, {a, d})).founding.survivors == Ids{a, d});
}

}  // namespace grapevine
