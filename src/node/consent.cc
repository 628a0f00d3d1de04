#include "node/consent.h"

#include <algorithm>

namespace grapevine {

namespace {

// A person asks again now and then: what is further ahead was made up, and would leave no higher.
constexpr std::uint64_t founding_rounds_ahead_max = 1'000'000;
// Connections that may wait: a few people.
constexpr std::size_t founders_max = 16;
constexpr std::size_t earlier_max = 16;
constexpr std::size_t given_max = 16;  // that are remembered one by one

bool names(const Founding& founding, NodeId id) {
    return std::ranges::binary_search(founding.survivors, id);
}

}  // namespace

bool Consent::is_open_to(const FoundingBallot& ballot) const {
    return ballot > floor() && ballot.round - floor().round <= founding_rounds_ahead_max;
}

void Consent::give(NodeId self, const Founding& founding, RingPtr made, std::uint64_t digest) {
    put_aside();
    is_void_ = false;
    remember(founding.ballot);
    founding_ = founding;
    made_ = std::move(made);
    digest_ = digest;
    given_ = {self};
    spoke_.clear();
}

void Consent::remember(const FoundingBallot& ballot) {
    consents_.up_to = std::max(floor(), ballot);
    auto& given = consents_.given;
    const auto place = std::ranges::lower_bound(given, ballot);
    if (place == given.end() || *place != ballot) given.insert(place, ballot);
    if (given.size() > given_max) {
        consents_.after = given.front();
        given.erase(given.begin());
    }
}

// Others may found it still, by what was said.
void Consent::put_aside() {
    if (!stands() || is_void_) return;
    if (earlier_.size() >= earlier_max) {
        binds_for_good_ = true;
    } else {
        earlier_.push_back(founding_);
    }
}

void Consent::withdraw() {
    put_aside();
    made_.reset();
}

void Consent::begin_anew() {
    made_.reset();
    consents_ = {};
    earlier_.clear();
    binds_for_good_ = false;
}

bool Consent::decline(const FoundingBallot& ballot) {
    if (is_open_to(ballot)) consents_.up_to = ballot;
    return ballot <= floor();
}

void Consent::declined(NodeId from, const Consents& consents) {
    const auto is_declined = [&](const Founding& founding) {
        return names(founding, from) && consents.exclude(founding.ballot);
    };
    is_void_ = is_void_ || (stands() && is_declined(founding_));
    std::erase_if(earlier_, is_declined);
}

std::set<NodeId> Consent::concerned() const {
    std::set<NodeId> concerned(founding_.survivors.begin(), founding_.survivors.end());
    for (const Founding& founding : earlier_) {
        concerned.insert(founding.survivors.begin(), founding.survivors.end());
    }
    return concerned;
}

void Consent::heard(NodeId from, const Founding& founding, std::uint64_t digest) {
    const bool same = stands() && founding == founding_ && digest == digest_;
    if (same && names(founding_, from)) given_.insert(from);
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

Time Consent::survivors_spoke_at() const {
    Time last = Time::min();
    for (const auto& [id, at] : spoke_) {
        if (names(founding_, id)) last = std::max(last, at);
    }
    return last;
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
