#include "runtime/frame_link.h"

#include <utility>

#include "runtime/clock.h"

namespace grapevine {

FrameLink::FrameLink(Loop& loop, Outbox& outbox, FrameLinkOwner& owner, std::size_t frame_max)
    : owner_(owner), stream_(loop, outbox, *this), reader_(frame_max), last_bytes_(boot_time()) {}

void FrameLink::pause() {
    paused_ = true;
    stream_.pause_reading();
}

void FrameLink::resume() {
    if (!paused_ || !open_) return;
    paused_ = false;
    const std::string bytes = std::exchange(unread_, {});
    if (!is_text()) reader_.feed(bytes);
    hand_out();
    if (open_ && !paused_) stream_.resume_reading();
}

void FrameLink::close() {
    open_ = false;
    stream_.pause_reading();
}

void FrameLink::finish() {
    open_ = false;
    stream_.finish();
}

bool FrameLink::is_stuck(Time now, Duration limit) const {
    return reader_.buffered() > 0 && now - last_bytes_ > limit;
}

void FrameLink::connected(Stream&) {
    if (open_) owner_.connected(*this);
}

void FrameLink::received(Stream&, std::string_view bytes) {
    last_bytes_ = boot_time();
    if (kind_ == Kind::unknown) {
        const bool is_frame = static_cast<std::uint8_t>(bytes.front()) == frame_magic;
        kind_ = !is_frame && owner_.takes_text(*this) ? Kind::text : Kind::frames;
    }
    is_text() ? owner_.text(*this, bytes) : reader_.feed(bytes);
    hand_out();
}

void FrameLink::hand_out_text() {
    while (open_) {
        if (!paused_) owner_.before_frame(*this);
        if (paused_ || !owner_.next_text(*this)) return;
    }
}

void FrameLink::hand_out() {
    if (is_text()) return hand_out_text();
    hand_out_frames();
    owner_.frames_taken(*this);
}

void FrameLink::hand_out_frames() {
    while (open_) {
        if (!paused_) owner_.before_frame(*this);
        if (paused_) {
            unread_ = reader_.take_unread();
            return;
        }
        const auto next = reader_.next();
        if (!next) {
            stream_.pause_reading();
            owner_.garbled(*this, next.error().message);
            return;
        }
        if (!*next) return;
        owner_.frame(*this, **next);
    }
}

void FrameLink::ended(Stream&, int error) {
    // Whoever called finish() waits for this; whoever called close() does not.
    if (open_ || stream_.finishing()) owner_.ended(*this, error);
}

}  // namespace grapevine
