// The rules that every ring keeps, one function each: the empty string, or what is broken.

#include <algorithm>
#include <bit>
#include <set>
#include <vector>

#include "base/hash.h"
#include "base/limits.h"
#include "ring/change.h"
#include "ring/ring.h"
#include "ring/roster.h"

namespace grapevine {

namespace {

std::string head_defect(const Ring& ring) {
    if (!ring.cluster) return "the ring has no cluster id";
    if (!ring.epoch) return "the ring has no epoch";
    if (ring.copies_wanted < 1 || ring.copies_wanted > copies_max) {
        return fmt::format("{} copies are wanted, not 1 to {}", ring.copies_wanted, copies_max);
    }
    if (ring.table.size() > slot_count || !std::has_single_bit(ring.table.size())) {
        return fmt::format("{} partitions are no power of two up to {}", ring.table.size(),
                           slot_count);
    }
    if (ring.genesis > ring.epoch) return "the genesis ring is later than the ring";
    return {};
}

std::string ancestors_defect(const Ring& ring) {
    if (ring.ancestors.size() > ancestors_max) {
        return fmt::format("{} ancestors are more than {}", ring.ancestors.size(), ancestors_max);
    }
    std::set<ClusterId> seen{ring.cluster};
    Epoch before = ring.genesis;
    for (const Ancestor& each : ring.ancestors) {
        if (!each.cluster) return "an ancestor has no id";
        if (!seen.insert(each.cluster).second) return "two ancestors are one, or are the cluster";
        if (!each.last || each.last >= before) return "an ancestor is no older than its heir";
        before = each.last;
    }
    return {};
}

std::string member_order_defect(const Ring& ring) {
    const bool ascending = std::ranges::adjacent_find(ring.members, std::greater_equal{},
                                                      &Member::id) == ring.members.end();
    return ascending ? "" : "members are not in the order of their ids";
}

std::string one_member_defect(const Ring& ring, const Member& member) {
    if (const std::string defect = member_defect(member); !defect.empty()) return defect;
    if (member.name.empty()) return fmt::format("member {} has no name", member.id);
    if (!member.joined || member.joined > ring.epoch) {
        return fmt::format("member {} joined in ring {}, later than this", member.name,
                           member.joined);
    }
    if (!member.stores() && member.state != MemberState::up) {
        return fmt::format("coordinator {} is listed without being up", member.name);
    }
    if (member.stores() && !ring.genesis) {
        return fmt::format("storage member {} is listed before genesis", member.name);
    }
    return {};
}

std::string members_defect(const Ring& ring) {
    for (const Member& member : ring.members) {
        if (std::string defect = one_member_defect(ring, member); !defect.empty()) return defect;
    }
    return {};
}

std::string uniqueness_defect(const Ring& ring) {
    std::set<std::string_view> names;
    std::set<Address> addresses;
    std::size_t coordinators = 0;
    for (const Member& member : ring.members) {
        if (!member.is_up()) continue;
        if (!names.insert(member.name).second) {
            return fmt::format("two members are named {}", member.name);
        }
        if (!addresses.insert(member.address).second) {
            return fmt::format("two members listen at {}", member.address);
        }
        if (!member.stores() && ++coordinators == 2) return "there are two coordinators";
    }
    return {};
}

std::string voters_defect(const Ring& ring) {
    if (ring.voters.empty()) return "the ring has no voters";
    return ring.voters == voters_for(ring.members) ? "" : "the voters do not fit to the members";
}

std::string copies_defect(const Roster& roster, const Entry& entry) {
    if (entry.copies.empty()) return "has no copies";
    const Standing standing = roster.of(entry.primary());
    for (auto copy = entry.copies.begin(); copy != entry.copies.end(); ++copy) {
        const Standing other = roster.of(*copy);
        if (!stores(other)) return fmt::format("lists {}, which is no storage member", *copy);
        if (other != standing) return "has copies that are up and others that are down";
        if (std::find(entry.copies.begin(), copy, *copy) != copy) {
            return fmt::format("lists copy {} twice", *copy);
        }
    }
    return {};
}

std::string fills_defect(const Roster& roster, const Entry& entry) {
    if (!entry.fills.empty() && !roster.is_up(entry.primary())) return "is down and has fills";
    for (const Fill& fill : entry.fills) {
        if (!roster.is_up(fill.id)) {
            return fmt::format("fills {}, which is no storage member that is up", fill.id);
        }
        if (entry.is_copy(fill.id)) return fmt::format("fills its copy {}", fill.id);
        if (std::ranges::count(entry.fills, fill.id, &Fill::id) > 1) {
            return fmt::format("fills {} twice", fill.id);
        }
        if (!fill.opened || fill.opened > entry.since) {
            return fmt::format("fills {} since ring {}, later than it changed", fill.id,
                               fill.opened);
        }
    }
    return {};
}

std::string stamps_defect(const Ring& ring, const Entry& entry) {
    const bool ordered =
        ring.genesis <= entry.tenure && entry.tenure <= entry.since && entry.since <= ring.epoch;
    return ordered ? "" : "changed before its primary took over, before genesis or after now";
}

std::string entry_defect(const Ring& ring, const Roster& roster, const Entry& entry) {
    if (!ring.genesis) return entry == Entry{} ? "" : "holds something before genesis";
    if (std::string defect = copies_defect(roster, entry); !defect.empty()) return defect;
    if (std::string defect = fills_defect(roster, entry); !defect.empty()) return defect;
    return stamps_defect(ring, entry);
}

std::string table_defect(const Ring& ring) {
    const Roster roster(ring);
    for (std::size_t i = 0; i < ring.table.size(); ++i) {
        const std::string defect = entry_defect(ring, roster, ring.table[i]);
        if (!defect.empty()) return fmt::format("partition {} {}", i, defect);
    }
    return {};
}

std::string listed_defect(const Ring& ring) {
    if (std::ranges::all_of(ring.members, &Member::is_up)) return {};
    std::vector<NodeId> holders;
    for (const Entry& entry : ring.table) {
        holders.insert(holders.end(), entry.copies.begin(), entry.copies.end());
    }
    std::ranges::sort(holders);
    for (const Member& member : ring.members) {
        if (!member.is_up() && !std::ranges::binary_search(holders, member.id)) {
            return fmt::format("{} is down and holds nothing", member.name);
        }
    }
    return {};
}

bool printable(const std::string& text) {
    return std::ranges::none_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 || byte == 0x7f;
    });
}

}  // namespace

std::string member_defect(const Member& member) {
    if (!member.id) return "a member has no id";
    for (const auto* text : {&member.name, &member.zone}) {
        if (text->size() > name_size_max) {
            return fmt::format("a name or zone of member {} is longer than {} bytes", member.id,
                               name_size_max);
        }
        if (!printable(*text)) {
            return fmt::format("a name or zone of member {} holds control characters", member.id);
        }
    }
    if (!member.address) return fmt::format("member {} has no address", member.id);
    if (member.weight < 1 || member.weight > weight_max) {
        return fmt::format("member {} has weight {}, not 1 to {}", member.id, member.weight,
                           weight_max);
    }
    return {};
}

std::string ring_defect(const Ring& ring) {
    for (const auto rule : {head_defect, ancestors_defect, member_order_defect, members_defect,
                            uniqueness_defect, voters_defect, table_defect, listed_defect}) {
        if (std::string defect = rule(ring); !defect.empty()) return defect;
    }
    return {};
}

}  // namespace grapevine
