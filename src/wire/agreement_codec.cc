// What members say to each other about rings (ring/messages.h).
#include "wire/codecs.h"

namespace grapevine::wire {

namespace {

fb::Ballot pack(const Ballot& ballot) {
    return {ballot.round, ballot.proposer.value};
}

Ballot unpack(const fb::Ballot* in) {
    if (in == nullptr) return {};
    return {.round = in->round(), .proposer = NodeId{in->proposer()}};
}

// A change that is absent unpacks to an empty one, which the rules refuse for its epoch.
RingChange unpack_change(Unpacker& unpacker, const fb::RingChange* in) {
    return in == nullptr ? RingChange{} : unpack(unpacker, *in);
}

}  // namespace

Packed<fb::RingRequest> pack(Builder& builder, const RingRequest& message) {
    return fb::CreateRingRequest(builder, message.have.value);
}

RingRequest unpack(Unpacker&, const fb::RingRequest& in) {
    return {.have = Epoch{in.have()}};
}

Packed<fb::RingAnswer> pack(Builder& builder, const RingAnswer& message) {
    return fb::CreateRingAnswer(builder, message.ring ? pack(builder, *message.ring) : 0);
}

RingAnswer unpack(Unpacker& unpacker, const fb::RingAnswer& in) {
    if (in.ring() == nullptr) return {};
    return {.ring = std::make_shared<const Ring>(unpack(unpacker, *in.ring()))};
}

Packed<fb::Decided> pack(Builder& builder, const Decided& message) {
    return fb::CreateDecided(builder, pack(builder, message.change), message.digest);
}

Decided unpack(Unpacker& unpacker, const fb::Decided& in) {
    return {.change = unpack_change(unpacker, in.change()), .digest = in.digest()};
}

Packed<fb::Prepare> pack(Builder& builder, const Prepare& message) {
    const fb::Ballot ballot = pack(message.ballot);
    return fb::CreatePrepare(builder, message.epoch.value, &ballot);
}

Prepare unpack(Unpacker&, const fb::Prepare& in) {
    return {.epoch = Epoch{in.epoch()}, .ballot = unpack(in.ballot())};
}

Packed<fb::Promise> pack(Builder& builder, const Promise& message) {
    Packed<fb::AcceptedValue> accepted = 0;
    if (message.accepted) {
        const auto change = pack(builder, message.accepted->change);
        const fb::Ballot ballot = pack(message.accepted->ballot);
        accepted = fb::CreateAcceptedValue(builder, &ballot, change);
    }
    const auto hears = pack(builder, message.hears);
    const fb::Ballot ballot = pack(message.ballot);
    return fb::CreatePromise(builder, message.epoch.value, &ballot, accepted, hears);
}

Promise unpack(Unpacker& unpacker, const fb::Promise& in) {
    Promise message{.epoch = Epoch{in.epoch()},
                    .ballot = unpack(in.ballot()),
                    .accepted = std::nullopt,
                    .hears = unpack(unpacker, in.hears())};
    if (in.accepted() != nullptr) {
        message.accepted = {.ballot = unpack(in.accepted()->ballot()),
                            .change = unpack_change(unpacker, in.accepted()->change())};
    }
    return message;
}

Packed<fb::Accept> pack(Builder& builder, const Accept& message) {
    const auto change = pack(builder, message.change);
    const fb::Ballot ballot = pack(message.ballot);
    return fb::CreateAccept(builder, message.epoch.value, &ballot, change);
}

Accept unpack(Unpacker& unpacker, const fb::Accept& in) {
    return {.epoch = Epoch{in.epoch()},
            .ballot = unpack(in.ballot()),
            .change = unpack_change(unpacker, in.change())};
}

Packed<fb::Accepted> pack(Builder& builder, const Accepted& message) {
    const fb::Ballot ballot = pack(message.ballot);
    return fb::CreateAccepted(builder, message.epoch.value, &ballot);
}

Accepted unpack(Unpacker&, const fb::Accepted& in) {
    return {.epoch = Epoch{in.epoch()}, .ballot = unpack(in.ballot())};
}

Packed<fb::Rejected> pack(Builder& builder, const Rejected& message) {
    const fb::Ballot ballot = pack(message.ballot);
    const fb::Ballot promised = pack(message.promised);
    return fb::CreateRejected(builder, message.epoch.value, &ballot, &promised);
}

Rejected unpack(Unpacker&, const fb::Rejected& in) {
    return {.epoch = Epoch{in.epoch()},
            .ballot = unpack(in.ballot()),
            .promised = unpack(in.promised())};
}

namespace {

fb::FoundingBallot pack(const FoundingBallot& ballot) {
    return {ballot.round, ballot.cluster.value};
}

FoundingBallot unpack(const fb::FoundingBallot* in) {
    if (in == nullptr) return {};
    return {.round = in->round(), .cluster = ClusterId{in->cluster()}};
}

Packed<fb::Consents> pack(Builder& builder, const Consents& consents) {
    const auto given = pack_list(builder, consents.given,
                                 [](const FoundingBallot& ballot) { return pack(ballot); });
    const fb::FoundingBallot after = pack(consents.after);
    const fb::FoundingBallot up_to = pack(consents.up_to);
    return fb::CreateConsents(builder, &after, &up_to, given);
}

Consents unpack(Unpacker& unpacker, const fb::Consents* in) {
    if (in == nullptr) return {};
    return {.after = unpack(in->after()),
            .up_to = unpack(in->up_to()),
            .given = unpacker.list(
                in->given(), [](const fb::FoundingBallot* ballot) { return unpack(ballot); })};
}

}  // namespace

// The promises as the promise that a proposer would be given.
Packed<fb::SavedState> pack(Builder& builder, const SavedState& state) {
    const Packed<fb::Ring> ring = state.ring ? pack(builder, *state.ring) : 0;
    const auto& [epoch, promised, accepted] = state.promises;
    const auto promise = pack(builder, Promise{epoch, promised, accepted, {}});
    const Packed<fb::Founding> consent = state.consent.ballot ? pack(builder, state.consent) : 0;
    const Packed<fb::Consents> consents = pack(builder, state.consents);
    return fb::CreateSavedState(builder, state.id.value, ring, promise, consents, consent);
}

SavedState unpack(Unpacker& unpacker, const fb::SavedState& in) {
    SavedState state{.id = NodeId{in.id()},
                     .ring = {},
                     .promises = {},
                     .consents = unpack(unpacker, in.consents()),
                     .consent = {}};
    if (in.consent() != nullptr) state.consent = unpack(unpacker, *in.consent());
    if (in.ring() != nullptr) {
        state.ring = std::make_shared<const Ring>(unpack(unpacker, *in.ring()));
    }
    if (in.promise() != nullptr) {
        Promise promise = unpack(unpacker, *in.promise());
        state.promises = {promise.epoch, promise.ballot, std::move(promise.accepted)};
    }
    return state;
}

Packed<fb::Heartbeat> pack(Builder& builder, const Heartbeat& message) {
    return fb::CreateHeartbeat(builder, message.epoch.value, message.sent_us,
                               message.echo_epoch.value, message.echo_us, message.grants);
}

Heartbeat unpack(Unpacker&, const fb::Heartbeat& in) {
    return {.epoch = Epoch{in.epoch()},
            .sent_us = in.sent_us(),
            .echo_epoch = Epoch{in.echo_epoch()},
            .echo_us = in.echo_us(),
            .grants = in.grants()};
}

Packed<fb::JoinRequest> pack(Builder& builder, const JoinRequest& message) {
    return fb::CreateJoinRequest(builder, pack(builder, message.self), message.have.value);
}

JoinRequest unpack(Unpacker& unpacker, const fb::JoinRequest& in) {
    return {.self = in.self() == nullptr ? Member{} : unpack(unpacker, *in.self()),
            .have = Epoch{in.have()}};
}

Packed<fb::FillReports> pack(Builder& builder, const FillReports& message) {
    return fb::CreateFillReports(builder, pack(builder, message.reports));
}

FillReports unpack(Unpacker& unpacker, const fb::FillReports& in) {
    return {.reports = unpack(unpacker, in.reports())};
}

Packed<fb::LinkReports> pack(Builder& builder, const LinkReports& message) {
    return fb::CreateLinkReports(
        builder, pack_list(builder, message.reports, [](const LinkReport& report) {
            return fb::LinkReport{report.peer.value, report.link_ms, report.heartbeat_ms};
        }));
}

LinkReports unpack(Unpacker& unpacker, const fb::LinkReports& in) {
    return {.reports = unpacker.list(in.reports(), [](const fb::LinkReport* report) {
        return LinkReport{.peer = NodeId{report->peer()},
                          .link_ms = report->link_ms(),
                          .heartbeat_ms = report->heartbeat_ms()};
    })};
}

Packed<fb::LinkCheck> pack(Builder& builder, const LinkCheck& message) {
    return fb::CreateLinkCheck(builder, message.sent_us, message.echo_us);
}

LinkCheck unpack(Unpacker&, const fb::LinkCheck& in) {
    return {.sent_us = in.sent_us(), .echo_us = in.echo_us()};
}

Packed<fb::LossAccepted> pack(Builder& builder, const LossAccepted& message) {
    return fb::CreateLossAccepted(builder, message.epoch.value);
}

LossAccepted unpack(Unpacker&, const fb::LossAccepted& in) {
    return {.epoch = Epoch{in.epoch()}};
}

Packed<fb::LeaveNotice> pack(Builder& builder, const LeaveNotice&) {
    return fb::CreateLeaveNotice(builder);
}

LeaveNotice unpack(Unpacker&, const fb::LeaveNotice&) {
    return {};
}

Packed<fb::Beacon> pack(Builder& builder, const Beacon& message) {
    return fb::CreateBeacon(builder, pack(builder, message.ancestors));
}

Beacon unpack(Unpacker& unpacker, const fb::Beacon& in) {
    return {.ancestors = unpack(unpacker, in.ancestors())};
}

Packed<fb::Founding> pack(Builder& builder, const Founding& founding) {
    const auto survivors = pack(builder, founding.survivors);
    return fb::CreateFounding(builder, founding.epoch.value, founding.ballot.round,
                              founding.ballot.cluster.value, survivors);
}

Founding unpack(Unpacker& unpacker, const fb::Founding& in) {
    return {.epoch = Epoch{in.epoch()},
            .ballot = {.round = in.round(), .cluster = ClusterId{in.cluster()}},
            .survivors = unpack(unpacker, in.survivors())};
}

Packed<fb::FoundAnew> pack(Builder& builder, const FoundAnew& message) {
    const Packed<fb::Founding> founding = pack(builder, message.founding);
    const Packed<fb::Consents> consents = pack(builder, message.consents);
    return fb::CreateFoundAnew(builder, founding, message.digest, consents);
}

// What is absent unpacks to nothing, which the rules refuse.
FoundAnew unpack(Unpacker& unpacker, const fb::FoundAnew& in) {
    if (in.founding() == nullptr) return {};
    return {.founding = unpack(unpacker, *in.founding()),
            .digest = in.digest(),
            .consents = unpack(unpacker, in.consents())};
}

}  // namespace grapevine::wire
