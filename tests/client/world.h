#pragma once
// A client before a cluster that the test plays: it looks at what the client sends and says what
// comes back.

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/hash.h"
#include "client/client.h"

namespace grapevine {

inline Address address_of(int server) {
    return {0x7f000001, static_cast<std::uint16_t>(7000 + server)};
}

inline NodeId id_of(int server) {
    return NodeId{static_cast<std::uint64_t>(100 + server)};
}

inline constexpr int coordinator = 0;  // listens where server 0 would

struct RingOptions {
    std::uint64_t epoch = 5;
    int servers = 5;
    std::vector<int> gone = {};  // members that are down
    std::map<std::uint32_t, std::vector<int>> copies =
        {};  // where not {p % servers + 1, the next one}
    std::uint64_t cluster = 77;
    bool genesis = true;
    Ancestors ancestors = {};  // founded anew from these, into the epoch that is given
};

// 8 partitions, 2 copies.
inline RingPtr make_ring(const RingOptions& options = {}) {
    auto ring = std::make_shared<Ring>();
    ring->cluster = ClusterId{options.cluster};
    ring->epoch = Epoch{options.epoch};
    ring->ancestors = options.ancestors;
    ring->genesis = options.genesis ? Epoch{2} : Epoch{};
    if (ring->parent()) ring->genesis = Epoch{options.epoch - 1};
    for (int server = 0; server <= options.servers; ++server) {
        Member member;
        member.id = id_of(server);
        member.name = server == coordinator ? "coordinator" : "server" + std::to_string(server);
        member.address = address_of(server);
        member.role = server == coordinator ? Role::coordinator : Role::storage;
        const bool gone = std::ranges::find(options.gone, server) != options.gone.end();
        member.state = gone ? MemberState::down : MemberState::up;
        ring->members.push_back(member);
    }
    for (std::uint32_t p = 0; p < 8; ++p) {
        Entry entry;
        const int first = static_cast<int>(p) % options.servers + 1;
        std::vector<int> copies = {first, first % options.servers + 1};
        if (const auto given = options.copies.find(p); given != options.copies.end()) {
            copies = given->second;
        }
        if (options.genesis) {
            for (const int server : copies) entry.copies.push_back(id_of(server));
        }
        ring->table.push_back(entry);
    }
    return ring;
}

// A key of that partition of 8.
inline std::string key_in(std::uint32_t partition, int number = 0) {
    for (int i = 0;; ++i) {
        const std::string key = "key" + std::to_string(i);
        if (partition_of_key(key, 8) == PartitionId{partition} && number-- == 0) return key;
    }
}

inline Operation get_of(std::string key, Duration deadline = 5s) {
    Operation operation;
    operation.key = std::move(key);
    operation.deadline = deadline;
    return operation;
}

inline Operation put_of(std::string key, std::string value = "v", Duration deadline = 5s) {
    Operation operation = get_of(std::move(key), deadline);
    operation.kind = OperationKind::put;
    operation.value = std::move(value);
    return operation;
}

struct ClientWorld {
    struct SentPoll {
        Address to;
        RingPoll poll;
    };
    struct SentRequest {
        Address to;
        Request request;
        Time at;
    };

    explicit ClientWorld(ClientConfig config = {}) : client(complete(std::move(config)), 1) {}

    static ClientConfig complete(ClientConfig config) {
        if (config.seeds.empty()) config.seeds = {address_of(coordinator)};
        config.id = ClientId{9};
        return config;
    }

    // A client that has a ring, and nothing on its way.
    static ClientWorld with_ring(const RingOptions& options = {}) {
        ClientWorld world;
        world.client.want_ring(world.now);
        world.collect();
        world.ring(coordinator, make_ring(options));
        world.polls.clear();
        return world;
    }

    OperationId submit(Operation operation) {
        const OperationId id = client.submit(now, std::move(operation));
        collect();
        return id;
    }
    void ring(int from, RingPtr told) { receive(from, RingReply{std::move(told)}); }
    void receive(int from, const ServerMessage& message) {
        client.receive(now, address_of(from), message);
        collect();
    }
    void fail(int server) {
        client.link_failed(now, address_of(server));
        collect();
    }

    void reply(int from, OperationId id, Status status, std::int64_t stamp_ms = 1000,
               std::uint64_t epoch = 5) {
        Reply made;
        made.sequence = id;
        made.status = status;
        made.epoch = Epoch{epoch};
        made.stamp_ms = stamp_ms;
        made.version = {Epoch{epoch}, id};
        if (status == Status::ok) made.value = "value";
        receive(from, made);
    }
    // Writes to this partition are stamped from here on.
    void learn_stamp(std::uint32_t partition, std::int64_t stamp_ms = 1000) {
        const auto id = submit(get_of(key_in(partition)));
        const auto to = requests.back().to;
        reply(to.port - 7000, id, Status::not_found, stamp_ms);
        requests.clear();
        outcomes.erase(id);
    }

    // Lets time pass, ticking whenever the client asks for it.
    void run_until(Time end) {
        while (client.next_deadline() <= end) {
            REQUIRE(++ticks < 10'000);
            now = std::max(now, client.next_deadline());
            client.tick(now);
            collect();
        }
        now = end;
    }
    void run_for(Duration span) { run_until(now + span); }

    void collect() {
        client.invariants();
        ClientEffects effects = client.take_effects();
        for (auto& [to, message] : effects.messages) {
            if (const auto* request = std::get_if<Request>(&message)) {
                requests.push_back({to, *request, now});
            } else {
                polls.push_back({to, std::get<RingPoll>(message)});
            }
        }
        for (auto& completion : effects.completions) {
            INFO("completed twice: " << completion.id);
            REQUIRE(outcomes.emplace(completion.id, completion.outcome).second);
            ended_at[completion.id] = now;
        }
        for (auto& note : effects.notes) notes += note + "\n";
        for (const Address address : effects.disconnects) disconnects.push_back(address);
    }

    [[nodiscard]] bool done(OperationId id) const { return outcomes.contains(id); }
    [[nodiscard]] OutcomeKind kind(OperationId id) const { return outcomes.at(id).kind; }
    [[nodiscard]] bool noted(const std::string& text) const {
        return notes.find(text) != std::string::npos;
    }
    [[nodiscard]] bool polls_long(int server) const {
        return std::ranges::any_of(polls, [&](const SentPoll& sent) {
            return sent.to == address_of(server) && sent.poll.wait_ms > 0;
        });
    }

    Time now{1s};
    Client client;
    std::vector<SentRequest> requests;
    std::vector<SentPoll> polls;
    std::map<OperationId, Outcome> outcomes;
    std::map<OperationId, Time> ended_at;
    std::vector<Address> disconnects;
    std::string notes;
    int ticks = 0;
};

}  // namespace grapevine
