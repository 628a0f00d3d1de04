#include "replication/request_memory.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>

#include "base/limits.h"
#include "base/rng.h"
#include "replication/partition_log.h"

using namespace grapevine;

namespace {

Op op(std::uint64_t client, std::uint64_t sequence, std::uint64_t floor, std::int64_t stamp_ms) {
    return {.version = {Epoch{1}, sequence},
            .kind = OpKind::none,
            .stamp_ms = stamp_ms,
            .client = ClientId{client},
            .sequence = sequence,
            .floor = floor,
            .answer = {Status::ok, {Epoch{1}, sequence}},
            .key = {},
            .value = {}};
}

}  // namespace

TEST_CASE("answers are remembered down to the floor", "[replication]") {
    RequestMemory memory;
    memory.record(op(1, 1, 1, 0));
    memory.record(op(1, 2, 1, 0));
    CHECK(memory.find(ClientId{1}, 1).answer->version.counter == 1);
    CHECK_FALSE(memory.find(ClientId{2}, 1).answer.has_value());
    memory.record(op(1, 3, 2, 0));
    CHECK_FALSE(memory.find(ClientId{1}, 1).answer.has_value());
    CHECK(memory.find(ClientId{1}, 2).answer.has_value());
    CHECK(memory.find(ClientId{1}, 0).floor == 2);
    memory.record(op(1, 4, 1, 0));  // a late one with an old floor does not lower it
    CHECK(memory.find(ClientId{1}, 0).floor == 2);
}

TEST_CASE("the longest idle is forgotten by the stamps alone", "[replication]") {
    RequestMemory memory;
    memory.record(op(1, 1, 1, 0));
    memory.record(op(2, 1, 1, 10));
    memory.record(op(1, 2, 1, 10 + RequestMemory::step_ms));
    const std::int64_t next = memory.forgets_at_ms(request_memory).value();
    CHECK(next > to_ms(request_memory) + 10);  // never before the window
    CHECK(next <= to_ms(request_memory) + 10 + RequestMemory::step_ms);
    memory.record(op(0, 0, 0, next - 1));
    CHECK(memory.size() == 2);
    memory.record(op(1, 2, 1, next));
    CHECK(memory.size() == 1);
    CHECK(memory.find(ClientId{1}, 2).answer.has_value());
}

TEST_CASE("what is restored is what was", "[replication]") {
    RequestMemory memory;
    for (std::uint64_t i = 1; i < 50; ++i) {
        memory.record(op(i % 7 + 1, i, i / 2, static_cast<std::int64_t>(i)));
    }
    RequestMemory copy;
    copy.restore(memory.all());
    CHECK(copy.all() == memory.all());
    memory.record(op(3, 99, 60, 100));
    copy.record(op(3, 99, 60, 100));
    CHECK(copy.all() == memory.all());
}

namespace {

// The same by definition, however long it takes.
class Model {
public:
    void record(const Op& op, Duration window) {
        if (op.client) {
            Known& known = clients_[op.client];
            known.stamp_ms = op.stamp_ms;
            known.floor = std::max(known.floor, op.floor);
            if (op.sequence >= known.floor) {
                known.answers[op.sequence] = {op.sequence, op.answer, op.more->reply};
            }
            std::erase_if(known.answers,
                          [&](const auto& item) { return item.first < known.floor; });
        }
        const std::int64_t horizon = (op.stamp_ms - to_ms(window)) / RequestMemory::step_ms;
        std::erase_if(clients_, [&](const auto& item) {
            return item.second.stamp_ms / RequestMemory::step_ms < horizon;
        });
    }
    [[nodiscard]] std::map<ClientId, ClientMemory> all() const {
        std::map<ClientId, ClientMemory> all;
        for (const auto& [client, known] : clients_) all[client] = memory_of(client, known);
        return all;
    }
    [[nodiscard]] ClientMemory of(ClientId client) const {
        return memory_of(client, clients_.at(client));
    }

private:
    struct Known {
        std::uint64_t floor = 0;
        std::int64_t stamp_ms = 0;
        std::map<std::uint64_t, ClientMemory::Remembered> answers;
    };

    static ClientMemory memory_of(ClientId client, const Known& known) {
        ClientMemory memory{client, known.floor, known.stamp_ms, {}};
        for (const auto& [sequence, answer] : known.answers) memory.answers.push_back(answer);
        return memory;
    }

    std::map<ClientId, Known> clients_;
};

}  // namespace

TEST_CASE("what is remembered is what the operations say, in any order", "[replication]") {
    constexpr Duration window = 20s;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Rng rng(seed);
        RequestMemory memory;
        Model model;
        std::int64_t stamp_ms = 0;
        std::map<std::uint64_t, std::uint64_t> newest;
        for (int i = 0; i < 3000; ++i) {
            // Many at once, then few, then silence: the table grows, and places become free.
            const std::uint64_t clients = i % 1000 < 500 ? 300 : 5;
            const std::uint64_t client = 1 + rng.below(clients);
            const std::uint64_t latest = ++newest[client];
            const std::uint64_t sequence = rng.chance(1, 4) ? 1 + rng.below(latest) : latest;
            stamp_ms += static_cast<std::int64_t>(rng.below(i % 1000 == 999 ? 60'000 : 50));
            Op recorded = op(client, sequence, latest - std::min(latest, rng.below(6)), stamp_ms);
            recorded.answer.version.counter = static_cast<std::uint64_t>(i);
            if (rng.chance(1, 3)) {
                recorded.more.edit().reply.assign(rng.below(rng.chance(1, 20) ? 1500 : 200),
                                                  static_cast<char>(rng.next()));
            }
            memory.record(recorded, window);
            model.record(recorded, window);
            const ClientMemory known = model.of(ClientId{client});
            const auto found = memory.find(ClientId{client}, sequence);
            REQUIRE(found.floor == known.floor);
            const auto& answers = known.answers;
            const auto answer =
                std::ranges::find(answers, sequence, &ClientMemory::Remembered::sequence);
            REQUIRE(found.answer.has_value() == (answer != answers.end()));
            if (found.answer) REQUIRE(*found.answer == answer->answer);
            if (found.answer) REQUIRE(found.reply == answer->reply);
            if (i % 50 != 0) continue;
            const auto wanted = model.all();
            const std::vector<ClientMemory> all = memory.all();
            REQUIRE(all.size() == wanted.size());
            REQUIRE(memory.size() == wanted.size());
            std::size_t weight = 0;
            std::size_t long_weight = 0;
            bool long_right = true;  // of each client
            for (const ClientMemory& each : all) {
                REQUIRE(each == wanted.at(each.client));
                weight += 1 + each.answers.size();
                std::size_t long_here = 0;
                std::size_t long_later = 0;
                const std::uint64_t from = each.floor + 2;
                for (const auto& answer_of : each.answers) {
                    const std::size_t added = reply_weight(answer_of.reply);
                    (is_long_reply(answer_of.reply) ? long_here : weight) += added;
                    const bool is_later = answer_of.sequence >= from;
                    if (is_later && is_long_reply(answer_of.reply)) long_later += added;
                }
                long_right = long_right && memory.long_weight(each.client, 0) == long_here &&
                             memory.long_weight(each.client, from) == long_later;
                long_weight += long_here;
            }
            REQUIRE(memory.weight() == weight);
            REQUIRE(memory.long_weight() == long_weight);
            REQUIRE(long_right);
            REQUIRE(memory.long_weight(ClientId{1'000'000}, 0) == 0);
            const auto step = [](const ClientMemory& each) {
                return each.stamp_ms / RequestMemory::step_ms;
            };
            REQUIRE(std::ranges::is_sorted(all, {}, step));
            RequestMemory copy;
            copy.restore(all);
            REQUIRE(copy.all() == all);
        }
    }
}
