#pragma once
// One question to one process, on a connection of its own: dial, ask, answer or time-out, hang up.
// For what is about a member rather than a key: its status, its ring, that it should stop.

#include <functional>
#include <string>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "client/messages.h"
#include "runtime/frame_link.h"
#include "runtime/loop.h"

namespace grapevine {

class Ask final : public FrameLinkOwner {
public:
    // Called once, in a later turn of the loop. Destroying the Ask before means never; it must not
    // be destroyed inside the call.
    using Answered = std::function<void(const Result<ServerMessage>&)>;

    Ask(Loop& loop, Address peer, const ClientMessage& question, Duration timeout,
        Answered answered);

    [[nodiscard]] bool is_over() const { return over_; }

private:
    void frame(FrameLink& frames, const Frame& frame) override;
    void garbled(FrameLink& frames, const std::string& why) override;
    void ended(FrameLink& frames, int error) override;
    void finish(const Result<ServerMessage>& answer);
    void after_polling();

    Answered answered_;
    Time deadline_;
    int dial_error_ = 0;
    bool over_ = false;
    Outbox outbox_;
    Turn turn_;
    FrameLink frames_;
};

}  // namespace grapevine
