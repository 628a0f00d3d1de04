#include "sim/ring_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "base/hash.h"

namespace grapevine::sim {

std::string join_names(const std::vector<std::string>& names) {
    if (names.empty()) return "nobody";
    if (names.size() == 1) return names.front();
    return fmt::format("{} and {}", fmt::join(names.begin(), names.end() - 1, ", "), names.back());
}

namespace {

std::vector<std::string> up_only_in(const Ring& one, const Ring& other) {
    std::vector<std::string> names;
    for (const Member& member : one.members) {
        if (member.is_up() && !other.is_up(member.id)) names.push_back(member.name);
    }
    std::ranges::sort(names);
    return names;
}

struct TableChange {
    std::size_t primaries = 0;
    std::size_t copies_lost = 0;    // partitions
    std::size_t copies_gained = 0;  // partitions
    std::size_t fills = 0;          // opened
    std::size_t down = 0;           // went down
    std::size_t back = 0;           // and up again
    std::size_t given_up = 0;       // restart empty
};

bool holds_all_of(const Entry& entry, const Entry& other) {
    return std::ranges::all_of(other.copies, [&](NodeId id) { return entry.is_copy(id); });
}

bool is_given_up(const Ring& before, const Ring& after, PartitionId partition) {
    return before.cluster == after.cluster &&
           before.entry(partition).generation != after.entry(partition).generation;
}

TableChange compare(const Ring& before, const Ring& after) {
    TableChange change;
    for (std::uint32_t i = 0; i < after.partitions(); ++i) {
        const Entry& old = before.table[i];
        const Entry& now = after.table[i];
        if (after.is_down(now) && !before.is_down(old)) ++change.down;
        if (is_given_up(before, after, PartitionId{i})) {
            ++change.given_up;
            continue;
        }
        if (!old.copies.empty() && before.is_down(old) && !after.is_down(now)) ++change.back;
        if (old.primary() && old.primary() != now.primary()) ++change.primaries;
        if (!holds_all_of(now, old)) ++change.copies_lost;
        if (!old.copies.empty() && !holds_all_of(old, now)) ++change.copies_gained;
        for (const Fill& fill : now.fills) {
            if (fill.opened == after.epoch) ++change.fills;
        }
    }
    return change;
}

// What one does, and what several do.
void add(std::string& text, std::size_t count, const char* one, const char* several) {
    if (count == 0) return;
    text += fmt::format("; {} {}", counted(count, "partition"), count == 1 ? one : several);
}

}  // namespace

std::vector<std::string> describe_change(const World& world, const Ring& before, const Ring& after,
                                         const std::vector<std::string>& keys) {
    std::string text = fmt::format("ring {}", after.epoch);
    const auto came = up_only_in(after, before);
    const auto went = up_only_in(before, after);
    if (!came.empty()) text += ": with " + join_names(came);
    if (!went.empty()) text += (came.empty() ? ": without " : ", without ") + join_names(went);
    const TableChange change = compare(before, after);
    add(text, change.primaries, "changes its primary", "change their primary");
    add(text, change.copies_lost, "loses a copy", "lose a copy");
    add(text, change.copies_gained, "has a new complete copy", "have a new complete copy");
    add(text, change.fills, "begins to fill a new copy", "begin to fill a new copy");
    add(text, change.down, "goes down: no copy is left", "go down: no copy is left");
    add(text, change.back, "is up again: a copy is back", "are up again: a copy is back");
    add(text, change.given_up, "is given up and restarts empty", "are given up and restart empty");
    std::vector<std::string> lines{text};
    for (const std::string& key : keys) {
        const PartitionId partition = partition_of_key(key, after.partitions());
        const NodeId from = before.entry(partition).primary();
        const NodeId to = after.entry(partition).primary();
        if (is_given_up(before, after, partition)) lines.push_back(fmt::format("   {}: lost", key));
        if (!from || from == to) continue;
        lines.push_back(
            fmt::format("   {}: {} -> {}", key, world.name_of(from), world.name_of(to)));
    }
    return lines;
}

}  // namespace grapevine::sim
