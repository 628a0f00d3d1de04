// What peers say to each other.
#include "fuzz/decoded.h"

namespace grapevine::fuzz {

namespace {

void run(std::string_view bytes) {
    check_payload_decoder(bytes, decode_envelope);
}

std::vector<std::string> seeds(Samples& samples) {
    return payloads(4, [&] { return samples.envelopes(); });
}

}  // namespace

const Target envelope{"envelope", run, seeds, 16'384};

}  // namespace grapevine::fuzz
