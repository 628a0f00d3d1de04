#include "resp/cluster_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/hash.h"

namespace grapevine::resp {

namespace {

using command::Protocol;
using command::Reply;

std::string forty_digits(NodeId id, std::uint64_t seed) {
    const std::string text = fmt::format("{:016x}", id.value);
    return fmt::format("{:016x}{:016x}{:08x}", hash64(text, seed), hash64(text, seed + 1),
                       hash64(text, seed + 2) >> 32);
}

std::size_t place_of(Protocol protocol) {
    return protocol == Protocol::resp3 ? 1 : 0;
}

std::string range_text(std::uint32_t first, std::uint32_t last) {
    return first == last ? fmt::format(" {}", first) : fmt::format(" {}-{}", first, last);
}

}  // namespace

std::string node_name(NodeId id) {
    return forty_digits(id, 1);
}

std::string shard_name(NodeId id) {
    return forty_digits(id, 11);
}

std::string host_text(Address address) {
    const std::string both = to_string(address);
    return both.substr(0, both.rfind(':'));
}

void ClusterText::set_ring(RingPtr ring) {
    ring_ = std::move(ring);
    stale_ = true;
}

ClusterText& ClusterText::refreshed() {
    if (!std::exchange(stale_, false)) return *this;
    find_ranges();
    nodes_.clear();
    for (const Member& member : ring_->members) {
        if (member.stores()) nodes_ += line_of(member) + '\n';
    }
    info_ = info_text();
    for (const Protocol protocol : {Protocol::resp2, Protocol::resp3}) {
        Reply slots(protocol);
        write_slots(slots);
        slots_[place_of(protocol)] = slots.take();
        Reply shards(protocol);
        write_shards(shards);
        shards_[place_of(protocol)] = shards.take();
    }
    return *this;
}

const std::string& ClusterText::slots(Protocol protocol) {
    return refreshed().slots_[place_of(protocol)];
}

const std::string& ClusterText::shards(Protocol protocol) {
    return refreshed().shards_[place_of(protocol)];
}

bool ClusterText::is_alike(const Entry& a, const Entry& b) const {
    return replicas_ ? a.copies == b.copies : a.primary() == b.primary();
}

void ClusterText::find_ranges() {
    ranges_.clear();
    const auto width = static_cast<std::uint32_t>(slot_count / ring_->table.size());
    for (std::uint32_t i = 0; i < ring_->partitions(); ++i) {
        const Entry& entry = ring_->table[i];
        if (entry.copies.empty()) continue;
        const std::uint32_t first = i * width;
        const bool goes_on = !ranges_.empty() && ranges_.back().last + 1 == first &&
                             is_alike(*ranges_.back().entry, entry);
        if (goes_on) {
            ranges_.back().last = first + width - 1;
        } else {
            ranges_.push_back({first, first + width - 1, &entry});
        }
    }
}

std::string ClusterText::line_of(const Member& member) const {
    std::string line = fmt::format(
        "{} {}@{} {}{}{} - 0 0 {} {}", node_name(member.id), member.address, member.address.port,
        member.id == self_ ? "myself," : "", "master", member.is_up() ? "" : ",fail", ring_->epoch,
        member.is_up() ? "connected" : "disconnected");
    std::optional<Range> open;
    for (const Range& range : ranges_) {
        if (range.entry->primary() != member.id) continue;
        if (open && open->last + 1 == range.first) {
            open->last = range.last;
            continue;
        }
        if (open) line += range_text(open->first, open->last);
        open = range;
    }
    if (open) line += range_text(open->first, open->last);
    return line;
}

std::string ClusterText::info_text() const {
    std::uint32_t assigned = 0;
    std::uint32_t failed = 0;
    std::set<NodeId> primaries;
    for (const Range& range : ranges_) {
        const std::uint32_t slots = range.last - range.first + 1;
        assigned += slots;
        if (ring_->is_down(*range.entry)) failed += slots;
        primaries.insert(range.entry->primary());
    }
    const auto known = std::ranges::count_if(ring_->members, &Member::stores);
    // There is no bus beside the links of members.
    return fmt::format(
        "cluster_enabled:1\r\ncluster_state:{}\r\ncluster_slots_assigned:{}\r\n"
        "cluster_slots_ok:{}\r\ncluster_slots_pfail:0\r\ncluster_slots_fail:{}\r\n"
        "cluster_known_nodes:{}\r\ncluster_size:{}\r\ncluster_current_epoch:{}\r\n"
        "cluster_my_epoch:{}\r\ncluster_stats_messages_sent:0\r\n"
        "cluster_stats_messages_received:0\r\ntotal_cluster_links_buffer_limit_exceeded:0\r\n",
        assigned == slot_count ? "ok" : "fail", assigned, assigned - failed, failed, known,
        primaries.size(), ring_->epoch, ring_->epoch);
}

std::vector<const Member*> ClusterText::listed(const Entry& entry) const {
    std::vector<const Member*> members;
    for (const NodeId id : entry.copies) {
        const Member* const member = ring_->member(id);
        if (member == nullptr) continue;
        if (members.empty() || (replicas_ && member->is_up())) members.push_back(member);
    }
    return members;
}

void ClusterText::write_slots(Reply& reply) const {
    reply.array(ranges_.size());
    for (const Range& range : ranges_) {
        const auto members = listed(*range.entry);
        reply.array(2 + members.size());
        reply.integer(range.first);
        reply.integer(range.last);
        for (const Member* member : members) {
            reply.array(4);
            reply.bulk(host_text(member->address));
            reply.integer(member->address.port);
            reply.bulk(node_name(member->id));
            reply.map(0);
        }
    }
}

void ClusterText::write_node(Reply& reply, const Member& member, std::string_view role) const {
    reply.map(7);
    reply.bulk("id");
    reply.bulk(node_name(member.id));
    reply.bulk("port");
    reply.integer(member.address.port);
    reply.bulk("ip");
    reply.bulk(host_text(member.address));
    reply.bulk("endpoint");
    reply.bulk(host_text(member.address));
    reply.bulk("role");
    reply.bulk(role);
    reply.bulk("replication-offset");
    reply.integer(0);
    reply.bulk("health");
    reply.bulk(member.is_up() ? "online" : "fail");
}

// One for each primary.
void ClusterText::write_shards(Reply& reply) const {
    std::vector<const Member*> members;
    for (const Member& member : ring_->members) {
        if (member.stores()) members.push_back(&member);
    }
    reply.array(members.size());
    for (const Member* member : members) {
        std::vector<const Range*> own;
        std::set<NodeId> others;
        for (const Range& range : ranges_) {
            if (range.entry->primary() != member->id) continue;
            own.push_back(&range);
            for (const Member* other : listed(*range.entry)) others.insert(other->id);
        }
        others.erase(member->id);
        reply.map(2);
        reply.bulk("slots");
        reply.array(2 * own.size());
        for (const Range* range : own) {
            reply.integer(range->first);
            reply.integer(range->last);
        }
        reply.bulk("nodes");
        reply.array(1 + others.size());
        write_node(reply, *member, "master");
        for (const NodeId id : others) write_node(reply, *ring_->member(id), "replica");
    }
}

const Member* ClusterText::member_named(std::string_view name) const {
    if (ring_ == nullptr) return nullptr;
    for (const Member& member : ring_->members) {
        if (member.stores() && node_name(member.id) == name) return &member;
    }
    return nullptr;
}

bool ClusterText::is_member(std::string_view name) const {
    return member_named(name) != nullptr;
}

std::optional<std::vector<std::string>> ClusterText::replicas_of(std::string_view name) {
    refreshed();
    const Member* const member = member_named(name);
    if (member == nullptr) return std::nullopt;
    std::set<NodeId> others;
    for (const Range& range : ranges_) {
        if (range.entry->primary() != member->id) continue;
        for (const Member* other : listed(*range.entry)) others.insert(other->id);
    }
    others.erase(member->id);
    std::vector<std::string> lines;
    for (const NodeId id : others) lines.push_back(line_of(*ring_->member(id)));
    return lines;
}

}  // namespace grapevine::resp
