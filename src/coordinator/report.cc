#include "coordinator/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>
#include <tuple>

#include "base/counted.h"

namespace grapevine {

namespace {

bool is_number(const std::string& cell) {
    return !cell.empty() && cell.find_first_not_of("0123456789") == std::string::npos;
}

// "server10" after "server9": a trailing number counts as a number.
std::tuple<bool, std::string, std::size_t, std::string> order_key(const Member& member) {
    const std::size_t letters = member.name.find_last_not_of("0123456789") + 1;
    return {!member.stores(), member.name.substr(0, letters), member.name.size(), member.name};
}

std::string join(const std::vector<std::string>& parts, std::string_view glue) {
    return fmt::format("{}", fmt::join(parts, glue));
}

struct Counts {
    std::size_t filling = 0;
    std::size_t down = 0;
};

Counts count_partitions(const Ring& ring) {
    Counts counts;
    if (!ring.genesis) return counts;
    for (const Entry& entry : ring.table) {
        if (!entry.fills.empty()) ++counts.filling;
        if (ring.is_down(entry)) ++counts.down;
    }
    return counts;
}

}  // namespace

std::string aligned_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        if (widths.size() < row.size()) widths.resize(row.size());
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            line += is_number(row[i]) ? fmt::format("{:>{}}", row[i], widths[i])
                                      : fmt::format("{:<{}}", row[i], widths[i]);
            line += "  ";
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

Holdings holdings(const Ring& ring, NodeId member) {
    Holdings result;
    for (const Entry& entry : ring.table) {
        if (entry.primary() == member) ++result.primary;
        if (entry.is_copy(member)) ++result.copies;
    }
    return result;
}

std::string state_name(MemberState state) {
    switch (state) {
        case MemberState::up:
            return "up";
        case MemberState::leaving:
            return "leaving";
        case MemberState::down:
            return "down";
    }
    return "?";
}

std::string name_in(const Ring& ring, NodeId id) {
    const Member* member = ring.member(id);
    return member != nullptr ? member->name : fmt::format("node {:x}", id.value);
}

std::vector<const Member*> members_in_order(const Ring& ring) {
    std::vector<const Member*> members;
    members.reserve(ring.members.size());
    for (const Member& member : ring.members) members.push_back(&member);
    std::ranges::sort(members, {}, [](const Member* member) { return order_key(*member); });
    return members;
}

std::string awaited(const Ring& ring) {
    std::set<std::string> names;
    for (const Member& member : ring.members) {
        if (!member.is_up()) names.insert(member.name);
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

std::string why_it_stays(const Ring& ring, NodeId leaver) {
    const Member* self = ring.member(leaver);
    if (self == nullptr) return "the others have not said that they go on without it";
    if (!self->is_up()) return "partitions wait for what it holds, and it is not admitted again";
    if (!somebody_stays(ring, leaver)) return "no other node stays that could hold what it holds";
    if (self->state == MemberState::up) return "no majority of the votes has agreed to it yet";
    return fmt::format("{} not moved to others yet",
                       counted(partitions_of(ring, leaver), "partition"));
}

std::string survives(const Resilience& resilience) {
    const std::string deaths = counted(resilience.nodes, "simultaneous death");
    if (resilience.members == resilience.nodes) return "survives " + deaths;
    const std::size_t beside = resilience.beside_coordinator.value_or(0);
    const std::string_view of = resilience.nodes == 1 ? "a node" : "nodes";
    return fmt::format(
        "survives {} of {}, or the coordinator's {}", deaths, of,
        beside == 0 ? "alone" : fmt::format("and {} node{}", beside, beside == 1 ? "'s" : "s'"));
}

std::string survives(const Ring& ring) {
    const std::string why = why_no_death_is_survived(ring);
    return survives(resilience(ring)) + (why.empty() ? "" : ", because " + why);
}

std::string why_no_death_is_survived(const Ring& ring) {
    const bool has_spares =
        ring.genesis && std::ranges::all_of(ring.table, [&](const Entry& entry) {
            return !ring.is_down(entry) && entry.copies.size() > 1;
        });
    if (!has_spares || deaths_survived(ring) > 0 || ring.voters.size() != 1) return {};
    return fmt::format("{} has the only vote: start another node or a coordinator",
                       name_in(ring, ring.voters.front().id));
}

std::string describe_copies(const Ring& ring) {
    const std::size_t possible = copies_possible(ring);
    const std::string copies = counted(possible, "copy", "copies");
    if (possible >= ring.copies_wanted) {
        return fmt::format("every partition has its {}", copies);
    }
    return fmt::format("every partition has {}; {} are wanted, but there {} {}", copies,
                       ring.copies_wanted, possible == 1 ? "is" : "are", counted(possible, "node"));
}

std::string too_few_zones(const Ring& ring, NodeId without) {
    std::set<std::string_view> named;
    std::size_t zones = 0;
    std::size_t nodes = 0;
    for (const Member& member : ring.members) {
        if (!member.stays() || member.id == without) continue;
        ++nodes;
        if (member.zone.empty() || named.insert(member.zone).second) ++zones;
    }
    const std::size_t copies = std::min<std::size_t>(ring.copies_wanted, nodes);
    if (named.empty() || zones >= copies) return {};
    return fmt::format("the {} of a key are in {}: several are lost together with one",
                       counted(copies, "copy", "copies"), counted(zones, "zone"));
}

std::string describe_change(const Ring* before, const Ring& after) {
    std::vector<std::string> parts;
    if (before != nullptr && before->cluster != after.cluster) {
        parts.push_back(fmt::format("founded anew as cluster {:016x}", after.cluster.value));
    }
    for (const Member* member : members_in_order(after)) {
        const Member* old = before != nullptr ? before->member(member->id) : nullptr;
        const bool was_up = old != nullptr && old->is_up();
        if (member->is_up() && !was_up) {
            parts.push_back(
                fmt::format("{} joined ({}, pid {})", member->name, member->address, member->pid));
        }
        if (member->state == MemberState::leaving && old != nullptr &&
            old->state == MemberState::up) {
            parts.push_back(fmt::format("{} is leaving", member->name));
        }
    }
    if (before != nullptr) {
        for (const Member* member : members_in_order(*before)) {
            if (member->is_up() && !after.is_up(member->id)) {
                parts.push_back(fmt::format("{} is gone", member->name));
            }
        }
    }
    const std::size_t nodes = after.storage_count();
    parts.push_back(counted(nodes, "node"));
    const Counts counts = count_partitions(after);
    if (counts.filling > 0) parts.push_back("copying " + counted(counts.filling, "partition"));
    if (counts.down > 0) parts.push_back(counted(counts.down, "partition") + " unavailable");
    if (after.genesis) parts.push_back(survives(after));
    return fmt::format("epoch {}: {}", after.epoch, join(parts, "; "));
}

}  // namespace grapevine
