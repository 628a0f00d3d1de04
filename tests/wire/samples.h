#pragma once
// Messages with random contents in every field, all well-formed.

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/hash.h"
#include "base/rng.h"
#include "wire/fields.h"

namespace grapevine {

class Samples {
public:
    explicit Samples(std::uint64_t seed) : rng_(seed) {}

    template <class Message>
    Message make() {
        Message message;
        fill(message);
        return message;
    }

    // An envelope around a body, with all of its own fields.
    Envelope envelope(PeerBody body);
    // Each alternative once, in order.
    std::vector<Envelope> envelopes() { return each<Envelope>(PeerBody{}); }
    std::vector<ClientMessage> client_messages() { return each<ClientMessage>(ClientMessage{}); }
    std::vector<ServerMessage> server_messages() { return each<ServerMessage>(ServerMessage{}); }

    // A ring of that many storage members without defects, some of them down, in `partitions`.
    Ring ring(std::size_t storage, std::uint32_t partitions);

    std::string bytes(std::size_t size_max);
    Rng& rng() { return rng_; }

private:
    template <class Out, class... Body>
    std::vector<Out> each(const std::variant<Body...>&) {
        if constexpr (std::is_same_v<Out, Envelope>)
            return {envelope(make<Body>())...};
        else
            return {Out{make<Body>()}...};
    }

    template <class T>
    void fill(T& value) {
        if constexpr (std::is_same_v<T, bool>) {
            value = rng_.chance(1, 2);
        } else if constexpr (std::is_enum_v<T>) {
            value = static_cast<T>(rng_.below(static_cast<std::uint64_t>(last(T{})) + 1));
        } else if constexpr (std::is_signed_v<T>) {
            value = static_cast<T>(rng_.below(std::uint64_t{1} << 50));
        } else if constexpr (std::is_integral_v<T>) {
            value = static_cast<T>(rng_.next());
        } else {
            std::apply([&](auto&... field) { (fill(field), ...); }, fields(value));
            fit(value);
        }
    }
    template <class Tag, class Rep>
    void fill(Id<Tag, Rep>& id) {
        id.value = static_cast<Rep>(rng_.next() | 1);
    }
    template <class T>
    void fill(std::vector<T>& list) {
        list.resize(rng_.below(5));
        for (T& item : list) fill(item);
    }
    template <class T, std::uint32_t in_place>
    void fill(ShortList<T, in_place>& list) {
        std::vector<T> items;
        fill(items);
        list = ShortList<T, in_place>(items);
    }
    template <class T>
    void fill(std::optional<T>& value) {
        value.reset();
        if (rng_.chance(2, 3)) fill(value.emplace());
    }
    template <class... T>
    void fill(std::variant<T...>& value) {
        const std::size_t chosen = rng_.below(sizeof...(T));
        std::size_t index = 0;
        ((index++ == chosen ? fill(value.template emplace<T>()) : void()), ...);
    }
    template <class T>
    void fill(Rare<T>& value) {
        value = {};
        if (rng_.chance(1, 2)) fill(value.edit());
    }
    void fill(PartitionId& id) { id.value = static_cast<std::uint32_t>(rng_.below(slot_count)); }
    void fill(std::string& text) { text = bytes(40); }
    void fill(RingPtr& ring);
    void fill(OpPtr& op);

    // What binds the fields of one struct to each other.
    template <class T>
    void fit(T&) {}
    void fit(Address& address) { address.port |= 1; }
    void fit(Member& member) { member = plain_member(member); }
    void fit(Promise& message);
    void fit(Accept& message) { message.change.epoch = message.epoch; }
    void fit(Change& change);
    void fit(Op& op);
    void fit(Replicate& message);
    void fit(Gathered::Part& part);
    void fit(FillChunk& chunk);
    void fit(FillAck& ack);
    void fit(Request& request);
    void fit(Founding& founding);
    void fit(RingEvent& event) {
        event.ago_ms >>= 16;
        if (event.last_epoch <= event.epoch) event.last_epoch = {};
    }

    static Liveness last(Liveness) { return Liveness::dead; }
    static Evidence last(Evidence) { return Evidence::gone; }
    static Role last(Role) { return Role::coordinator; }
    static MemberState last(MemberState) { return MemberState::down; }
    static OpKind last(OpKind) { return OpKind::batch; }
    static OperationKind last(OperationKind) { return OperationKind::query; }
    static Condition last(Condition) { return Condition::version; }
    static Status last(Status) { return Status::full; }
    static RingCause last(RingCause) { return RingCause::copies; }
    static Speaker last(Speaker) { return Speaker::client; }

    Member plain_member(Member member);
    NodeList some_of(std::vector<NodeId> ids, std::size_t max);
    Entry entry(const std::vector<NodeId>& up, const std::vector<NodeId>& down);

    Rng rng_;
};

}  // namespace grapevine
