#include <bit>
#include <span>

#include "wire/rule_tools.h"
#include "wire/rules.h"

namespace grapevine::wire {

namespace {

std::string defect(const Member& member) {
    if (!is_known(member.role, Role::coordinator)) return "a member's role is unknown";
    if (!is_known(member.state, MemberState::down)) return "a member's state is unknown";
    return member_defect(member);
}

std::string defect(const std::vector<Member>& members) {
    if (members.size() > members_max) return "too many members";
    return first_defect(members, [](const Member& member) { return defect(member); });
}

std::string defect(const FillReport& report) {
    if (!report.member) return "a report of a fill names nobody";
    return defect_of_partition(report.partition);
}

std::string defect(const std::vector<FillReport>& reports) {
    return first_defect(reports, [](const FillReport& report) { return defect(report); });
}

std::string defect(std::span<const NodeId> ids) {
    if (ids.size() > members_max) return "too many members";
    return first_defect(ids,
                        [](NodeId id) -> std::string { return id ? "" : "a member's id is zero"; });
}

std::string defect(const Arrangement& arrangement) {
    if (arrangement.copies.size() > holders_max || arrangement.fills.size() > holders_max) {
        return "an arrangement has too many holders";
    }
    if (std::string ids = defect(arrangement.copies); !ids.empty()) return ids;
    if (std::string ids = defect(arrangement.fills); !ids.empty()) return ids;
    return defect_of_partition(arrangement.partition);
}

std::string defect_of_times(std::int64_t sent_us, std::int64_t echo_us) {
    for (const std::int64_t us : {sent_us, echo_us}) {
        if (us < 0 || us > clock_us_max) return fmt::format("a heartbeat at {} us", us);
    }
    return {};
}

std::string defect(const Holding& holding) {
    if (!holding.member) return "a copy is dropped by nobody";
    return defect_of_partition(holding.partition);
}

// Common to the messages of Paxos.
std::string defect(Epoch epoch, const Ballot& ballot) {
    if (!epoch) return "an agreement is on no epoch";
    if (!ballot || !ballot.proposer) return "a ballot has no round or no proposer";
    return {};
}

std::string defect(Epoch epoch, const Ballot& ballot, const RingChange& change) {
    if (std::string frame = defect(epoch, ballot); !frame.empty()) return frame;
    if (change.epoch != epoch) {
        return fmt::format("a change that makes ring {} is proposed as ring {}", change.epoch,
                           epoch);
    }
    return wire::defect(change);
}

}  // namespace

std::string defect(const Ring& ring) {
    // What the form of the message relies on first, then the ring's own rules.
    if (!std::has_single_bit(ring.table.size()) || ring.table.size() > slot_count) {
        return fmt::format("a ring of {} partitions", ring.table.size());
    }
    for (const Entry& entry : ring.table) {
        if (entry.copies.size() > holders_max || entry.fills.size() > holders_max) {
            return "a ring's entry has too many holders";
        }
    }
    if (std::string members = defect(ring.members); !members.empty()) return members;
    return ring_defect(ring);
}

std::string defect(const RingPtr& ring) {
    return ring ? defect(*ring) : std::string{};
}

std::string defect(const RingChange& change) {
    if (!change.epoch) return "a change makes no ring";
    if (std::string reports = defect(change.completed); !reports.empty()) return reports;
    if (std::string members = defect(change.joined); !members.empty()) return members;
    for (const auto* ids : {&change.evicted, &change.leaving, &change.departed}) {
        if (std::string zero = defect(*ids); !zero.empty()) return zero;
    }
    if (std::string losses = first_defect(change.losses, defect_of_partition); !losses.empty()) {
        return losses;
    }
    if (std::string dropped =
            first_defect(change.dropped, [](const Holding& holding) { return defect(holding); });
        !dropped.empty()) {
        return dropped;
    }
    return first_defect(change.arrangements,
                        [](const Arrangement& arrangement) { return defect(arrangement); });
}

std::string defect(const RingRequest&) {
    return {};
}

std::string defect(const RingAnswer& message) {
    return defect(message.ring);
}

std::string defect(const Decided& message) {
    return defect(message.change);
}

std::string defect(const Prepare& message) {
    return defect(message.epoch, message.ballot);
}

std::string defect(const Promise& message) {
    if (std::string ballot = defect(message.epoch, message.ballot); !ballot.empty()) return ballot;
    if (message.accepted) {
        const auto& [ballot, change] = *message.accepted;
        if (std::string value = defect(message.epoch, ballot, change); !value.empty()) return value;
    }
    return defect(message.hears);
}

std::string defect(const SavedState& state) {
    if (!state.id) return "a saved state is nobody's";
    if (!state.ring) return "a saved state has no ring";
    if (std::string ring = defect(*state.ring); !ring.empty()) return ring;
    const auto& [epoch, promised, accepted] = state.promises;
    if (epoch != next(state.ring->epoch)) return "saved promises are not about the next ring";
    if (state.consent.ballot) {
        if (std::string consent = defect(state.consent); !consent.empty()) return consent;
    } else if (state.consent != Founding{}) {
        return "a saved consent is to nothing";
    }
    if (!promised && !accepted) return {};
    if (std::string ballot = defect(epoch, promised); !ballot.empty()) return ballot;
    if (!accepted) return {};
    if (promised < accepted->ballot) return "what was accepted had not been promised";
    return defect(epoch, accepted->ballot, accepted->change);
}

std::string defect(const Accept& message) {
    return defect(message.epoch, message.ballot, message.change);
}

std::string defect(const Accepted& message) {
    return defect(message.epoch, message.ballot);
}

std::string defect(const Rejected& message) {
    if (std::string ballot = defect(message.epoch, message.ballot); !ballot.empty()) return ballot;
    return defect(message.epoch, message.promised);
}

std::string defect(const Heartbeat& message) {
    return defect_of_times(message.sent_us, message.echo_us);
}

std::string defect(const LinkCheck& message) {
    return defect_of_times(message.sent_us, message.echo_us);
}

std::string defect(const LinkReports& message) {
    if (message.reports.size() > members_max) return "too many members";
    return first_defect(message.reports, [](const LinkReport& report) -> std::string {
        return report.peer ? "" : "a report of a link names nobody";
    });
}

std::string defect(const JoinRequest& message) {
    return defect(message.self);
}

std::string defect(const FillReports& message) {
    return defect(message.reports);
}

std::string defect(const LossAccepted& message) {
    return message.epoch ? "" : "a loss is accepted in no ring";
}

std::string defect(const LeaveNotice&) {
    return {};
}

std::string defect(const Beacon& message) {
    return message.ancestors.size() > ancestors_max ? "a beacon names too many ancestors" : "";
}

std::string defect(const Founding& founding) {
    if (!founding.epoch) return "a cluster is founded from no ring";
    if (!founding.ballot || !founding.ballot.cluster) return "a cluster is founded without an id";
    if (founding.survivors.empty()) return "nobody survives";
    return defect(founding.survivors);
}

std::string defect(const FoundAnew& message) {
    return defect(message.founding);
}

}  // namespace grapevine::wire
