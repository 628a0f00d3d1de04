// How a connection begins.
#include "fuzz/decoded.h"

namespace grapevine::fuzz {

namespace {

void run(std::string_view bytes) {
    check_payload_decoder(bytes, decode_hello);
}

std::vector<std::string> seeds(Samples& samples) {
    return payloads(8, [&] { return std::vector{samples.make<Hello>()}; });
}

}  // namespace

const Target hello{"hello", run, seeds, 256};

}  // namespace grapevine::fuzz
