#include "replication/changed_keys.h"

#include <algorithm>

namespace grapevine {

namespace {

constexpr std::size_t changed_places_min = 16;

}  // namespace

std::optional<ChangedKeys::Change> ChangedKeys::find(std::string_view key) const {
    if (table_.empty()) return std::nullopt;
    const Changed& changed = table_[table_.locate(key)];
    if (!changed.is_used()) return std::nullopt;
    return changed.last;
}

void ChangedKeys::add(const Op& op) {
    std::uint32_t index = 0;
    for_each_change(op, [&](const ChangeView& change) {
        if ((table_.size() + 1) * 2 > table_.places()) {
            table_.resize(std::max(changed_places_min, 2 * table_.places()));
        }
        const Changed changed{change.key, {op.version.counter, index++}};
        const std::size_t place = table_.locate(change.key);
        if (table_[place].is_used()) {
            table_[place] = changed;  // the name too: the operation that it was of goes first
        } else {
            table_.insert(place, changed);
        }
    });
}

void ChangedKeys::remove(const Op& op) {
    for_each_change(op, [&](const ChangeView& change) {
        if (table_.empty()) return;
        const std::size_t place = table_.locate(change.key);
        // A later operation changes it as well, or this one did twice.
        if (table_[place].last.counter != op.version.counter) return;
        table_.erase(place);
        const bool is_spacious =
            table_.places() > changed_places_min && table_.size() * 16 < table_.places();
        if (is_spacious) table_.resize(table_.places() / 2);
    });
    if (table_.empty()) clear();
}

}  // namespace grapevine
