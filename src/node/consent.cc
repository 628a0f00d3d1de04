#include "node/consent.h"

#include <algorithm>

namespace grapevine {

namespace {

// A person asks again now and then: what is further ahead was made up, and would leave no higher.
constexpr std::uint64_t founding_rounds_ahead_max = 1'000'000;
// Connections that may wait: a few people.
constexpr std::size_t founders_max = 16;

}  // namespace

bool Consent::is_open_to(const FoundingBallot& ballot) const {
    return ballot > floor_ && ballot.round - floor_.round <= founding_rounds_ahead_max;
}

void Consent::give(NodeId self, const Founding& founding, RingPtr made, std::uint64_t digest) {
    if (stands() && !is_void_) may_bind_ = true;
    is_void_ = false;
    floor_ = std::max(floor_, founding.ballot);
    founding_ = founding;
    made_ = std::move(made);
    digest_ = digest;
    given_ = {self};
    spoke_.clear();
}

void Consent::begin_anew() {
    withdraw();
    floor_ = {};
    may_bind_ = false;
}

bool Consent::decline(const FoundingBallot& ballot) {
    if (is_open_to(ballot)) floor_ = declined_ = ballot;
    return declined_ == ballot;
}

void Consent::declined(NodeId from, const Founding& founding) {
    const bool same = stands() && founding == founding_;
    if (same && std::ranges::binary_search(founding_.survivors, from)) is_void_ = true;
}

void Consent::heard(NodeId from, const Founding& founding, std::uint64_t digest) {
    const bool same = stands() && founding == founding_ && digest == digest_;
    if (same && std::ranges::binary_search(founding_.survivors, from)) given_.insert(from);
}

std::vector<NodeId> Consent::missing() const {
    std::vector<NodeId> missing;
    if (!stands()) return missing;
    std::ranges::set_difference(founding_.survivors, given_, std::back_inserter(missing));
    return missing;
}

std::uint32_t Consent::votes_since(const Ring& ring, NodeId self, Time since) const {
    std::uint32_t votes = ring.votes_of(self);
    for (const auto& [id, at] : spoke_) {
        if (at >= since) votes += ring.votes_of(id);
    }
    return votes;
}

void Consent::ask(Time now, ConnectionId connection, ClusterId cluster) {
    if (waiting_.size() >= founders_max && !waiting_.contains(connection)) return;
    waiting_[connection] = {cluster, now + force_ring_within};
}

std::vector<Consent::Due> Consent::take_due(Time now, const Ring& ring) {
    std::vector<Due> due;
    std::erase_if(waiting_, [&](const auto& entry) {
        const auto& [connection, wait] = entry;
        const bool founded = ring.cluster == wait.cluster;
        if (!founded && now < wait.until) return false;
        due.push_back(
            {connection, {founded, ring.epoch, founded ? std::vector<NodeId>{} : missing()}});
        return true;
    });
    return due;
}

Time Consent::next_deadline() const {
    Time due = never;
    for (const auto& [connection, wait] : waiting_) due = std::min(due, wait.until);
    return due;
}

}  // namespace grapevine
