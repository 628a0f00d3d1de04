#pragma once
// What a client can ask of a partition and what it is answered: the value types that the client
// core, replication and wire share.

#include <cstdint>
#include <string>

#include "base/hash.h"
#include "base/ids.h"

namespace grapevine {

// A client's connection to a node, numbered by the node's host, never reused.
using ConnectionId = Id<struct ConnectionIdTag>;

enum class OperationKind : std::uint8_t {
    get,
    put,  // of a key that never expires
    erase,
    run,    // a program (store/interpreter.h) that may change something: ordered, done once
    query,  // a program that changes nothing: read, as by get
};

// What changes nothing is neither ordered nor remembered.
constexpr bool is_read(OperationKind kind) {
    return kind == OperationKind::get || kind == OperationKind::query;
}
constexpr bool is_program(OperationKind kind) {
    return kind >= OperationKind::run;
}

enum class Condition : std::uint8_t {
    none,
    absent,   // put only; programs have no condition
    version,  // the key's version equals Request::expected
};

// One attempt of one operation; attempts of the same operation share (client, sequence).
struct Request {
    ClientId client;
    std::uint64_t sequence = 0;  // from 1, one for each operation of the handle, reads included
    std::uint64_t floor = 0;     // the oldest sequence of a write that the client has no answer for
                                 // (its own if there is none older); lower ones may be forgotten
    std::int64_t stamp_ms = -1;  // the partition's time as last told to the client; -1: none yet
    Epoch epoch;                 // the ring that the client routed by
    std::uint32_t deadline_ms = 0;  // what is left of the operation's deadline; nobody waits longer
    OperationKind kind = OperationKind::get;
    Condition condition = Condition::none;
    Version expected;
    std::int32_t slot = -1;  // of a program that names no key: whose partition it is about; -1: the
                             // key's
    std::string key;         // of a program: any of its keys, all are in one partition
    std::string value;       // put: the value; a program: its bytes
};

inline PartitionId partition_of(const Request& request, std::uint32_t partitions) {
    if (request.slot < 0) return partition_of_key(request.key, partitions);
    return partition_of_slot(static_cast<std::uint32_t>(request.slot), partitions);
}

enum class Status : std::uint8_t {
    ok,
    not_found,         // get of an absent key; erase of an absent key (ordered, remembered)
    condition_failed,  // nothing was changed; `version` is the present one, {0, 0} if absent
    // Refusals: nothing was executed by *this* attempt.
    not_primary,  // of this partition at `epoch`: fetch a ring and ask its primary
    no_lease,     // the primary has no lease now: ask again, or fetch a newer ring
    unavailable,  // no copy of the partition is up at `epoch`
    busy,         // too much is queued here: wait and ask again
    bad_stamp,    // stamp_ms was missing, in the future or too old; `stamp_ms` is fresh
    below_floor,  // the client said before that it had the answer
    too_large,    // key or value over the limit, or what a program does
    malformed,    // not a request that this version knows, or one about several partitions
    // Neither an answer nor a refusal: the operation may have been executed, but this node may no
    // longer vouch for it (its lease ended, or another primary takes over). Send it again.
    lapsed,
    // Refusals again.
    full,  // the primary has no memory for what the put or program would add
};

struct Reply {
    std::uint64_t sequence = 0;
    Status status = Status::ok;
    Version version;  // of the record that was read or written; of a program the one with
                      // which it was ordered, of a query the last one that it saw
    Epoch epoch;      // the ring of who answers
    std::int64_t stamp_ms = -1;  // the partition's time; -1: not told
    std::string value;           // get: the value; programs: what they answer
};

// True for answers that say what became of the operation.
constexpr bool is_answer(Status status) {
    return status <= Status::condition_failed;
}

}  // namespace grapevine
