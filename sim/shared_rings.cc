#include "sim/shared_rings.h"

#include <algorithm>
#include <variant>

#include "base/assert.h"
#include "wire/wire.h"

namespace grapevine::sim {

namespace {

// Changes that name more members than this.
constexpr std::size_t long_change = 32;

template <class Item>
Item& keep(std::deque<Item>& items, Item item, std::size_t max) {
    items.push_front(std::move(item));
    if (items.size() > max) items.pop_back();
    return items.front();
}

Envelope sent_and_received(const Envelope& envelope, std::size_t& bytes) {
    const std::string frame = encode(envelope);
    bytes = frame.size();
    FrameReader reader;
    reader.feed(frame);
    const auto read = reader.next();
    ASSERT(read && *read, "a frame of {} bytes is not read back", bytes);
    Result<Envelope> received = decode_envelope((*read)->payload);
    ASSERT(received, "{}", received.error().message);
    return *std::move(received);
}

}  // namespace

SharedRings::Known& SharedRings::known(const RingPtr& ring) {
    for (Known& known : rings_) {
        if (known.ring == ring) return known;
    }
    const std::uint64_t number = digest(*ring);
    for (Known& known : rings_) {
        if (known.digest == number) return known;
    }
    return keep(rings_, Known{ring, number}, kept_max);
}

RingPtr SharedRings::intern(const RingPtr& ring) {
    return known(ring).ring;
}

std::uint64_t SharedRings::digest_of(const RingPtr& ring) {
    return known(ring).digest;
}

Result<MadeRing> SharedRings::make(const RingPtr& ring, const RingChange& change) {
    for (const Made& made : made_) {
        if (made.before == ring && *made.result.change == change) return made.result;
    }
    Result<MadeRing> result = make_ring(*ring, change);
    if (!result) return result;
    result->ring = intern(result->ring);
    keep(made_, Made{ring, *result}, kept_max);
    return result;
}

bool SharedRings::is_bulky(const PeerBody& body) {
    if (std::holds_alternative<RingAnswer>(body)) return true;
    const auto* decided = std::get_if<Decided>(&body);
    return decided != nullptr &&
           decided->change.joined.size() + decided->change.evicted.size() > long_change;
}

std::size_t SharedRings::size_of(const Envelope& envelope) {
    std::size_t bytes = 0;
    if (const auto* answer = std::get_if<RingAnswer>(&envelope.body)) {
        if (answer->ring == nullptr) return encode(envelope).size();
        Known& ring = known(answer->ring);
        if (ring.answer_bytes > 0) return ring.answer_bytes;
        const Envelope received = sent_and_received(envelope, bytes);
        const auto& copy = std::get<RingAnswer>(received.body).ring;
        ASSERT(copy != nullptr && digest(*copy) == ring.digest);
        return ring.answer_bytes = bytes;
    }
    const auto& decided = std::get<Decided>(envelope.body);
    const auto same = [&](const Made& made) {
        return made.result.digest == decided.digest && *made.result.change == decided.change;
    };
    const auto made = std::ranges::find_if(made_, same);
    if (made != made_.end() && made->decided_bytes > 0) return made->decided_bytes;
    const Envelope received = sent_and_received(envelope, bytes);
    ASSERT(std::get<Decided>(received.body).change == decided.change);
    if (made != made_.end()) made->decided_bytes = bytes;
    return bytes;
}

}  // namespace grapevine::sim
