#pragma once
// A Stream of frames: what arrives is cut into frames, messages are written as frames. Where its
// owner takes text, a stream that begins with another byte than frames do is handed out as it is.

#include <cstddef>
#include <cstdint>
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

    // The first bytes are those of no frame. True: what has arrived and all that follows comes by
    // text(), and instead of frames the owner hands out by next_text(), again and again, what it
    // made of it; false from there: there is no more now.
    virtual bool takes_text(FrameLink&) { return false; }
    virtual void text(FrameLink&, std::string_view) {}
    virtual bool next_text(FrameLink&) { return false; }

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
    // A whole frame, in bytes (encode()).
    void send_frame(std::string_view frame) {
        stream_.send([&](std::string& block) { block += frame; });
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
    [[nodiscard]] bool is_text() const { return kind_ == Kind::text; }

    [[nodiscard]] Stream& stream() { return stream_; }
    [[nodiscard]] const Stream& stream() const { return stream_; }

    // A frame was begun, and nothing has arrived for `limit`.
    [[nodiscard]] bool is_stuck(Time now, Duration limit) const;
    // When bytes last did: read from the clock after they had.
    [[nodiscard]] Time arrived() const { return last_bytes_; }
    // Of a frame a part has arrived.
    [[nodiscard]] bool is_within_frame() const { return reader_.buffered() > 0; }
    // Bytes of the begun frame.
    [[nodiscard]] std::size_t begun_bytes() const { return reader_.memory_bytes(); }

private:
    void connected(Stream& stream) override;
    void received(Stream& stream, std::string_view bytes) override;
    void ended(Stream& stream, int error) override;

    // What is known of a stream by its first byte.
    enum class Kind : std::uint8_t { unknown, frames, text };

    void hand_out();
    void hand_out_text();
    void hand_out_frames();

    FrameLinkOwner& owner_;
    Stream stream_;
    FrameReader reader_;
    std::string unread_;  // arrived before a pause
    Time last_bytes_;
    bool paused_ = false;
    bool open_ = true;
    Kind kind_ = Kind::unknown;
};

}  // namespace grapevine
