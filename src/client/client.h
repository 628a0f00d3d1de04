#pragma once
// The client core: routing, retry and deadlines, pure. A host (runtime's libuv host, the simulator)
// moves its messages.
//
// An operation is sent to the primary of its key's partition by the newest ring that the client has
// seen. Refusals (not the primary, no lease, busy), ended links and silence lead to a newer ring,
// fetched by long poll from the seeds or any member, and to sending again under the *same* request
// id, until an answer comes or the operation's one deadline passes. A write whose attempt may have
// been executed ends as `unknown`, never as failed, unless an answer that was ordered says
// otherwise. Within one cluster no ring older than one seen is accepted; when the cluster id
// changes the handle ends: every later operation fails, and writes in flight are unknown. A ring of
// a cluster that this one was founded anew from changes nothing: whoever tells it was left behind,
// and is left alone as if its link had failed.
//
// Reads are retried freely. A primary that stays silent for `attempt_timeout`, to this operation
// and all others, is left for a newer ring; the operation is re-sent to the same primary only if
// the ring has not changed by then.
//
// Of unknown fate is an attempt whose link ended, whose answer has lapsed, or that was not
// answered, until its refusal comes after all. Not so a write's attempt without a partition stamp
// (stamp_ms = -1, the first that a handle sends to a partition): no server executes it
// (store/operation.h), it only asks for one. A write keeps its stamp as long as an attempt is of
// unknown fate, because a server recognises a request by its id only while the id is younger than
// the stamp's window: so the same request with a younger stamp might be executed twice. Its
// bad_stamp then ends it as `unknown`.
//
// A partition that is down by the newest ring makes operations `unavailable` as soon as any member
// has said, after the operation began, that there is no newer ring. Before a cluster's first
// storage member there is nothing to be had, and operations wait for it.
//
// One operation's completion comes exactly once. Order: operations on the same key from one handle
// that are in flight together may take effect in any order.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/ids.h"
#include "base/time.h"
#include "client/messages.h"
#include "ring/ring.h"
#include "store/operation.h"

namespace grapevine {

struct ClientConfig {
    std::vector<Address> seeds;        // coordinator or any members
    ClientId id;                       // drawn by the host, unique for all time
    Duration attempt_timeout = 250ms;  // silence of a primary before a newer ring is asked for
    Duration retry_pause_min = 5ms;    // after a refusal; doubled, jittered
    Duration retry_pause_max = 100ms;
    Duration poll_wait = 1s;                    // long poll for a newer ring
    std::size_t operations_max = 65536;         // in flight; more are refused with `overloaded`
    std::size_t bytes_max = 256 * 1024 * 1024;  // of keys and values in flight, likewise
};

struct Operation {
    OperationKind kind = OperationKind::get;
    Condition condition = Condition::none;
    Version expected;
    std::int32_t slot = -1;  // of a program that names no key; -1: the key's
    std::string key;         // of a program: any of its keys
    std::string value;       // put: the value; a program: its bytes
    Duration deadline = 5s;  // (0, deadline_max]
};

enum class OutcomeKind : std::uint8_t {
    ok,
    not_found,
    condition_failed,
    invalid,      // over a limit, or nonsense; nothing was sent or changed
    unavailable,  // no copy of the partition is up, or no ring or primary could be reached;
                  // nothing was changed
    unknown,      // a write was sent and its fate could not be learned in time
    overloaded,   // too many operations in flight; nothing was sent
    ended,  // the handle has ended (the cluster changed its id, or end()); nothing was changed
};

struct Outcome {
    OutcomeKind kind = OutcomeKind::ok;
    std::string value;  // get: the value; programs: what they answered
    Version version;    // of the record read or written (store/operation.h: of programs)
    NodeId server;      // who answered as primary; zero: nobody
    std::string server_name;
    std::string detail;  // for a person, where kind is not ok: what happened, what to do
    std::uint32_t attempts = 0;
    bool full = false;       // unavailable, because the primary has no memory for it
    bool restarted = false;  // not found, in a partition that restarted empty at some time: it may
                             // have been lost then
    bool busy = false;       // unavailable, because too much was under way there until the deadline
};

using OperationId = std::uint64_t;

struct Completion {
    OperationId id;
    Outcome outcome;
};

struct ClientEffects {
    std::vector<std::pair<Address, ClientMessage>> messages;  // the host connects as needed
    std::vector<Address> disconnects;                         // links that are of no use any more
    std::vector<Completion> completions;
    std::vector<std::string> notes;  // what --verbose tells: time-out, new epoch, re-send
    RingPtr new_ring;                // set when a newer ring was adopted in this batch
};

class Client {
public:
    Client(ClientConfig config, std::uint64_t seed);
    ~Client();
    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;

    // Its completion comes with a later take_effects(), also when it fails at once.
    OperationId submit(Time now, Operation operation);

    // Asks for the ring and keeps asking, so that ring() is or becomes set without an operation.
    // newer_than: wait for a ring newer than that.
    void want_ring(Time now, Epoch newer_than = Epoch{});

    void receive(Time now, Address from, ServerMessage message);
    // A part of a message has arrived from it: it is not silent, however long the whole takes.
    void partly_received(Time now, Address from);
    // The link could not be made, or ended; what was sent on it may or may not have arrived.
    void link_failed(Time now, Address peer);

    void tick(Time now);
    [[nodiscard]] ClientEffects take_effects();
    [[nodiscard]] Time next_deadline() const;

    [[nodiscard]] const RingPtr& ring() const;  // null: none yet
    [[nodiscard]] std::size_t in_flight() const;

    // The handle ends, for a reason in words, as it does when the cluster changes its id.
    void end(const std::string& why);

    // Aborts where the state contradicts itself. For tests and the simulator.
    void invariants() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace grapevine
