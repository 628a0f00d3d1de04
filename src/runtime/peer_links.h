#pragma once
// The links that a member dials, one per peer. A link is directed: only the dialer sends on it,
// beginning with its Hello; what can come back is a Refusal.
//
// Messages wait in the link's bounded queue while it is dialed. A link that fails, or whose peer
// takes nothing more in, is dropped with what it held, and its owner is told how: the messages of a
// live link are in order and without gaps.

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

#include "base/address.h"
#include "base/time.h"
#include "node/node.h"
#include "runtime/frame_link.h"
#include "runtime/logger.h"

namespace grapevine {

struct PeerLinkLimits {
    std::size_t dialing_bytes = 8 * 1024 * 1024;  // held while the link is not up
    // Held for a peer that is up and does not read. Above what a burst of backfill and writes of
    // many partitions queues within the time in which a silent member is evicted.
    std::size_t queued_bytes = 256 * 1024 * 1024;
    Duration dial = 1s;
};

class PeerLinks final : public FrameLinkOwner {
public:
    // What happened to a link; called from inside the loop's callbacks and check_limits().
    struct Events {
        std::function<void(Address)> up;
        std::function<void(Address, LinkEnd)> down;
    };

    PeerLinks(Loop& loop, Outbox& outbox, Logger& log, Events events, PeerLinkLimits limits = {});

    // How the links that are dialed from now on introduce this member.
    void set_hello(const Hello& hello) { hello_ = hello; }

    void send(Time now, Address peer, const Envelope& envelope);
    void dial(Time now, Address peer);
    void hang_up(Address peer);

    // Once per turn: gives up dials that take too long and links whose queue is over its bound,
    // and frees what was dropped.
    void check_limits(Time now);

    [[nodiscard]] std::size_t queued(Address peer) const;

private:
    struct Link {
        std::unique_ptr<FrameLink> frames;
        Time dialed_at;
    };

    void connected(FrameLink& frames) override;
    void frame(FrameLink& frames, const Frame& frame) override;
    void garbled(FrameLink& frames, const std::string& why) override;
    void ended(FrameLink& frames, int error) override;

    Link& link_to(Time now, Address peer);
    void drop(Address peer, LinkEnd how);
    [[nodiscard]] Address peer_of(const FrameLink& frames) const;

    Loop& loop_;
    Outbox& outbox_;
    Logger& log_;
    Events events_;
    PeerLinkLimits limits_;
    Hello hello_;
    std::unordered_map<Address, Link> links_;
    std::unordered_map<const FrameLink*, Address> peers_;
    bool is_busy_ = false;  // there may be a link that is not connected or has bytes queued
    std::map<Address, Time> garbled_;               // who sent no frames, and when that was said
    std::unordered_map<Address, int> unreachable_;  // libuv's error, told in check_limits()
    Graveyard<FrameLink> graveyard_;
};

}  // namespace grapevine
