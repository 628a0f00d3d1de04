#include "sim/client_host.h"

#include <fmt/format.h>

#include <utility>

#include "base/assert.h"
#include "sim/echoes.h"

namespace grapevine::sim {

ClientHost::ClientHost(Surroundings& surroundings, const ClientConfig& config, Address address,
                       std::uint64_t number, std::uint64_t seed)
    : Process(surroundings, address, fmt::format("client{}", number), seed),
      number_(number),
      id_(config.id),
      client_(config, rng().next()),
      outgoing_(surroundings.network, address, [] { return encode(Hello{}); }) {}

OperationId ClientHost::submit(Operation operation) {
    ASSERT(is_alive());
    const OperationId id = client_.submit(now(), std::move(operation));
    wake_at(now());
    return id;
}

void ClientHost::take(Arrival arrival) {
    const auto peer = outgoing_.peer_of(arrival.link);
    if (!peer) return;  // of a link that was hung up
    switch (arrival.kind) {
        case ArrivalKind::datagram:
        case ArrivalKind::opened:
            return;  // clients do not listen
        case ArrivalKind::up:
            readers_.insert_or_assign(*peer, FrameReader());
            return outgoing_.is_up(*peer);
        case ArrivalKind::bytes:
            return take_bytes(*peer, arrival.bytes);
        case ArrivalKind::refused:
        case ArrivalKind::timeout:
        case ArrivalKind::ended:
            outgoing_.forget(*peer);
            client_.link_failed(now(), *peer);
            return;
    }
}

void ClientHost::take_bytes(Address peer, const std::string& bytes) {
    FrameReader& reader = readers_.at(peer);
    reader.feed(bytes);
    for (;;) {
        const auto frame = reader.next();
        if (!frame) return give_up(peer);
        if (!*frame) return;
        Result<ServerMessage> message = decode_server_message((*frame)->payload);
        if (!message) return give_up(peer);
        client_.receive(now(), peer, *std::move(message));
    }
}

void ClientHost::give_up(Address peer) {
    ++bad_messages_;
    outgoing_.hang_up(peer);
    client_.link_failed(now(), peer);
}

void ClientHost::carry_out() {
    ClientEffects effects = client_.take_effects();
    for (const auto& [to, message] : effects.messages) {
        append_frame(outgoing_.frames_to(to), message);
    }
    outgoing_.flush(
        [this](Address peer, const std::string& frames) { around().echoes.sent(peer, frames); });
    for (const Address peer : effects.disconnects) outgoing_.hang_up(peer);
    notes_.insert(notes_.end(), effects.notes.begin(), effects.notes.end());
    client_.invariants();
    for (const Completion& completion : effects.completions) {
        if (on_completion_) on_completion_(completion);
    }
}

void ClientHost::died() {
    outgoing_.clear();
    readers_.clear();
    if (on_death_) on_death_();
}

}  // namespace grapevine::sim
