#include "sim/availability.h"

#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <utility>

#include "replication/replication.h"
#include "sim/gentle.h"

namespace grapevine::sim {

namespace {

constexpr Duration period = 50ms;
// So many, and so many that each has its turn within a second.
constexpr std::uint32_t partitions_at_once = 64;
constexpr std::uint32_t turns_max = 16;

using Mask = std::bitset<watched_members_max>;

std::size_t first_of(const Mask& mask) {
    std::size_t i = 0;
    while (!mask[i]) ++i;
    return i;
}

// All largest sets of members that all know each other (Bron and Kerbosch 1973, with a pivot).
// `knows[i]`: with whom i is connected, without i.
void largest_sets(const std::vector<Mask>& knows, const Mask& in, Mask may, Mask not_,
                  std::vector<Mask>& out) {
    if (may.none()) {
        if (not_.none()) out.push_back(in);
        return;
    }
    const std::size_t pivot = first_of(may | not_);
    for (Mask left = may & ~knows[pivot]; left.any();) {
        const std::size_t i = first_of(left);
        left.reset(i);
        largest_sets(knows, Mask(in).set(i), may & knows[i], not_ & knows[i], out);
        may.reset(i);
        not_.set(i);
    }
}

std::set<NodeId> both(const std::set<NodeId>& a, const std::set<NodeId>& b) {
    std::set<NodeId> result;
    std::ranges::set_intersection(a, b, std::inserter(result, result.end()));
    return result;
}

std::uint32_t votes_of(const Ring& ring, const std::set<NodeId>& group) {
    std::uint32_t votes = 0;
    for (const NodeId id : group) votes += ring.votes_of(id);
    return votes;
}

}  // namespace

bool is_fit(const NetworkConfig& network) {
    const bool is_lossy = network.burst.percent > 0 ||
                          network.loss_percent + network.corrupt_percent > gentle_loss_max;
    const bool is_slow = network.delay_max > fit_delay_max || network.delay_tail > fit_tail_max;
    return !is_lossy && !is_slow;
}

void Availability::start() {
    look();
    world_.queue().after(period, [this] { start(); });
}

bool Availability::connected(const NodeHost& a, const NodeHost& b) const {
    const Network& network = world_.network();
    return network.is_clear(a.address(), b.address()) && network.is_clear(b.address(), a.address());
}

std::vector<std::set<NodeId>> Availability::groups(const Ring& ring) {
    std::vector<const NodeHost*> hosts;
    const Network& network = world_.network();
    if (!network.is_calm() && !is_fit(network.config())) return {};
    for (const NodeHost* host : world_.alive()) {
        const bool is_well = host->is_running() && host->slowness() == 1;
        const RingPtr its = host->ring();
        const bool is_in_it = its == nullptr || its->cluster == ring.cluster;
        if (is_well && is_in_it && ring.member(host->id()) != nullptr) hosts.push_back(host);
    }
    if (hosts.size() > most_) {
        is_blind_ = true;
        return {};
    }
    std::vector<Mask> knows(hosts.size());
    for (std::size_t a = 0; a < hosts.size(); ++a) {
        for (std::size_t b = 0; b < hosts.size(); ++b) {
            if (a != b && connected(*hosts[a], *hosts[b])) knows[a].set(b);
        }
    }
    std::vector<Mask> sets;
    Mask all;
    for (std::size_t i = 0; i < hosts.size(); ++i) all.set(i);
    if (all.any()) largest_sets(knows, {}, all, {}, sets);
    std::vector<std::set<NodeId>> result;
    for (const Mask& set : sets) {
        std::set<NodeId> group;
        for (std::size_t i = 0; i < hosts.size(); ++i) {
            if (set[i]) group.insert(hosts[i]->id());
        }
        result.push_back(std::move(group));
    }
    return result;
}

void Availability::refresh(const Ring& ring) {
    std::vector<Aged> next;
    const auto add = [&](std::set<NodeId> members, Time since) {
        if (votes_of(ring, members) < ring.majority()) return;
        for (Aged& known : next) {
            if (known.members != members) continue;
            known.since = std::min(known.since, since);
            return;
        }
        next.push_back({std::move(members), since});
    };
    for (const auto& group : groups(ring)) {
        for (const Aged& old : groups_) add(both(group, old.members), old.since);
        add(group, world_.now());
    }
    // A part of a group that is as old says nothing new.
    std::erase_if(next, [&](const Aged& part) {
        return std::ranges::any_of(next, [&](const Aged& whole) {
            return whole.since <= part.since && whole.members.size() > part.members.size() &&
                   std::ranges::includes(whole.members, part.members);
        });
    });
    groups_ = std::move(next);
}

void Availability::look() {
    const RingPtr ring = world_.newest_ring();
    if (ring == nullptr || !ring->genesis) return;
    refresh(*ring);
    outages_.resize(ring->partitions());
    for (const PartitionId partition : std::exchange(watched_, {})) {
        if (partition.value >= ring->partitions()) continue;
        look_at(*ring, partition, group_with_copy(ring->entry(partition)));
    }
    const std::uint32_t at_once = std::max(partitions_at_once, ring->partitions() / turns_max);
    for (std::uint32_t i = 0; i < std::min(ring->partitions(), at_once); ++i) {
        const PartitionId partition{next_++ % ring->partitions()};
        const Aged* group = group_with_copy(ring->entry(partition));
        ++looks_;
        if (group != nullptr && world_.now() >= group->since + outage_max) ++armed_looks_;
        if (!outages_[partition.value].is_on()) look_at(*ring, partition, group);
    }
}

const NodeHost* Availability::server_of(PartitionId partition) const {
    const auto alive = world_.alive();
    const auto server = std::ranges::find_if(alive, [&](const NodeHost* host) {
        return host->ring() != nullptr && host->serves(partition);
    });
    return server == alive.end() ? nullptr : *server;
}

void Availability::Outage::look(Time now, const PartitionLog* log, const NodeList& holders) {
    const bool has_lost = std::ranges::any_of(
        copies, [&](NodeId id) { return std::ranges::find(holders, id) == holders.end(); });
    copies = holders;
    if (has_lost && stuck_since != never) stuck_since = now;
    if (log == nullptr) {
        unserved_since = std::min(unserved_since, now);
        return;
    }
    unserved_since = never;
    if (log->unfinished().empty()) {
        unfinished_since = stuck_since = never;
        return;
    }
    const Version oldest = log->unfinished().front()->version;
    if (unfinished_since == never || oldest != unfinished) unfinished_since = stuck_since = now;
    unfinished = oldest;
}

const Availability::Aged* Availability::group_with_copy(const Entry& entry) const {
    const Aged* oldest = nullptr;
    for (const Aged& group : groups_) {
        if (oldest != nullptr && oldest->since <= group.since) continue;
        const bool has_copy = std::ranges::any_of(
            entry.copies, [&](NodeId id) { return group.members.contains(id); });
        if (has_copy) oldest = &group;
    }
    return oldest;
}

void Availability::look_at(const Ring& ring, PartitionId partition, const Aged* group) {
    const Time now = world_.now();
    Outage& outage = outages_[partition.value];
    if (group == nullptr) {
        outage = {};
        return;
    }
    const NodeHost* const server = server_of(partition);
    outage.look(now,
                server == nullptr ? nullptr : &server->node().replication()->replica(partition).log,
                ring.entry(partition).copies);
    if (!outage.is_on()) return;
    watched_.push_back(partition);
    if (server == nullptr) {
        longest_ = std::max(longest_, now - std::max(group->since, outage.unserved_since));
        report(ring, partition, *group, outage.unserved_since, "is not served");
    } else {
        constexpr std::string_view what = "has acknowledged no write";
        report(ring, partition, *group, outage.stuck_since, what);
        const Duration for_others = outage_max * ring.copies_wanted;
        report(ring, partition, *group, outage.unfinished_since + for_others, what);
    }
}

void Availability::report(const Ring& ring, PartitionId partition, const Aged& group, Time since,
                          std::string_view what) {
    const Duration lasts = world_.now() - std::max(group.since, since);
    if (lasts <= outage_max) return;
    world_.checks().report(
        Rule::available,
        fmt::format("partition {} {} for {} ms, though a copy of it and {} members with {} of {} "
                    "votes are up and connected",
                    partition, what, to_ms(lasts), group.members.size(),
                    votes_of(ring, group.members), ring.votes_total()));
}

}  // namespace grapevine::sim
