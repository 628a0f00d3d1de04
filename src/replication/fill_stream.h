#pragma once
// The primary's side of one fill session: sends the base, then committed state in chunks, a bounded
// number in flight, going back to what is acknowledged when a link was lost. As long as the fill
// has records from before the session, one chunk at a time says what there is, without the values,
// and the next one has what the fill lacks of it. Internal to replication/.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "replication/context.h"
#include "replication/messages.h"

namespace grapevine {

class FillStream {
public:
    FillStream(NodeId to, FillSession session) : to_(to), session_(session) {}

    [[nodiscard]] const FillSession& session() const { return session_; }
    // The fill has the base: operations above it may be sent.
    [[nodiscard]] bool started() const { return wanted_ > fill_base; }
    // Everything that was committed when the session began is there, or came by operations.
    [[nodiscard]] bool complete() const { return wanted_ == fill_end; }
    // About: keys come and go meanwhile.
    [[nodiscard]] std::size_t keys_left(const Scope& scope) const;

    void send_base(Scope& scope);
    // Sends what the bounds allow. Only while the primary is active.
    void pump(Scope& scope);
    // True where this is news.
    bool acked(Scope& scope, const FillAck& ack);
    // What is in flight is lost: its link ended.
    void rewind(Scope& scope);
    // It may be lost: nothing was acknowledged for too long.
    void resend(Scope& scope);
    [[nodiscard]] Time resend_at() const { return resend_at_; }

private:
    struct InFlight {
        FillPosition to;
        std::size_t bytes;
        std::size_t keys;
        Time sent_at;
    };

    // What the fill said that it lacks of [wanted_, to).
    struct Lacking {
        FillPosition to;
        std::vector<std::string> keys;
        std::size_t keys_in_range;
    };

    // True: it waits, and is woken when its time has come. `moves`: no copy is missing.
    [[nodiscard]] bool must_wait(Scope& scope, bool moves) const;
    struct Piece {
        FillChunk chunk;
        std::size_t keys = 0;        // that lie in its range
        std::size_t bytes_read = 0;  // of their records here, also where only versions are sent
    };
    [[nodiscard]] Piece next_piece(const Scope& scope) const;  // from sent_ on
    [[nodiscard]] std::optional<Piece> lacking_piece(const Scope& scope) const;
    void send(Scope& scope, Piece piece);
    void land_base(Scope& scope);
    void land_window(Scope& scope);
    void land(Scope& scope, const InFlight& chunk);
    void measure(Scope& scope, const InFlight& chunk) const;
    [[nodiscard]] Time patience_from(const Scope& scope) const;

    NodeId to_;
    FillSession session_;
    FillPosition wanted_ = fill_base;  // by the fill's last word
    FillPosition sent_ = fill_items;   // everything before was sent, the base by itself
    std::deque<InFlight> window_;      // ascending, all of it above wanted_
    bool comparing_ = false;           // by the fill's last word
    std::optional<Lacking> lacking_;   // not sent yet
    // What is beyond was never sent again, so it is clear which sending an acknowledgement is of.
    FillPosition measured_from_ = fill_base;
    std::size_t keys_there_ = 0;    // acknowledged
    std::size_t base_bytes_ = 0;    // of the base under way; 0: none is
    std::uint32_t resends_ = 0;     // in a row
    Time resend_at_ = Time::min();  // Time::min(): the base was not sent yet
};

}  // namespace grapevine
