// Bugs that need messages in an order that the simulated network does not make (yet), or rings that
// one member misses, or messages that come twice though they travel by links: Replications and
// Agreements whose messages are carried by hand. Judged like all others: copies have to be
// identical in the end, and there is one ring of an epoch.
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/rng.h"
#include "planted/found.h"
#include "replication/trio.h"
#include "ring/agreement.h"

using namespace grapevine;
using namespace grapevine::testing;

namespace {

constexpr NodeId primary{1};
constexpr NodeId fill{3};

Trio::Configure with(PlantedBugs bugs) {
    return [bugs](ReplicationConfig& config) { config.bugs = bugs; };
}

void arrange_fills(Trio& trio, NodeList fills, const std::set<NodeId>& to = {}) {
    RingChange change;
    change.arrangements.push_back({Trio::partition, trio.entry().copies, std::move(fills)});
    trio.change(change, to);
}

// Until the fill should have everything.
Finding compare(Trio& trio) {
    trio.put(primary, "last", "v");
    int messages = 0;
    trio.deliver([&](const Trio::Queued&) { return ++messages > 10'000; });
    if (messages > 10'000) return {Oracle::convergence, "messages go back and forth without end"};
    trio.run_for(1s);
    if (trio.same(primary, fill)) return {};
    return {Oracle::copies, "a fill differs from its primary"};
}

std::string key(Rng& rng) {
    return "key" + std::to_string(rng.below(8));
}

// A fill ends and is opened again, and the member hears of both only afterwards.
Finding missed_ring(std::uint64_t seed, PlantedBugs bugs) {
    Rng rng(seed);
    Trio trio(3, 2, with(bugs));
    trio.put(primary, key(rng), "one");
    trio.deliver();
    arrange_fills(trio, {fill});
    trio.deliver();
    arrange_fills(trio, {}, {primary, NodeId{2}});
    for (std::uint64_t i = 0; i <= rng.below(4); ++i) {
        trio.put(primary, key(rng), "two" + std::to_string(i));
        trio.deliver();
    }
    arrange_fills(trio, {fill});
    return compare(trio);
}

// A chunk is on the way for long, over a connection that has ended; its keys are deleted meanwhile.
Finding late_chunk(std::uint64_t seed, PlantedBugs bugs) {
    Rng rng(seed);
    Trio trio(3, 2, with(bugs));
    for (int i = 0; i < 8; ++i) trio.put(primary, "key" + std::to_string(i), "v");
    trio.deliver();
    arrange_fills(trio, {fill});
    std::optional<Trio::Queued> late;
    const auto hold_back = [&](const Trio::Queued& message) {
        const auto* chunk = std::get_if<FillChunk>(&message.message);
        if (chunk == nullptr || chunk->items.empty()) return false;
        if (!late) late = message;
        return true;
    };
    trio.deliver(hold_back);
    trio.ask(primary, trio.request(OperationKind::erase, key(rng)));
    trio.deliver(hold_back);
    trio.put(primary, "other", "v");  // carries the watermark
    trio.deliver(hold_back);
    if (!late) return {Oracle::crash, "no chunk was sent"};
    trio.peer(fill).replication.receive(trio.now, primary, std::get<FillChunk>(late->message));
    trio.collect(fill);
    return compare(trio);
}

// Of five voters two are cut off from the others, and what the second of them answers the first
// comes twice. Each side would rather evict another one of the five.
Finding doubled_answer(std::uint64_t seed, PlantedBugs bugs) {
    Ring ring = found_ring(ClusterId{1}, Trio::member(NodeId{1}), 3, 1);
    for (std::uint64_t id = 2; id <= 5; ++id) {
        ring = *apply(ring, {.epoch = next(ring.epoch), .joined = {Trio::member(NodeId{id})}});
    }
    const auto shared = std::make_shared<const Ring>(ring);
    std::map<NodeId, std::unique_ptr<Agreement>> voters;
    for (std::uint64_t id = 1; id <= 5; ++id) {
        AgreementConfig config;
        config.bugs = bugs;
        voters[NodeId{id}] = std::make_unique<Agreement>(config, NodeId{id}, seed + id);
        voters[NodeId{id}]->adopt(shared);
    }
    struct Mail {
        NodeId from, to;
        AgreementMessage message;
    };
    std::deque<Mail> mail;
    std::set<std::vector<NodeId>> decided;  // whom each decision evicts
    const Time now = time_from_us(1'000'000);
    const auto collect = [&](NodeId id) {
        AgreementEffects effects = voters[id]->take_effects();
        for (auto& [to, message] : effects.messages) mail.push_back({id, to, std::move(message)});
        if (effects.decided) decided.insert(effects.decided->evicted);
    };
    const auto propose = [&](NodeId id, NodeId victim, bool is_cut) {
        const Agreement::Chooser evict = [&](const Promisers&) {
            return std::optional(RingChange{.epoch = next(ring.epoch), .evicted = {victim}});
        };
        voters[id]->propose(now, evict);
        collect(id);
        while (!mail.empty()) {
            const Mail next_one = std::move(mail.front());
            mail.pop_front();
            const bool is_late = !std::holds_alternative<Prepare>(next_one.message) &&
                                 !std::holds_alternative<Promise>(next_one.message);
            const bool crosses = (next_one.from.value <= 2) != (next_one.to.value <= 2);
            if (crosses && (is_late || is_cut)) continue;
            const int times = std::holds_alternative<Accepted>(next_one.message) ? 2 : 1;
            for (int i = 0; i < times; ++i) {
                voters[next_one.to]->receive(now, next_one.from, next_one.message, evict);
                collect(next_one.to);
            }
        }
    };
    propose(NodeId{1}, NodeId{3 + seed % 3}, false);  // is cut off after the promises
    propose(NodeId{3}, NodeId{2}, true);
    if (decided.size() > 1) return {Oracle::rules, "two rings of one epoch are decided"};
    return decided.empty() ? Finding{Oracle::convergence, "nothing is decided"} : Finding{};
}

}  // namespace

TEST_CASE("an answer to an accept that comes twice counts as two votes", "[planted]") {
    check_found("vote_counts_twice", Bug::vote_counts_twice, 3, doubled_answer);
}

TEST_CASE("a fill that missed a ring keeps its session", "[planted]") {
    check_found("session_by_tenure_alone", Bug::session_by_tenure_alone, 3, missed_ring);
}

TEST_CASE("a backfill chunk resurrects a deleted key", "[planted]") {
    check_found("chunk_resurrects", Bug::chunk_resurrects, 3, late_chunk);
}
