#include "replication/view.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/hash.h"
#include "base/limits.h"

namespace grapevine {

namespace {

// Of keys whose time has come and that a scan met: the others are met the next time.
constexpr std::size_t expired_max = 1000;
// What looking for a key costs, and copying its value or going through it.
constexpr std::uint64_t touch_steps = 50;

}  // namespace

View::View(const Scope& scope, Of of, std::string_view key)
    : scope_(scope), of_(of), key_(key), now_ms_(scope.context.unix_ms(scope.now)) {}

bool View::may_touch(std::string_view key, std::size_t bytes) {
    const std::uint32_t partitions = scope_.context.ring->partitions();
    if (key != key_ && partition_of_key(key, partitions) != scope_.replica.id) {
        verdict_ = Status::malformed;
        return false;
    }
    work_ += key.size() + bytes;
    if (!spend(touch_steps + key.size() + bytes / bytes_per_step)) return false;
    const bool is_large = key.size() > key_size_max || bytes > value_size_max;
    if (work_ > program_work_max || is_large) verdict_ = Status::too_large;
    return verdict_ == Status::ok;
}

bool View::spend(std::uint64_t steps) {
    steps_ += std::min(steps, program_steps_max + 1);
    if (steps_ > program_steps_max && verdict_ == Status::ok) verdict_ = Status::too_large;
    return verdict_ == Status::ok;
}

std::optional<View::After> View::changed(std::string_view key) const {
    if (of_ == Of::committed) return std::nullopt;
    if (const auto own = own_.find(key); own != own_.end()) {
        if (!own->second.is_there) return After();
        return Held{own->second.value, own->second.expires_ms, {}};
    }
    const auto last = scope_.replica.log.last_change(key);
    if (!last) return std::nullopt;
    if (last->change.kind == OpKind::erase) return After();
    return Held{last->change.value, last->change.expires_ms, last->version};
}

View::After View::look(std::string_view key) const {
    if (const auto after = changed(key)) return *after;
    const auto record = scope_.context.store.find(scope_.replica.id, key);
    if (!record) return std::nullopt;
    return Held{record->value, record->expires_ms, record->version};
}

std::optional<command::Entry> View::show(std::string_view key, const After& held) {
    if (!held) return std::nullopt;
    const bool is_due = held->expires_ms != 0 && held->expires_ms <= now_ms_;
    if (is_due && !scope_.context.has(Bug::expired_is_read)) {
        if (of_ == Of::ordered) {
            own_.insert_or_assign(std::string(key), Own{});
        } else if (expired_.size() < expired_max) {
            expired_.emplace_back(key);
        }
        return std::nullopt;
    }
    return command::Entry{held->value, held->expires_ms, held->version};
}

std::optional<command::Entry> View::find(std::string_view key) {
    const std::optional<Held> held = look(key);
    if (!may_touch(key, held ? held->value.size() : 0)) return std::nullopt;
    return show(key, held);
}

void View::put(std::string_view key, std::string value, std::int64_t expires_ms) {
    if (of_ == Of::committed) verdict_ = Status::malformed;  // it was said to change nothing
    if (!may_touch(key, value.size())) return;
    own_.insert_or_assign(std::string(key), Own{true, std::move(value), expires_ms});
}

bool View::erase(std::string_view key) {
    // The value, however large, is not looked at.
    if (!may_touch(key, 0) || !show(key, look(key))) return false;
    if (of_ == Of::committed) verdict_ = Status::malformed;
    own_.insert_or_assign(std::string(key), Own{});
    return true;
}

template <class Visit>
void View::for_each_changed(const Visit& visit) const {
    if (of_ == Of::committed) return;
    for (const auto& [key, own] : own_) visit(key, *changed(key));
    scope_.replica.log.for_each_last_change([&](const PartitionLog::LastChange& last) {
        const std::string_view key = last.change.key;
        if (!own_.contains(key)) visit(key, *changed(key));
    });
}

// What the store has not is visited with the beginning. What comes into the store later was there,
// and visited, or was not there throughout.
std::optional<std::uint64_t> View::scan(std::uint64_t cursor, std::size_t keys,
                                        const Visitor& visit) {
    const Store& store = scope_.context.store;
    std::vector<std::pair<std::string_view, Held>> met;  // to be shown when nothing is looked up
    if (cursor == 0) {
        for_each_changed([&](std::string_view key, const After& after) {
            spend(touch_steps);
            if (after && !store.find(scope_.replica.id, key)) met.emplace_back(key, *after);
        });
    }
    const auto next = store.scan(
        scope_.replica.id, cursor, ScanLimit{.keys = std::max<std::size_t>(keys, 1)},
        [&](const Record& record) {
            const auto after = changed(record.key);
            if (!after) {
                met.emplace_back(record.key, Held{record.value, record.expires_ms, record.version});
            } else if (*after) {
                met.emplace_back(record.key, **after);
            }
        });
    for (const auto& [key, held] : met) {
        if (!may_touch(key, 0)) return std::nullopt;
        if (const auto entry = show(key, held)) visit(key, *entry);
    }
    return next;
}

// The order of a store's hashes is its process's own (MemoryStore), and so is its id.
std::uint64_t View::order() const {
    return scope_.context.has(Bug::foreign_cursor) ? 1 : scope_.context.self.value;
}

std::size_t View::count() {
    const Store& store = scope_.context.store;
    std::size_t count = store.count(scope_.replica.id);
    for_each_changed([&](std::string_view key, const After& after) {
        spend(touch_steps);
        const bool was_there = store.find(scope_.replica.id, key).has_value();
        if (after && !was_there) ++count;
        if (!after && was_there) --count;
    });
    return count;
}

std::uint64_t View::draw() {
    return scope_.context.rng.next();
}

std::vector<Change> View::take_changes() {
    std::vector<Change> changes;
    changes.reserve(own_.size());
    for (auto& [key, own] : own_) {
        changes.push_back({.kind = own.is_there ? OpKind::put : OpKind::erase,
                           .key = key,
                           .value = std::move(own.value),
                           .expires_ms = own.expires_ms});
    }
    own_.clear();
    return changes;
}

}  // namespace grapevine
