// What clients say.
#include "fuzz/decoded.h"

namespace grapevine::fuzz {

namespace {

void run(std::string_view bytes) {
    check_payload_decoder(bytes, decode_client_message);
}

std::vector<std::string> seeds(Samples& samples) {
    return payloads(8, [&] { return samples.client_messages(); });
}

}  // namespace

const Target client_message{"client_message", run, seeds, 4096};

}  // namespace grapevine::fuzz
