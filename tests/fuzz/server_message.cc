// What clients are answered.
#include "fuzz/decoded.h"

namespace grapevine::fuzz {

namespace {

void run(std::string_view bytes) {
    check_payload_decoder(bytes, decode_server_message);
}

std::vector<std::string> seeds(Samples& samples) {
    return payloads(8, [&] { return samples.server_messages(); });
}

}  // namespace

const Target server_message{"server_message", run, seeds, 16'384};

}  // namespace grapevine::fuzz
