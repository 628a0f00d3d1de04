#pragma once
// What the holders of a partition say to each other. Everything about data carries (partition,
// since): a receiver that knows a later `since` refuses with its ring, one that sees a later one
// fetches the ring first. Batched per peer and turn of the loop.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/rare.h"
#include "base/recycler.h"
#include "store/operation.h"

namespace grapevine {

// What an operation was answered: remembered by every replica with its request id.
struct Answer {
    Status status = Status::ok;
    Version version;
    bool operator==(const Answer&) const = default;
};

enum class OpKind : std::uint8_t {
    put,
    erase,
    none,   // changes no key: a refused condition to be remembered, or partition time alone
    batch,  // changes several, at once
};

// What an operation does to one key: `kind` is put or erase.
struct Change {
    OpKind kind = OpKind::put;
    std::string key;
    std::string value;
    std::int64_t expires_ms = 0;  // put: unix time, by the primary's clock; 0: never
    bool operator==(const Change&) const = default;
};
struct ChangeView {
    OpKind kind = OpKind::put;
    std::string_view key;
    std::string_view value;
    std::int64_t expires_ms = 0;
};

// What few operations have.
struct OpMore {
    std::int64_t expires_ms = 0;  // put: of its key
    std::vector<Change> changes;  // batch: each of another key
    std::string reply;            // what a program answered
    bool operator==(const OpMore&) const = default;
};

// One ordered operation of a partition, as its primary decided it: replicas execute, never judge.
struct Op {
    Version version;  // counters are gapless within a partition
    OpKind kind = OpKind::none;
    std::int64_t stamp_ms = 0;  // partition time when it was ordered
    ClientId client;            // zero: of no client
    std::uint64_t sequence = 0;
    std::uint64_t floor = 0;
    Answer answer;
    std::string key;
    std::string value;
    Rare<OpMore> more;
    bool operator==(const Op&) const = default;
};

// Calls visit(ChangeView) for each key that the operation changes.
template <class Visit>
void for_each_change(const Op& op, const Visit& visit) {
    if (op.kind == OpKind::put || op.kind == OpKind::erase) {
        visit(ChangeView{op.kind, op.key, op.value, op.more ? op.more->expires_ms : 0});
    } else if (op.kind == OpKind::batch) {
        for (const Change& change : op.more->changes) {
            visit(ChangeView{change.kind, change.key, change.value, change.expires_ms});
        }
    }
}

// Ordered operations do not change: the log and the messages to all backups share each.
using OpPtr = std::shared_ptr<const Op>;
inline OpPtr make_op(Op&& op) {
    return std::allocate_shared<const Op>(Recycler<Op>{}, std::move(op));
}

// Where a message belongs.
struct EntryRef {
    PartitionId partition;
    Epoch since;
    auto operator<=>(const EntryRef&) const = default;
};

// What writes take, of many partitions at once and in both roles.
struct Replicate {
    // Primary to the rest of the write set: operations that follow the one with counter `previous`,
    // and the commit watermark (all up to it are on every member of the write set). Without
    // operations: the watermark alone, or a question what the receiver holds.
    struct Part {
        EntryRef entry;
        std::uint64_t previous = 0;
        std::uint64_t watermark = 0;
        std::uint32_t count = 0;  // of its operations: they follow in `ops` those of earlier parts
    };
    // To a primary. `held`: the highest counter up to which the sender holds all, under `entry`.
    // Cumulative.
    struct Ack {
        EntryRef entry;
        std::uint64_t held = 0;
        bool gap = false;   // something between `held` and the batch is missing: send from held + 1
        bool full = false;  // the sender has no memory left: what adds is not to be ordered
    };
    std::vector<Ack> acks;
    std::vector<Part> parts;
    std::vector<OpPtr> ops;  // of all parts; none is null
};

// One part of a Replicate with its operations.
struct Replicated {
    EntryRef entry;
    std::uint64_t previous = 0;
    std::uint64_t watermark = 0;
    std::span<const OpPtr> ops;
};

// A new primary asks every other up copy for its unfinished operations (activation, step 1).
struct Gather {
    std::vector<EntryRef> entries;
};

struct Gathered {
    struct Part {
        EntryRef entry;
        std::uint64_t watermark = 0;
        std::vector<OpPtr> unfinished;  // above the watermark, ascending; none is null
        // The sender was the primary of the entry that this one replaced, saw every ring up to
        // `since`, and was active (or had waited out its predecessor's lease): it serves no more.
        bool stepped_down = false;
    };
    std::vector<Part> parts;
};

// Names a fill session; any difference on either side restarts the fill.
struct FillSession {
    Epoch tenure;  // of the entry: a new primary, a new session
    Epoch opened;  // of the fill
    auto operator<=>(const FillSession&) const = default;
};

// What a replica remembers of one client.
struct ClientMemory {
    struct Remembered {
        std::uint64_t sequence = 0;
        Answer answer;
        std::string reply;  // a program's
        bool operator==(const Remembered&) const = default;
    };
    ClientId client;
    std::uint64_t floor = 0;
    std::int64_t stamp_ms = 0;  // of its last operation
    std::vector<Remembered> answers;
    bool operator==(const ClientMemory&) const = default;
};

struct FillItem {
    Version version;
    std::string key;
    std::string value;
    std::int64_t expires_ms = 0;  // as in Change
};

// How far a fill is. Every partition is a line of positions, the same for all sessions of one
// primary: 0 is the base, then come its store's cursors. A position is acknowledged when everything
// before it has arrived.
using FillPosition = std::uint64_t;
inline constexpr FillPosition fill_base = 0;
inline constexpr FillPosition fill_items = 1;  // the store's beginning
inline constexpr FillPosition fill_end = ~FillPosition{0};

// Committed state from a primary to a fill: all that lies in [from, to) when it is read, or, where
// `compare`, only its keys and versions: the fill says which of it it lacks, and is sent these as
// the chunk of the same range. What is sent again is read again, and by then another number of
// bytes lies in another range: that is why chunks name their range, not their number. The chunk
// from fill_base to fill_items is the base: the watermark at which the session began and the ids
// remembered at it, no items; operations above it come by Replicate. It is sent as soon as the
// unfinished operations are gathered, since the fill has to acknowledge their re-sending; items
// follow once the primary is active.
struct FillChunk {
    EntryRef entry;
    FillSession session;
    FillPosition from = fill_base;
    FillPosition to = fill_items;
    Version base;  // the base: version of the op at the watermark
    std::int64_t base_stamp_ms = 0;
    std::vector<ClientMemory> clients;  // the base
    bool compare = false;               // the items are without their values
    std::vector<FillItem> items;
};

// `next`: the position that is wanted next; cumulative, the window moves with it.
struct FillAck {
    EntryRef entry;
    FillSession session;
    FillPosition next = fill_base;
    // It has records from before the session, of which it does not know whether they are up to
    // date: comparing them is cheaper than copying.
    bool compares = false;
    // Keys that it lacks in the version that a comparing chunk named; all others that lie in
    // [next, lacks_to) by that chunk it has.
    FillPosition lacks_to = fill_base;
    std::vector<std::string> lacks;
};

using ReplicationMessage = std::variant<Replicate, Gather, Gathered, FillChunk, FillAck>;

}  // namespace grapevine
