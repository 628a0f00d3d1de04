// What a member says again and again to the voters, and to the people who run it.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "node/state.h"

namespace grapevine {

namespace {

constexpr Duration link_silence_max = 3600s;  // longer is told as this long

}  // namespace

template <class Reports>
void Node::State::tell_voters(Time now, const Reports& reports) {
    for (const Voter& voter : ring->voters) {
        if (voter.id == self.id) {
            heed(now, self.id, reports);
        } else {
            send(now, voter.id, reports);
        }
    }
}

void Node::State::report_fills(Time now) {
    report_at = now + report_period;
    FillReports reports{replication->complete_fills()};
    if (reports.reports.empty()) return;
    tell_voters(now, reports);
}

void Node::State::report_links(Time now) {
    link_report_at = now + config.link_check;
    const auto in_ms = [](Duration lasted) {
        return static_cast<std::uint32_t>(std::min(lasted, link_silence_max) / 1ms);
    };
    std::map<NodeId, LinkReport> silent;
    for (const auto& [id, lasted] : link_checks.silent(now, config.link_silence)) {
        silent[id].link_ms = in_ms(lasted);
    }
    for (const auto& [id, lasted] : heartbeats.silent(now, config.link_silence)) {
        silent[id].heartbeat_ms = in_ms(lasted);
    }
    if (silent.empty()) return;
    LinkReports reports;
    for (auto& [id, report] : silent) {
        report.peer = id;
        reports.reports.push_back(report);
    }
    tell_voters(now, reports);
}

void Node::State::report_loss(Time now) {
    const std::optional<Epoch> accepted = losses.accepted();
    loss_report_at = losses.next_deadline() == never ? never : now + report_period;
    if (!accepted || !is_member()) return;
    tell_voters(now, LossAccepted{*accepted});
}

// Before it is out it asks to be; then it asks whether the others know.
void Node::State::report_leaving(Time now) {
    leave_at = now + report_period;
    if (!has_left()) return tell_voters(now, LeaveNotice{});
    for (const Voter& voter : ring->voters) {
        send(now, voter.id, LinkCheck{.sent_us = to_us(now)});
    }
}

// Without a majority nothing is served and no ring agreed on: a person has to know why.
void Node::State::look_for_majority(Time now) {
    const std::set<NodeId> heard = heartbeats.heard_in_ring_since(now - config.lease.lease);
    std::vector<NodeId> silent;
    std::uint32_t votes = 0;
    for (const Voter& voter : ring->voters) {
        if (voter.id == self.id || heard.contains(voter.id)) {
            votes += voter.votes;
        } else {
            silent.push_back(voter.id);
        }
    }
    // A founding goes on from what they hold.
    const bool one_stores = std::ranges::any_of(ring->members, [&](const Member& member) {
        return member.stores() && (member.id == self.id || heard.contains(member.id));
    });
    const bool missing = votes < ring->majority();
    const bool was_said = majority_missing.said();
    if (majority_missing.look(now, missing)) {
        log(LogLevel::warning,
            fmt::format("only {} of {} votes {}, {} are needed: nothing is served and no ring is "
                        "agreed on until {} back; {}",
                        votes, ring->votes_total(), votes == 1 ? "answers" : "answer",
                        ring->majority(),
                        silent.size() == 1 ? names_of(silent) + " is"
                                           : "enough of " + names_of(silent) + " are",
                        one_stores ? "a cluster that has lost its majority for good is founded "
                                     "anew from what is left by client --force-ring"
                                   : "no node that stores answers, so nothing can be founded anew "
                                     "either"));
    } else if (was_said && !missing) {
        log(LogLevel::warning,
            fmt::format("a majority answers again: {} of {} votes", votes, ring->votes_total()));
    }
}

}  // namespace grapevine
