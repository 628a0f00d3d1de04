#include "runtime/admin.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <variant>

#include "coordinator/report.h"
#include "runtime/ask.h"
#include "runtime/clock.h"
#include "runtime/loop.h"
#include "runtime/socket_address.h"

namespace grapevine {

namespace {

constexpr Duration retry_pause = 50ms;
// Ports behind that of a seed where members are looked for.
constexpr std::uint16_t ports_searched = 64;
// Of a process of this machine: what is gone refuses at once, what is stopped says nothing.
constexpr Duration answer_patience = 150ms;
constexpr Duration search_patience = 300ms;

void wait_for(Duration span) {
    Loop loop;
    Turn turn(loop, [] {});
    turn.wake_at(boot_time(), boot_time() + span);
    uv_run(loop.get(), UV_RUN_ONCE);
}

RingPtr newest_ring(const std::vector<Result<ServerMessage>>& answers) {
    RingPtr newest;
    for (const auto& answer : answers) {
        const auto* reply = answer ? std::get_if<RingReply>(&*answer) : nullptr;
        if (reply == nullptr || reply->ring == nullptr) continue;
        if (newest == nullptr || newest->epoch < reply->ring->epoch) newest = reply->ring;
    }
    return newest;
}

std::string reasons(const std::vector<Address>& seeds,
                    const std::vector<Result<ServerMessage>>& answers) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < seeds.size(); ++i) {
        texts.push_back(fmt::format("{}: {}", seeds[i],
                                    answers[i] ? "is in no ring yet" : answers[i].error().message));
    }
    return fmt::format("{}", fmt::join(texts, ", "));
}

// Where members listen if no port is asked for: after the coordinator's, where it launched them,
// and after the default one, where they were started by hand.
std::vector<Address> member_places(const std::vector<Address>& seeds) {
    std::set<Address> places;
    for (const Address seed : seeds) {
        for (const std::uint16_t before : {seed.port, coordinator_port}) {
            for (int port = before + 1; port <= std::min(before + ports_searched, 65535); ++port) {
                places.insert({.ip = seed.ip, .port = static_cast<std::uint16_t>(port)});
            }
        }
    }
    return {places.begin(), places.end()};
}

struct Found {
    std::vector<Address> members;    // whose coordinator was at one of the seeds
    std::vector<Address> strangers;  // of other clusters
};

Found search(const std::vector<Address>& seeds, Duration timeout) {
    const std::vector<Address> places = member_places(seeds);
    const auto answers = ask_all(places, StatusRequest{}, timeout);
    Found found;
    for (std::size_t i = 0; i < places.size(); ++i) {
        const auto* status = answers[i] ? std::get_if<StatusReply>(&*answers[i]) : nullptr;
        if (status == nullptr) continue;
        const auto is_seed = [&](Address place) {
            return std::ranges::find(seeds, place) != seeds.end();
        };
        const bool ours = is_seed(status->coordinator) ||
                          std::ranges::any_of(status->coordinators_before, is_seed);
        (ours ? found.members : found.strangers).push_back(places[i]);
    }
    return found;
}

}  // namespace

std::vector<Result<ServerMessage>> ask_all(const std::vector<Address>& peers,
                                           const ClientMessage& question, Duration timeout) {
    Loop loop;
    std::vector<std::optional<Result<ServerMessage>>> answers(peers.size());
    std::size_t left = peers.size();
    std::vector<std::unique_ptr<Ask>> asks;
    for (std::size_t i = 0; i < peers.size(); ++i) {
        asks.push_back(std::make_unique<Ask>(loop, peers[i], question, timeout,
                                             [&, i](const Result<ServerMessage>& answer) {
                                                 answers[i] = answer;
                                                 if (--left == 0) loop.stop();
                                             }));
    }
    if (left > 0) loop.run();
    asks.clear();
    std::vector<Result<ServerMessage>> results;
    for (auto& answer : answers) results.push_back(std::move(*answer));
    return results;
}

Result<RingPtr> fetch_ring(const std::vector<Address>& seeds, Duration timeout) {
    const Time deadline = boot_time() + timeout;
    for (;;) {
        const Time now = boot_time();
        const auto answers = ask_all(seeds, RingPoll{}, std::max<Duration>(deadline - now, 1ms));
        if (RingPtr ring = newest_ring(answers)) return ring;
        if (boot_time() + retry_pause >= deadline) {
            return fail(
                "no ring could be fetched ({}); start a coordinator, or name it or any member with "
                "--coordinator host:port",
                reasons(seeds, answers));
        }
        wait_for(retry_pause);
    }
}

Result<RingPtr> search_ring(const std::vector<Address>& seeds, Duration timeout) {
    const Found found = search(seeds, timeout);
    if (RingPtr ring = newest_ring(ask_all(found.members, RingPoll{}, timeout))) return ring;
    if (found.strangers.empty()) {
        return fail("no member was found on the ports where they are by default either");
    }
    return fail("{} {}, of a cluster that had no coordinator there",
                fmt::join(found.strangers, ", "),
                found.strangers.size() == 1 ? "answers" : "answer");
}

std::vector<Address> members_instead(const std::vector<Address>& seeds, Duration timeout) {
    if (!std::ranges::all_of(seeds, is_loopback)) return {};
    const auto answers = ask_all(seeds, StatusRequest{}, std::min(timeout, answer_patience));
    const auto spoke = [](const auto& answer) { return answer.has_value(); };
    if (std::ranges::any_of(answers, spoke)) return {};
    return search(seeds, std::min(timeout, search_patience)).members;
}

std::vector<Address> addresses_of_up(const Ring& ring) {
    std::vector<Address> addresses;
    for (const Member& member : ring.members) {
        if (member.is_up()) addresses.push_back(member.address);
    }
    return addresses;
}

Statuses fetch_status(const Ring& ring, Duration timeout) {
    Statuses status;
    for (const auto& answer : ask_all(addresses_of_up(ring), StatusRequest{}, timeout)) {
        const auto* reply = answer ? std::get_if<StatusReply>(&*answer) : nullptr;
        if (reply != nullptr) status[reply->id] = *reply;
    }
    return status;
}

std::string unsettled(const Ring& ring, const Statuses& status) {
    if (!ring.genesis) return "no storage member has come yet";
    std::uint32_t serving = 0;
    for (const Member& member : ring.members) {
        if (!member.is_up()) continue;
        const auto found = status.find(member.id);
        if (found == status.end()) return fmt::format("{} does not answer", member.name);
        if (found->second.epoch != ring.epoch) {
            return fmt::format("{} is at epoch {}, the ring at {}", member.name,
                               found->second.epoch, ring.epoch);
        }
        serving += found->second.serving;
    }
    if (const std::size_t down = down_since(ring, ring.epoch).size(); down > 0) {
        return fmt::format("{} of {} partitions {} no copy that is up; --status tells more", down,
                           ring.partitions(), down == 1 ? "has" : "have");
    }
    if (!fully_replicated(ring)) return "partitions are being copied";
    if (serving != ring.partitions()) {
        return fmt::format("{} of {} partitions are served", serving, ring.partitions());
    }
    return {};
}

}  // namespace grapevine
