#pragma once
// A Stream of frames: what arrives is cut into frames, messages are written as frames.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/time.h"
#include "runtime/stream.h"
#include "wire/frame.h"
#include "wire/wire.h"

namespace grapevine {

class FrameLink;

class FrameLinkOwner {
public:
    virtual void connected(FrameLink&) {}
    // Before each frame that is handed out: it may be put off with pause().
    virtual void before_frame(FrameLink&) {}
    // The payload is valid during the call.
    virtual void frame(FrameLink& link, const Frame& frame) = 0;
    // After the last frame that was handed out of what arrived.
    virtual void frames_taken(FrameLink&) {}
    // What arrived is no frame; nothing more is read.
    virtual void garbled(FrameLink& link, const std::string& why) = 0;
    // As StreamOwner::ended.
    virtual void ended(FrameLink& link, int error) = 0;

protected:
    ~FrameLinkOwner() = default;
};

class FrameLink final : private StreamOwner {
public:
    FrameLink(Loop& loop, Outbox& outbox, FrameLinkOwner& owner,
              std::size_t frame_max = frame_size_max);

    template <class Message>
    void send(const Message& message) {
        stream_.send([&](std::string& block) { append_frame(block, message); });
    }

    // No more frames, also of those that have arrived, until resume(), which hands out what waits.
    // Both may be called inside frame().
    void pause();
    void resume();

    // The owner wants to hear nothing more and will drop this soon.
    void close();
    // The same, after what was sent has left (Stream::finish).
    void finish();
    [[nodiscard]] bool is_open() const { return open_; }

    [[nodiscard]] Stream& stream() { return stream_; }
    [[nodiscard]] const Stream& stream() const { return stream_; }

    // A frame was begun, and nothing has arrived for `limit`.
    [[nodiscard]] bool is_stuck(Time now, Duration limit) const;
    // When bytes last did: read from the clock after they had.
    [[nodiscard]] Time arrived() const { return last_bytes_; }
    // Bytes of the begun frame.
    [[nodiscard]] std::size_t begun_bytes() const { return reader_.memory_bytes(); }

private:
    void connected(Stream& stream) override;
    void received(Stream& stream, std::string_view bytes) override;
    void ended(Stream& stream, int error) override;

    void hand_out_frames();
    void hand_out_each();

    FrameLinkOwner& owner_;
    Stream stream_;
    FrameReader reader_;
    std::string unread_;  // arrived before a pause
    Time last_bytes_;
    bool paused_ = false;
    bool open_ = true;
};

}  // namespace grapevine
