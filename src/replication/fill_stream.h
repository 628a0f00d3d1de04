#pragma once
// The primary's side of one fill session: sends the base, then committed state in chunks, a bounded
// number in flight, going back to the oldest unacknowledged one when a link was lost. Internal to
// replication/.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/time.h"
#include "replication/context.h"
#include "replication/messages.h"

namespace grapevine {

class FillStream {
public:
    FillStream(NodeId to, FillSession session) : to_(to), session_(session) {}

    [[nodiscard]] const FillSession& session() const { return session_; }
    // The fill has the base: operations above it may be sent.
    [[nodiscard]] bool started() const { return next_wanted_ > 0; }
    // Everything that was committed when the session began is there, or came by operations.
    [[nodiscard]] bool complete() const { return exhausted_ && window_.empty() && started(); }

    void send_base(Scope& scope);
    // Sends what the bounds allow. Only while the primary is active.
    void pump(Scope& scope);
    // True where this is news.
    bool acked(Scope& scope, std::uint32_t next);
    // What is in flight may be lost.
    void rewind(Scope& scope);
    [[nodiscard]] Time resend_at() const { return resend_at_; }

private:
    struct InFlight {
        std::uint32_t number;
        std::uint64_t cursor;  // where its scan began
        std::size_t bytes;
    };

    void land(Scope& scope, const InFlight& chunk);

    NodeId to_;
    FillSession session_;
    std::uint32_t next_wanted_ = 0;  // by the fill's last word
    std::uint32_t next_number_ = 1;  // of the chunk to be sent next; 0 is the base
    std::uint64_t cursor_ = 0;
    bool exhausted_ = false;  // the last chunk was sent
    std::deque<InFlight> window_;
    Time resend_at_ = Time::min();  // Time::min(): the base was not sent yet
};

}  // namespace grapevine
