#pragma once
// Runs one Node on a loop: sockets in, effects out, in the order that node/node.h asks for.
//
// One turn: whatever the sockets hold is handed to the Node as it is read; when all were read, the
// Node is ticked if something is due, its effects are carried out, and everything that was queued
// is written, one write per connection. Clients that speak Redis's protocol (runtime/redis_front.h)
// are served where that is asked for.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "node/node.h"
#include "runtime/background.h"
#include "runtime/endpoint.h"
#include "runtime/inbound.h"
#include "runtime/logger.h"
#include "runtime/loop.h"
#include "runtime/peer_links.h"
#include "runtime/redis_front.h"

namespace grapevine {

class NodeHost final : private EndpointOwner {
public:
    struct Events {
        std::function<void(const RingPtr&)> ring;  // a newer one was adopted
        std::function<void()> stop;                // a client asked this process to end
        std::function<void()> left{};              // NodeEffects::left; a coordinator never leaves
        // NodeEffects::occupied_by.
        std::function<void(Address)> occupied;
        // NodeEffects::name_held_by; may be left out: it goes on asking.
        std::function<void(const Member&)> name_held{};
        // NodeEffects::persist; may be left out where no state outlives the process. False: it
        // could not be saved, and nothing is sent any more.
        std::function<bool(const SavedState&)> save{};
    };

    // How Redis clients are served.
    struct Redis {
        resp::Redirect redirect = resp::Redirect::automatic;
        bool advertise_replicas = false;
        std::string version;  // of this program, for INFO
    };

    // config.self.address is the endpoint's, or what others reach it by (--advertise). redis: of a
    // storage node; none: text is refused.
    NodeHost(Loop& loop, std::unique_ptr<Endpoint> endpoint, const NodeConfig& config, Store* store,
             Logger& log, Events events, const std::optional<Redis>& redis = {});

    [[nodiscard]] const Node& node() const { return node_; }
    // Node::leave().
    void leave();

private:
    void datagram(std::string_view bytes, Address from) override;
    void drop_datagram(Address from, const std::string& why);
    void incoming(uv_stream_t* listener) override;

    [[nodiscard]] PeerLinks::Events peer_events();
    [[nodiscard]] Inbound::Events inbound_events(bool takes_text);
    [[nodiscard]] ClusterId cluster() const;
    [[nodiscard]] const Ancestors& ancestors() const;  // of that cluster
    [[nodiscard]] Hello hello() const;

    // For the Node, to which time never runs back.
    Time now();
    // Without looking at the clock again: what has arrived then may be handed in.
    Time now_or(Time arrived);
    void after_polling();
    void carry_out();
    void place(PlacementTask task);
    void answer_requests();
    void answer(Time now, NodeEffects::ToClient&& reply);
    void tell(ConnectionId connection, ServerMessage&& message, bool is_of_read = false);
    void open_redis(Loop& loop, const Redis& redis);
    [[nodiscard]] resp::Facts redis_facts() const;
    void look_at_ring();
    void say_that_seeds_are_silent();

    Logger& log_;
    Events events_;
    std::string seeds_;             // for people; empty: founding
    std::optional<Alarm> silence_;  // while no seed has answered
    Outbox outbox_;
    Turn turn_;
    Background background_;
    std::unique_ptr<Endpoint> endpoint_;
    Node node_;
    PeerLinks peers_;
    std::unique_ptr<RedisFront> redis_;  // null: Redis clients are not served
    Inbound inbound_;                    // some of its connections are redis_'s
    const Store* store_;
    std::string version_;  // told to Redis clients
    Time started_;
    std::uint64_t rss_at_start_;       // bytes, of this process
    RingPtr ring_;                     // the last that events_.ring was told
    Time now_ = Time::min();           // the Node was told last
    bool is_mute_ = false;             // something could not be saved
    bool touched_ = true;              // the Node was given something since its effects were taken
    std::size_t ticks_put_off_ = 0;    // in a row
    std::uint64_t datagrams_bad_ = 0;  // that did not decode, or are of another cluster
    Time datagrams_bad_said_ = Time::min();
};

}  // namespace grapevine
