#include "runtime/peer_links.h"

#include <utility>
#include <vector>

#include "base/assert.h"
#include "runtime/clock.h"

namespace grapevine {

PeerLinks::PeerLinks(Loop& loop, Outbox& outbox, Logger& log, Events events, PeerLinkLimits limits)
    : loop_(loop), outbox_(outbox), log_(log), events_(std::move(events)), limits_(limits) {}

void PeerLinks::send(Time now, Address peer, const Envelope& envelope) {
    link_to(now, peer).frames->send(envelope);
}

void PeerLinks::dial(Time now, Address peer) {
    link_to(now, peer);
}

void PeerLinks::hang_up(Address peer) {
    const auto found = links_.find(peer);
    if (found == links_.end()) return;
    found->second.frames->close();
    peers_.erase(found->second.frames.get());
    graveyard_.push_back(std::move(found->second.frames));
    links_.erase(found);
}

void PeerLinks::check_limits(Time now) {
    graveyard_.clear();
    if (!is_busy_) return;
    std::vector<std::pair<Address, LinkEnd>> failed;
    is_busy_ = false;
    for (const auto& [peer, link] : links_) {
        const Stream& stream = link.frames->stream();
        is_busy_ = is_busy_ || !stream.is_connected() || stream.queued() > 0;
        const std::size_t bound =
            stream.is_connected() ? limits_.queued_bytes : limits_.dialing_bytes;
        if (stream.queued() > bound) {
            log_.log(LogLevel::warning, "{} takes nothing in: hung up with {} bytes queued", peer,
                     stream.queued());
            failed.emplace_back(peer, stream.is_connected() ? LinkEnd::ended : LinkEnd::timeout);
        } else if (!stream.is_connected() && now - link.dialed_at > limits_.dial) {
            failed.emplace_back(peer, LinkEnd::timeout);
        }
    }
    for (const auto& [peer, error] : std::exchange(unreachable_, {})) {
        log_.log(LogLevel::debug, "cannot dial {}: {}", peer, uv_strerror(error));
        failed.emplace_back(peer, LinkEnd::timeout);
    }
    for (const auto& [peer, how] : failed) drop(peer, how);
    graveyard_.clear();
}

std::size_t PeerLinks::queued(Address peer) const {
    const auto found = links_.find(peer);
    return found == links_.end() ? 0 : found->second.frames->stream().queued();
}

PeerLinks::Link& PeerLinks::link_to(Time now, Address peer) {
    is_busy_ = true;
    const auto found = links_.find(peer);
    if (found != links_.end()) return found->second;
    Link& link = links_[peer];
    link.frames = std::make_unique<FrameLink>(loop_, outbox_, *this);
    link.dialed_at = now;
    peers_[link.frames.get()] = peer;
    link.frames->send(hello_);
    // Told later: the Node is not called back while it hands out what to do.
    if (const int error = link.frames->stream().dial(peer); error != 0) unreachable_[peer] = error;
    return link;
}

void PeerLinks::drop(Address peer, LinkEnd how) {
    hang_up(peer);
    events_.down(peer, how);
}

Address PeerLinks::peer_of(const FrameLink& frames) const {
    const auto found = peers_.find(&frames);
    ASSERT(found != peers_.end());
    return found->second;
}

void PeerLinks::connected(FrameLink& frames) {
    events_.up(peer_of(frames));
}

void PeerLinks::frame(FrameLink& frames, const Frame& frame) {
    const Address peer = peer_of(frames);
    if (frame.kind == FrameKind::refusal) {
        const auto refusal = decode_refusal(frame.payload);
        log_.log(LogLevel::warning, "{} refuses this member: {}", peer,
                 refusal ? refusal->message : refusal.error().message);
    } else {
        log_.log(LogLevel::warning, "{} answers on a one-way link: hung up", peer);
    }
    drop(peer, LinkEnd::ended);
}

void PeerLinks::garbled(FrameLink& frames, const std::string& why) {
    const Address peer = peer_of(frames);
    // It is dialed again, ten times a second where it is a seed.
    constexpr Duration said_for = 60s;
    const Time now = boot_time();
    std::erase_if(garbled_, [&](const auto& each) { return now >= each.second + said_for; });
    const bool is_new = garbled_.try_emplace(peer, now).second;
    log_.log(is_new ? LogLevel::warning : LogLevel::debug, "{} sends no frames ({}): hung up", peer,
             why);
    drop(peer, LinkEnd::ended);
}

void PeerLinks::ended(FrameLink& frames, int error) {
    const Address peer = peer_of(frames);
    const LinkEnd how = frames.stream().is_connected() ? LinkEnd::ended
                        : error == UV_ECONNREFUSED     ? LinkEnd::refused
                                                       : LinkEnd::timeout;
    log_.log(LogLevel::debug, "link to {} ends: {}", peer, uv_strerror(error));
    drop(peer, how);
}

}  // namespace grapevine
