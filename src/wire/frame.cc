#include "wire/frame.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/assert.h"
#include "base/hash.h"

namespace grapevine {

namespace {

// A reader keeps this much between frames; what a larger frame took is given back.
constexpr std::size_t kept_bytes_max = 65'536;
constexpr std::size_t believed_bytes = std::size_t{1} << 20;

constexpr std::size_t padded(std::size_t size) {
    return (size + frame_alignment - 1) / frame_alignment * frame_alignment;
}

// Numbers lie in memory as they do in frames.
static_assert(std::endian::native == std::endian::little);

template <class Number>
Number number_at(std::string_view bytes, std::size_t at) {
    Number number;
    std::memcpy(&number, bytes.data() + at, sizeof number);
    return number;
}

template <class Number>
void put_number(std::string& bytes, std::size_t at, Number number) {
    std::memcpy(bytes.data() + at, &number, sizeof number);
}

bool is_aligned(std::string_view bytes) {
    return reinterpret_cast<std::uintptr_t>(bytes.data()) % frame_alignment == 0;
}

// The size of the frame whose header `bytes` begins with.
Result<std::size_t> frame_size(std::string_view bytes, std::size_t frame_max) {
    const auto magic = static_cast<std::uint8_t>(bytes[0]);
    if (magic != frame_magic) {
        return fail("a frame begins with {:#04x}, not {:#04x}", magic, frame_magic);
    }
    const auto kind = static_cast<std::uint8_t>(bytes[1]);
    if (kind < static_cast<std::uint8_t>(FrameKind::hello) ||
        kind > static_cast<std::uint8_t>(FrameKind::saved)) {
        return fail("a frame is of an unknown kind, {}", kind);
    }
    const auto payload = static_cast<std::size_t>(number_at<std::uint32_t>(bytes, 4));
    if (payload == 0 || payload % frame_alignment != 0) {
        return fail("a frame's payload of {} bytes is not a multiple of {}", payload,
                    frame_alignment);
    }
    if (payload > frame_max - frame_header_size) {
        return fail("a frame of {} bytes is over the limit of {}", frame_header_size + payload,
                    frame_max);
    }
    return frame_header_size + payload;
}

// `bytes` are one frame whose header was found good.
Result<Frame> checked_frame(std::string_view bytes) {
    const std::string_view payload = bytes.substr(frame_header_size);
    const auto announced = number_at<std::uint64_t>(bytes, 8);
    const std::uint64_t computed = hash64(payload, number_at<std::uint64_t>(bytes, 0));
    if (announced != computed) {
        return fail("a frame's checksum is {:016x}, its header says {:016x}", computed, announced);
    }
    return Frame{.kind = static_cast<FrameKind>(bytes[1]),
                 .protocol = number_at<std::uint16_t>(bytes, 2),
                 .payload = payload};
}

}  // namespace

void append_frame(std::string& out, FrameKind kind, std::string_view message,
                  std::uint16_t protocol) {
    const std::size_t payload = padded(message.size());
    const std::size_t start = out.size();
    open_frame(out, payload);
    char* const place = out.data() + start + frame_header_size;
    message.copy(place, message.size());
    std::memset(place + message.size(), 0, payload - message.size());
    close_frame(out, start, kind, payload, protocol);
}

void open_frame(std::string& out, std::size_t payload) {
    ASSERT(out.size() % frame_alignment == 0, "{} bytes are not whole frames", out.size());
    const std::size_t size = out.size() + frame_header_size + payload;
    // One growth for the frame, but never less than doubling: batches append many.
    if (out.capacity() < size) out.reserve(std::max(2 * out.size(), size));
    out.resize_and_overwrite(size, [&](char*, std::size_t) { return size; });
}

void close_frame(std::string& out, std::size_t start, FrameKind kind, std::size_t payload,
                 std::uint16_t protocol) {
    ASSERT(payload > 0 && payload % frame_alignment == 0 &&
               payload <= frame_size_max - frame_header_size,
           "{} bytes", payload);
    out.resize(start + frame_header_size + payload);
    put_number(out, start, frame_magic);
    put_number(out, start + 1, static_cast<std::uint8_t>(kind));
    put_number(out, start + 2, protocol);
    put_number(out, start + 4, static_cast<std::uint32_t>(payload));
    seal_frame(out, start);
}

void seal_frame(std::string& out, std::size_t start) {
    const auto seed = number_at<std::uint64_t>(out, start);
    put_number(out, start + 8,
               hash64(std::string_view(out).substr(start + frame_header_size), seed));
}

Result<Frame> parse_frame(std::string_view bytes, std::size_t frame_max) {
    if (bytes.size() < frame_header_size) {
        return fail("{} bytes are less than a frame's header", bytes.size());
    }
    const auto size = frame_size(bytes, frame_max);
    if (!size) return std::unexpected(size.error());
    if (*size != bytes.size()) {
        return fail("a frame says that it has {} bytes, {} arrived", *size, bytes.size());
    }
    return checked_frame(bytes);
}

FrameReader::FrameReader(std::size_t frame_max) : frame_max_(frame_max) {
    ASSERT(frame_max > frame_header_size && frame_max <= frame_size_max, "{}", frame_max);
}

void FrameReader::feed(std::string_view bytes) {
    ASSERT(fed_.empty(), "{} bytes were not taken yet", fed_.size());
    if (!error_) fed_ = bytes;
}

Result<std::optional<Frame>> FrameReader::next() {
    drop_handed_out();
    if (!error_) {
        auto frame = advance();
        if (frame) return frame;
        error_ = frame.error();
        fed_ = {};
        std::string().swap(begun_);
    }
    return std::unexpected(*error_);
}

Result<std::optional<Frame>> FrameReader::advance() {
    // In place, where nothing was begun and the whole frame is there.
    if (begun_.empty() && fed_.size() >= frame_header_size && is_aligned(fed_)) {
        const auto size = frame_size(fed_, frame_max_);
        if (!size) return std::unexpected(size.error());
        if (*size <= fed_.size()) {
            auto frame = checked_frame(fed_.substr(0, *size));
            if (!frame) return std::unexpected(frame.error());
            fed_.remove_prefix(*size);
            return *frame;
        }
    }
    // Otherwise gather it: its header first, which tells its size.
    if (!gather(frame_header_size)) return std::nullopt;
    const auto size = frame_size(begun_, frame_max_);
    if (!size) return std::unexpected(size.error());
    if (!gather(*size)) return std::nullopt;
    auto frame = checked_frame(begun_);
    if (!frame) return std::unexpected(frame.error());
    handed_out_ = begun_.size();
    return *frame;
}

// Moves bytes from fed_ until begun_ has `size`; false where they do not suffice.
bool FrameReader::gather(std::size_t size) {
    if (begun_.size() < size) {
        const std::size_t taken = std::min(size - begun_.size(), fed_.size());
        // One growth for a large frame, when enough of it has come to believe its header.
        if (begun_.size() + taken >= believed_bytes) begun_.reserve(size);
        begun_.append(fed_.substr(0, taken));
        fed_.remove_prefix(taken);
    }
    return begun_.size() >= size;
}

void FrameReader::drop_handed_out() {
    if (handed_out_ == 0) return;
    handed_out_ = 0;
    begun_.clear();
    if (begun_.capacity() > kept_bytes_max) std::string().swap(begun_);
}

}  // namespace grapevine
