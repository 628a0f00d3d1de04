// The file with the promises of a voter.
#include "fuzz/decoded.h"

namespace grapevine::fuzz {

namespace {

void run(std::string_view bytes) {
    check_decoder(bytes, decode_saved, encode<SavedState>);
    check_decoder(framed(FrameKind::saved, behind_header(bytes)), decode_saved, encode<SavedState>);
}

std::vector<std::string> seeds(Samples& samples) {
    std::vector<std::string> out;
    for (int i = 0; i < 12; ++i) {
        SavedState state{
            .id = samples.make<Member>().id,
            .ring = std::make_shared<const Ring>(samples.ring(1 + samples.rng().below(5), 16)),
            .promises = {}};
        state.promises.epoch = next(state.ring->epoch);
        if (i % 3 > 0) state.promises.promised = {2, NodeId{9}};
        if (i % 3 > 1) {
            auto change = samples.make<RingChange>();
            change.epoch = state.promises.epoch;
            state.promises.accepted = AcceptedValue{{1, NodeId{9}}, std::move(change)};
        }
        if (i % 4 > 1) {
            state.consents.given = {{1, ClusterId{7}}, {2, ClusterId{8}}};
            state.consent = {.epoch = state.ring->epoch,
                             .ballot = {2, ClusterId{8}},
                             .survivors = {state.ring->members.front().id}};
        }
        out.push_back(encode(state));
    }
    return out;
}

}  // namespace

const Target saved{"saved", run, seeds, 8192};

}  // namespace grapevine::fuzz
