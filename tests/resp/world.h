#pragma once
// A node's Redis front without a node: programs are executed on maps, at once or when the test says
// so.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "command/execute.h"
#include "command/keys.h"
#include "resp/front.h"
#include "resp/session.h"

namespace grapevine::resp {

// Keys of different partitions of 16, by tag.
inline std::string key_in(std::uint32_t partition) {
    for (int i = 0;; ++i) {
        std::string key = "k" + std::to_string(i);
        if (partition_of_key(key, 16).value == partition) return key;
    }
}

// One partition.
class MapKeys final : public command::Keys {
public:
    [[nodiscard]] std::optional<command::Entry> find(std::string_view key) override {
        const auto found = records_.find(key);
        if (found == records_.end()) return std::nullopt;
        const Record& record = found->second;
        if (record.expires_ms != 0 && record.expires_ms <= now) return std::nullopt;
        return command::Entry{record.value, record.expires_ms, record.version};
    }
    void put(std::string_view key, std::string value, std::int64_t expires_ms) override {
        records_[std::string(key)] = {std::move(value), expires_ms, {Epoch{1}, ++counter_}};
    }
    bool erase(std::string_view key) override {
        const bool was_there = find(key).has_value();
        const auto found = records_.find(key);
        if (found != records_.end()) records_.erase(found);
        return was_there;
    }
    [[nodiscard]] std::int64_t now_ms() const override { return now; }
    std::optional<std::uint64_t> scan(std::uint64_t cursor, std::size_t keys,
                                      const Visitor& visit) override {
        std::size_t visited = 0;
        // By hash, as a store does it, here one that spreads over all 64 bits.
        std::map<std::uint64_t, std::string> by_hash;
        for (const auto& [key, record] : records_) by_hash[hash64(key, seed)] = key;
        for (auto at = by_hash.lower_bound(cursor); at != by_hash.end(); ++at) {
            if (visited == keys) return at->first;
            if (const auto entry = find(at->second))
                visit(records_.find(at->second)->first, *entry);
            ++visited;
        }
        return std::nullopt;
    }
    [[nodiscard]] std::uint64_t order() const override { return seed; }
    [[nodiscard]] std::size_t count() override { return records_.size(); }
    [[nodiscard]] std::uint64_t draw() override { return 0; }

    std::int64_t now = 1'000'000;
    std::uint64_t seed = 7;

private:
    struct Record {
        std::string value;
        std::int64_t expires_ms = 0;
        Version version;
    };
    std::map<std::string, Record, std::less<>> records_;
    std::uint64_t counter_ = 0;
};

inline constexpr NodeId self_id{100};

// Members 100, 101, ...; partitions go round among them.
inline RingPtr ring_of(std::size_t members, std::uint32_t partitions, std::uint64_t epoch = 1,
                       std::size_t copies = 1) {
    auto ring = std::make_shared<Ring>();
    ring->cluster = ClusterId{1};
    ring->epoch = Epoch{epoch};
    ring->genesis = Epoch{1};
    ring->copies_wanted = static_cast<std::uint32_t>(copies);
    for (std::size_t i = 0; i < members; ++i) {
        Member member;
        member.id = NodeId{self_id.value + i};
        member.name = "server" + std::to_string(i + 1);
        member.address = {0x7f000001, static_cast<std::uint16_t>(7001 + i)};
        ring->members.push_back(member);
    }
    for (std::uint32_t i = 0; i < partitions; ++i) {
        Entry entry;
        for (std::size_t copy = 0; copy < copies; ++copy) {
            entry.copies.push_back(ring->members[(i + copy) % members].id);
        }
        ring->table.push_back(entry);
    }
    return ring;
}

// All that is to be written by now, however many pieces it has.
inline std::string take_all(Session& session) {
    std::string out;
    while (session.output_size() > 0) out += session.take_output();
    return out;
}

struct World {
    explicit World(FrontConfig config = {.self = self_id}, std::size_t members = 1,
                   std::uint32_t in_ring = 16)
        : front(
              with_id(std::move(config)), [this] { return facts; },
              [this](Time, std::string_view key, bool, Args args,
                     command::Reply& reply) -> std::optional<Time> {
                  if (at_once_until == Time::min()) return std::nullopt;
                  MapKeys& keys = partitions[partition_of_key(key, front.partitions()).value];
                  command::execute(args, keys, reply);
                  return at_once_until;
              },
              [this](std::span<const std::string_view> keys) {
                  awaited.emplace_back(keys.begin(), keys.end());
              }) {
        facts.address = {0x7f000001, 7001};
        facts.version = "0";
        front.set_ring(now, ring_of(members, in_ring));
    }

    static FrontConfig with_id(FrontConfig config) {
        config.self = self_id;
        config.run_id = std::string(40, 'a');
        return config;
    }

    std::unique_ptr<Session> connect() {
        ++last_id;
        return std::make_unique<Session>(
            front, last_id, Address{0x7f000001, static_cast<std::uint16_t>(40'000 + last_id)}, now);
    }

    RunResult execute(const Run& run) {
        ++programs;
        const auto program = command::decode(run.program);
        if (!program) return {.status = RunStatus::refused, .replies = {}, .detail = "no program"};
        largest = std::max(largest, program->commands.size());
        if (program->commands.size() > commands_max) {
            return {.status = RunStatus::refused, .replies = {}, .detail = "too large"};
        }
        return {.status = RunStatus::ok,
                .replies = command::execute(*program, partitions[run.partition.value]),
                .detail = {},
                .by = executor};
    }

    // Commands are handled and programs executed until nothing is left to do. What was answered.
    std::string settle(Session& session) {
        std::string out;
        for (;;) {
            bool worked = false;
            while (session.step(now)) worked = true;
            for (const Run& run : session.take_runs()) {
                worked = true;
                session.finished(run.partition, execute(run));
            }
            out += take_all(session);
            if (!worked) return out;
        }
    }

    std::string talk(Session& session, std::string_view bytes) {
        session.feed(bytes);
        return settle(session);
    }
    // A line of words.
    std::string say(Session& session, const std::string& line) {
        return talk(session, line + "\r\n");
    }

    Facts facts;
    Time now{1s};
    Front front;
    std::map<std::uint32_t, MapKeys> partitions;
    std::uint64_t last_id = 0;
    std::vector<std::vector<std::string>> awaited;  // keys that were to be prefetched together
    std::size_t programs = 0;
    std::size_t largest = 0;
    std::size_t commands_max = 1'000'000;  // of a program; more are refused
    NodeId executor = self_id;
    Time at_once_until = Time::min();  // min(): everything goes as programs
};

}  // namespace grapevine::resp
