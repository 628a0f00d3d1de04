// What arrives on the UDP port.
#include "fuzz/decoded.h"

namespace grapevine::fuzz {

namespace {

void run(std::string_view bytes) {
    check_decoder(bytes, decode_datagram, encode_datagram);
    check_decoder(framed(FrameKind::peer, behind_header(bytes)), decode_datagram, encode_datagram);
}

std::vector<std::string> seeds(Samples& samples) {
    std::vector<std::string> out;
    for (int i = 0; i < 20; ++i) {
        out.push_back(encode_datagram(samples.envelope(samples.make<SwimMessage>())));
    }
    out.push_back(encode_datagram(samples.envelope(samples.make<Heartbeat>())));
    out.push_back(encode_datagram(samples.envelope(Beacon{})));
    // One that travels on links only.
    out.push_back(encode(samples.envelope(samples.make<Prepare>())));
    return out;
}

}  // namespace

// Longer ones are refused for their size alone.
const Target datagram{"datagram", run, seeds, datagram_size_max + 100};

}  // namespace grapevine::fuzz
