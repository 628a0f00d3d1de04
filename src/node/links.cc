#include "node/links.h"

#include <algorithm>
#include <utility>

namespace grapevine {

namespace {

constexpr Duration redial_max = 2s;
// A link to a stranger is kept for as long as a joiner may take between two questions, and more.
constexpr Duration idle_max = 10s;
// Strangers can make this node dial: not without bound.
constexpr std::size_t links_max = 4096;

}  // namespace

void Links::want(Time now, const std::set<Address>& wanted) {
    deadline_known_ = false;
    for (auto& [peer, link] : links_) {
        if (link.wanted && !wanted.contains(peer)) link.used_at = now;
        link.wanted = wanted.contains(peer);
    }
    for (const Address peer : wanted) {
        Link& link = links_[peer];
        link.wanted = true;
        if (link.state == State::down) {
            link.dial_at = std::min(link.dial_at, now);
            link.pause = redial_;
        }
    }
}

void Links::up(Time now, Address peer) {
    deadline_known_ = false;
    Link& link = links_[peer];
    link.state = State::up;
    link.pause = redial_;
    link.used_at = now;
}

void Links::down(Time now, Address peer, bool refused) {
    const auto found = links_.find(peer);
    if (found == links_.end()) return;
    deadline_known_ = false;
    Link& link = found->second;
    // A link that was up is dialed again at once: the answer tells a dead process from a bad line.
    const bool was_up = link.state == State::up;
    link.state = State::down;
    if (was_up && !refused) {
        link.dial_at = now;
        link.pause = redial_;
    } else {
        link.pause = std::max(link.pause, redial_);
        link.dial_at = now + link.pause;
        link.pause = std::min(link.pause * 2, redial_max);
    }
    if (!link.wanted) links_.erase(found);
}

bool Links::use(Time now, Address peer) {
    if (links_.size() >= links_max && !links_.contains(peer)) return false;
    Link& link = links_[peer];
    link.used_at = now;
    if (!link.wanted || link.state == State::down) deadline_known_ = false;
    if (link.state == State::down && now >= link.dial_at) dial(link, peer);
    return link.state != State::down;
}

bool Links::is_up(Address peer) const {
    const auto found = links_.find(peer);
    return found != links_.end() && found->second.state == State::up;
}

void Links::dial(Link& link, Address peer) {
    link.state = State::dialing;
    dials_.push_back(peer);
}

void Links::tick(Time now) {
    if (now < next_deadline()) return;
    deadline_known_ = false;
    for (auto link = links_.begin(); link != links_.end();) {
        if (link->second.wanted) {
            if (link->second.state == State::down && now >= link->second.dial_at) {
                dial(link->second, link->first);
            }
            ++link;
        } else if (now >= link->second.used_at + idle_max) {
            if (link->second.state != State::down) hang_ups_.push_back(link->first);
            link = links_.erase(link);
        } else {
            ++link;
        }
    }
}

Time Links::deadline_of(const Link& link) {
    if (!link.wanted) return link.used_at + idle_max;
    return link.state == State::down ? link.dial_at : never;
}

Time Links::next_deadline() const {
    if (deadline_known_) return deadline_;
    deadline_ = never;
    for (const auto& [peer, link] : links_) deadline_ = std::min(deadline_, deadline_of(link));
    deadline_known_ = true;
    return deadline_;
}

std::vector<Address> Links::take_dials() {
    return std::exchange(dials_, {});
}

std::vector<Address> Links::take_hang_ups() {
    return std::exchange(hang_ups_, {});
}

}  // namespace grapevine
