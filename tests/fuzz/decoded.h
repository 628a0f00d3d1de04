#pragma once
// What must hold of every decoder, whatever bytes it is given.

#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "fuzz/footprint.h"
#include "fuzz/target.h"
#include "wire/samples.h"
#include "wire/wire.h"

namespace grapevine::fuzz {

// A copy in a block of the heap of exactly its size, at a multiple of 8 plus `shift`, so that the
// address sanitizer sees whoever reads past the end.
class Exact {
public:
    explicit Exact(std::string_view bytes, std::size_t shift = 0)
        : block_(std::make_unique<char[]>(shift + bytes.size())),
          view_(block_.get() + shift, bytes.size()) {
        if (!bytes.empty()) std::memcpy(block_.get() + shift, bytes.data(), bytes.size());
    }
    [[nodiscard]] std::string_view view() const { return view_; }

private:
    std::unique_ptr<char[]> block_;
    std::string_view view_;
};

// `bytes` as the payload of a good frame of that kind, so that inputs get past the checksum.
inline std::string framed(FrameKind kind, std::string_view bytes,
                          std::uint16_t protocol = protocol_version) {
    std::string frame;
    if (!bytes.empty()) append_frame(frame, kind, bytes, protocol);
    return frame;
}

// What stands behind the header; all of it where there is no whole header.
inline std::string_view behind_header(std::string_view bytes) {
    return bytes.size() > frame_header_size ? bytes.substr(frame_header_size) : bytes;
}

// Refuses with a sentence, or gives a message that takes little more memory than came, that can be
// encoded (which asserts that it has no defect), and that comes back from that as it is.
// `encoder` makes of a message what `decoder` takes.
template <class Decoder, class Encoder>
void check_decoder(std::string_view bytes, const Decoder& decoder, const Encoder& encoder) {
    const Exact given(bytes);
    const auto message = decoder(given.view());
    if (!message) {
        ASSERT(!message.error().message.empty(), "refused without a reason");
        return;
    }
    const std::size_t footprint = Footprint::of(*message);
    ASSERT(footprint <= footprint_max(bytes.size()), "{} bytes unpack to {}", bytes.size(),
           footprint);
    const std::string encoded = encoder(*message);
    const auto again = decoder(Exact(encoded).view());
    ASSERT(again.has_value(), "what was decoded is refused when it comes again: {}",
           again.error().message);
    ASSERT(same(*again, *message), "what was decoded comes again as something else");
    ASSERT(encoder(*again) == encoded, "the same message is encoded in two ways");
}

// A decoder of the payloads of frames.
template <class Message>
void check_payload_decoder(std::string_view bytes, Result<Message> (*decode)(std::string_view)) {
    check_decoder(bytes, decode,
                  [](const Message& message) { return encode(message).substr(frame_header_size); });
}

// Payloads of frames: `rounds` times what `make` gives.
template <class Make>
std::vector<std::string> payloads(int rounds, const Make& make) {
    std::vector<std::string> out;
    for (int i = 0; i < rounds; ++i) {
        for (const auto& message : make()) out.push_back(encode(message).substr(frame_header_size));
    }
    return out;
}

}  // namespace grapevine::fuzz
