#include "sim/outgoing.h"

#include <utility>

namespace grapevine::sim {

OutgoingLinks::OutgoingLinks(Network& network, Address self, std::function<std::string()> hello)
    : network_(network), self_(self), hello_(std::move(hello)) {}

void OutgoingLinks::dial(Address peer) {
    if (links_.contains(peer)) return;
    links_[peer] = {network_.dial(self_, peer), false, hello_(), {}};
}

std::string& OutgoingLinks::frames_to(Address peer) {
    dial(peer);
    to_flush_.insert(peer);
    return links_.at(peer).waiting;
}

void OutgoingLinks::flush(const OnSend& told) {
    for (const Address peer : std::exchange(to_flush_, {})) {
        const auto found = links_.find(peer);
        if (found == links_.end() || !found->second.up) continue;
        Link& link = found->second;
        if (!link.hello.empty()) network_.send(link.id, self_, std::exchange(link.hello, {}));
        if (link.waiting.empty()) continue;
        if (told) told(peer, link.waiting);
        network_.send(link.id, self_, std::exchange(link.waiting, {}));
    }
}

void OutgoingLinks::hang_up(Address peer) {
    const auto found = links_.find(peer);
    if (found == links_.end()) return;
    network_.close(found->second.id, self_);
    links_.erase(found);
}

std::optional<Address> OutgoingLinks::peer_of(LinkId link) const {
    for (const auto& [peer, known] : links_) {
        if (known.id == link) return peer;
    }
    return std::nullopt;
}

void OutgoingLinks::is_up(Address peer) {
    links_.at(peer).up = true;
    to_flush_.insert(peer);
}

}  // namespace grapevine::sim
