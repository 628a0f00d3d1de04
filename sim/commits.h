#pragma once
// Watches every operation that becomes committed at any holder, and every write that is answered.
// Each rule in one line:
// - an order is one: all holders of a partition commit the same operation under the same counter;
// - nothing is committed before what is in front of it: the first commits have no gaps;
// - a request has at most one effect: the same (client, sequence) never gets two versions;
// - only what is committed is acknowledged;
// - what nobody asked for erases only what expires, and nothing is read when its time has come.
// Where a loss is accepted, the order begins anew: what was ordered in earlier rings counts for
// nothing, though a holder that has not heard of it may commit and acknowledge some more.
// Where a cluster is founded anew from ring e, the order goes on after what was committed under
// entries that ring e has (their `since` is e or before): that is on each of their copies. What was
// committed later, under entries that no survivor has heard of, may be lost with its answers.
// From these operations it makes the contents that every complete copy has to have.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/ids.h"
#include "replication/messages.h"
#include "sim/defect.h"
#include "store/operation.h"

namespace grapevine::sim {

class Commits {
public:
    explicit Commits(Defect& defect) : defect_(defect) {}

    // Who holds a partition, and by which entry.
    struct Holder {
        std::string name;
        ClusterId cluster{};
        Epoch since{};              // of the entry
        bool executes_own = false;  // a command of its own process (NodeHost::execute)
    };

    void committed(const Holder& holder, PartitionId partition, const Op& op);
    // What a node executed at once it is about to tell.
    void tells(const Holder& holder, PartitionId partition, Version version);
    // The partition restarts empty in ring `epoch`.
    void restarted(PartitionId partition, Epoch epoch);
    // A cluster is founded anew from ring `from` of `parent`, and keeps copies of the partition.
    void founded(PartitionId partition, ClusterId parent, Epoch from);
    // A node is about to answer a client.
    void answers(const Holder& holder, PartitionId partition, const Request& request,
                 const Reply& reply);

    // A node is about to answer a read that it was asked at this time by its wall clock, which was
    // not set back since.
    void reads(const std::string& holder, PartitionId partition, const Request& request,
               const Reply& reply, std::int64_t unix_ms);

    // The highest counter of an acknowledged write; 0: none.
    [[nodiscard]] std::uint64_t acknowledged(PartitionId partition) const;
    [[nodiscard]] std::uint64_t count(PartitionId partition) const;

    struct Value {
        Version version;
        std::uint64_t digest = 0;  // of the value
        std::int64_t expires_ms = 0;
        bool operator==(const Value&) const = default;
    };
    using Contents = std::map<std::string, Value>;
    // What all committed operations make.
    [[nodiscard]] const Contents& contents(PartitionId partition) const;

private:
    struct RequestId {
        ClientId client;
        std::uint64_t sequence = 0;
        bool operator==(const RequestId&) const = default;
    };
    struct Committed {
        Epoch epoch;
        std::uint64_t digest = 0;
        Epoch since;        // of the entry under which it was committed first
        RequestId request;  // zero: nobody's
        // What it changed, as it was before; nothing: the key was not there.
        std::vector<std::pair<std::string, std::optional<Value>>> before;
    };
    struct Line {
        std::vector<Committed> operations;  // by counter, from 1
        std::uint64_t acknowledged = 0;
        Contents contents;
        // When what was written with a version expires, by key.
        std::map<Version, std::map<std::string, std::int64_t>> expire;
        Epoch restarted;               // zero: it never was
        std::unique_ptr<Line> before;  // what was given up then
    };
    struct RequestIdHash {
        std::size_t operator()(const RequestId& id) const noexcept {
            return id.client.value ^ (id.sequence * 0x9e3779b97f4a7c15ULL);
        }
    };
    struct Place {
        PartitionId partition;
        Version version;
        bool operator==(const Place&) const = default;
    };

    Line& line(PartitionId partition);
    void first_commit(const Holder& holder, PartitionId partition, const Op& op);
    void undo_last(PartitionId partition);
    // The request took effect there.
    void note_request(const std::string& holder, const Op& op, const Place& place);
    [[nodiscard]] bool is_given_up(const Place& place) const;
    // By an entry that the survivors of its cluster have not heard of.
    [[nodiscard]] bool is_unheard_of(const Holder& holder) const;

    Defect& defect_;
    std::map<ClusterId, Epoch> founded_from_;  // by parent: the ring
    std::vector<Line> lines_;
    std::unordered_map<RequestId, Place, RequestIdHash> requests_;
};

}  // namespace grapevine::sim
