// Why a connection ends.
#include "fuzz/decoded.h"

namespace grapevine::fuzz {

namespace {

void run(std::string_view bytes) {
    check_payload_decoder(bytes, decode_refusal);
}

std::vector<std::string> seeds(Samples& samples) {
    return payloads(8, [&] { return std::vector{samples.make<Refusal>()}; });
}

}  // namespace

const Target refusal{"refusal", run, seeds, 2048};

}  // namespace grapevine::fuzz
