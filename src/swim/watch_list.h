#pragma once
// The members under watch, and what this node remembers of each. Most of them it never had to do
// with: of these it remembers nothing, so that a list of ten thousand costs little more than their
// ids. Internal to swim/.

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/ids.h"
#include "base/time.h"
#include "swim/messages.h"

namespace grapevine {

struct WatchedMember {
    Rumor belief;                     // the rumor that won (swim/precedence.h)
    std::optional<Evidence> accused;  // by this node, and neither refuted nor decided since
    Time heard;                       // its last answer; Time{}: none
    Time sign;  // its last answer, through helpers as well; at first when it entered the list
    Time told;  // when it was last told, out of turn, what is believed of it
};

class WatchList {
public:
    struct Changes {
        std::vector<NodeId> gone;  // both ascend
        std::vector<NodeId> come;
    };
    // `ids` ascend strictly. Those that stay keep what is remembered.
    Changes set(Time now, std::vector<NodeId> ids);

    [[nodiscard]] std::size_t size() const { return ids_.size(); }
    [[nodiscard]] bool empty() const { return ids_.empty(); }
    [[nodiscard]] bool contains(NodeId id) const {
        return known_.contains(id) || std::ranges::binary_search(ids_, id);
    }
    // Ascending.
    [[nodiscard]] const std::vector<NodeId>& ids() const { return ids_; }

    // Of a member in the list. The first remembers it from now on.
    WatchedMember& at(NodeId id);
    [[nodiscard]] WatchedMember view(NodeId id) const;

    // Those that something is remembered of, and when the others entered the list.
    [[nodiscard]] const std::map<NodeId, WatchedMember>& known() const { return known_; }
    [[nodiscard]] Time others_since() const { return since_; }

private:
    [[nodiscard]] static WatchedMember newcomer(NodeId id, Time since) {
        WatchedMember member;
        member.belief.member = member.belief.observer = id;
        member.sign = since;
        return member;
    }

    std::vector<NodeId> ids_;
    std::map<NodeId, WatchedMember> known_;
    Time since_;
};

inline WatchList::Changes WatchList::set(Time now, std::vector<NodeId> ids) {
    Changes changes;
    std::ranges::set_difference(ids_, ids, std::back_inserter(changes.gone));
    std::ranges::set_difference(ids, ids_, std::back_inserter(changes.come));
    for (const NodeId id : changes.gone) known_.erase(id);
    if (ids_.empty()) {
        since_ = now;
    } else {
        for (const NodeId id : changes.come) known_.emplace(id, newcomer(id, now));
    }
    ids_ = std::move(ids);
    return changes;
}

inline WatchedMember& WatchList::at(NodeId id) {
    const auto found = known_.lower_bound(id);
    if (found != known_.end() && found->first == id) return found->second;
    ASSERT(contains(id), "member {}", id);
    return known_.emplace_hint(found, id, newcomer(id, since_))->second;
}

inline WatchedMember WatchList::view(NodeId id) const {
    const auto found = known_.find(id);
    return found != known_.end() ? found->second : newcomer(id, since_);
}

}  // namespace grapevine
