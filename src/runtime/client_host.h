#pragma once
// The client for programs with a libuv loop: submit operations, hear their outcomes. Many can be
// under way; one connection per member, written to once per turn. Runs the Client core, which has
// the rules (client/client.h).
//
// A process that is a member itself may take the shortcut to it: what is meant for its address is
// handed over, and not sent.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/address.h"
#include "base/time.h"
#include "client/client.h"
#include "runtime/ask.h"
#include "runtime/frame_link.h"
#include "runtime/loop.h"

namespace grapevine {

class ClientHost final : public FrameLinkOwner {
public:
    using Done = std::function<void(Outcome&&)>;
    struct Events {
        std::function<void(const RingPtr&)> ring;      // a newer one was adopted
        std::function<void(const std::string&)> note;  // what --verbose tells
    };

    struct Shortcut {
        Address address;                               // the member that is here
        std::function<void(ClientMessage&&)> deliver;  // its answers come by receive()
    };

    // `seeds`: the coordinator or any members. An id of config is drawn here.
    ClientHost(Loop& loop, ClientConfig config, Events events = {}, Shortcut shortcut = {});

    // `done` is called once, in a later turn of the loop; it may submit more.
    void submit(Operation operation, Done done);
    // The ring is fetched without an operation; then events.ring is called.
    void want_ring(Epoch newer_than = Epoch{});

    // From the member at the end of the shortcut.
    void receive(ServerMessage message);
    // What a turn does, now: what was submitted leaves, and who waits hears of outcomes. Not from
    // within a call of `done`.
    void work();
    [[nodiscard]] bool has_work() const { return touched_; }

    // What is in flight ends in the next turn, and whatever is submitted from now on, too.
    void end(const std::string& why);

    [[nodiscard]] const RingPtr& ring() const { return client_.ring(); }
    [[nodiscard]] std::size_t in_flight() const { return done_.size(); }
    // Bytes that members have not taken yet: who submits much waits while this is large.
    [[nodiscard]] std::size_t queued_bytes() const;

private:
    void connected(FrameLink&) override {}
    void frame(FrameLink& frames, const Frame& frame) override;
    void frames_taken(FrameLink& frames) override;
    void garbled(FrameLink& frames, const std::string& why) override;
    void ended(FrameLink& frames, int error) override;

    void tick();
    void carry_out();
    void send(Address to, ClientMessage&& message);
    void forget(Address peer);
    void fail(Address peer, const std::string& why);
    void ask_who_refused(Address peer);
    void note(const std::string& text) const;
    [[nodiscard]] Address peer_of(const FrameLink& frames) const;

    Loop& loop_;
    Events events_;
    Shortcut shortcut_;
    Outbox outbox_;
    Turn turn_;
    Client client_;
    std::unordered_map<Address, std::unique_ptr<FrameLink>> links_;
    std::unordered_map<const FrameLink*, Address> peers_;
    std::unordered_map<OperationId, Done> done_;
    std::vector<Address> unreachable_;  // told to the core in the next turn
    std::unique_ptr<Ask> ask_;          // who refused us: which ring is it in?
    bool touched_ = false;
    bool looked_again_ = false;  // for what came while the thread was held up
    Graveyard<FrameLink> graveyard_;
};

}  // namespace grapevine
