#pragma once
// What CLUSTER NODES, SLOTS, SHARDS and INFO say, made of a ring once for each, when somebody asks.
// Every node says the same of the same ring, but for who is "myself".
//
// All storage members are masters: each is the primary of some partitions and a copy of others,
// while Redis's nodes are one or the other, and clients fix what a node is when they first see it.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "command/reply.h"
#include "ring/ring.h"

namespace grapevine::resp {

// 40 hexadecimal digits, as Redis names nodes; the same everywhere, for ever.
std::string node_name(NodeId id);
std::string shard_name(NodeId id);
std::string host_text(Address address);  // without the port

class ClusterText {
public:
    // replicas: CLUSTER SLOTS and SHARDS list the other copies too.
    ClusterText(NodeId self, bool replicas) : self_(self), replicas_(replicas) {}

    // Before anything else.
    void set_ring(RingPtr ring);

    [[nodiscard]] const std::string& nodes() { return refreshed().nodes_; }
    [[nodiscard]] const std::string& info() { return refreshed().info_; }
    // Replies as they are sent.
    [[nodiscard]] const std::string& slots(command::Protocol protocol);
    [[nodiscard]] const std::string& shards(command::Protocol protocol);
    // The lines of nodes() for those that hold copies of what the named member is primary of;
    // nothing where there is no such member.
    [[nodiscard]] std::optional<std::vector<std::string>> replicas_of(std::string_view name);
    [[nodiscard]] bool is_member(std::string_view name) const;

private:
    // Neighbouring slots that are listed together.
    struct Range {
        std::uint32_t first;
        std::uint32_t last;
        const Entry* entry;
    };

    ClusterText& refreshed();
    void find_ranges();
    [[nodiscard]] bool is_alike(const Entry& a, const Entry& b) const;
    [[nodiscard]] std::string line_of(const Member& member) const;
    [[nodiscard]] std::string info_text() const;
    void write_slots(command::Reply& reply) const;
    void write_shards(command::Reply& reply) const;
    void write_node(command::Reply& reply, const Member& member, std::string_view role) const;
    // Of a range, the primary first.
    [[nodiscard]] std::vector<const Member*> listed(const Entry& entry) const;
    [[nodiscard]] const Member* member_named(std::string_view name) const;

    NodeId self_;
    bool replicas_;
    RingPtr ring_;
    bool stale_ = true;  // what follows is of an older ring
    std::vector<Range> ranges_;
    std::string nodes_;
    std::string info_;
    std::array<std::string, 2> slots_;  // RESP2, RESP3
    std::array<std::string, 2> shards_;
};

}  // namespace grapevine::resp
