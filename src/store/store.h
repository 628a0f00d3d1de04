#pragma once
// Where a node keeps the committed contents of its partitions. One interface, engines behind it:
// MemoryStore (store/memory_store.h) now, a durable one later.
//
// An engine knows keys, values, versions and when keys are to expire, nothing of replication: it
// does what it is told, in order, and knows no time: a record whose time has come is there until it
// is erased. One owner, no threads. Views returned are valid until the next call that changes the
// partition.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/ids.h"

namespace grapevine {

struct Record {
    std::string_view key;
    std::string_view value;
    Version version;
    std::int64_t expires_ms = 0;  // unix time; 0: never
};

// Where a scan stops: when so many bytes of keys and values or so many keys were visited.
struct ScanLimit {
    std::size_t bytes = SIZE_MAX;
    std::size_t keys = SIZE_MAX;
};

class Store {
public:
    virtual ~Store() = default;

    [[nodiscard]] virtual std::optional<Record> find(PartitionId partition,
                                                     std::string_view key) const = 0;
    // Hints that the key is soon looked for, in two steps with something else between them: both
    // only bring nearer what find() and put() will touch. The first gives what the second takes.
    virtual std::uint64_t prefetch(PartitionId partition, std::string_view key) const = 0;
    virtual void prefetch_record(PartitionId partition, std::uint64_t hint) const = 0;
    // Inserts or replaces, whatever version was there. Limits of base/limits.h are the caller's.
    virtual void put(PartitionId partition, const Record& record) = 0;
    void put(PartitionId partition, std::string_view key, std::string_view value, Version version) {
        put(partition, Record{.key = key, .value = value, .version = version});
    }
    // True where the key was there.
    virtual bool erase(PartitionId partition, std::string_view key) = 0;

    // Visits records from `cursor` (0: the beginning) until `limit` is reached (at least one
    // record, if any is left) and returns the cursor to go on from, or nothing at the end. Changes
    // between calls are allowed: every key that is there throughout is visited at least once; keys
    // that come or go meanwhile may or may not be. Cursors grow from call to call, each stands for
    // all keys that were visited before it, and none is the largest number.
    using Visitor = std::function<void(const Record&)>;
    virtual std::optional<std::uint64_t> scan(PartitionId partition, std::uint64_t cursor,
                                              ScanLimit limit, const Visitor& visit) const = 0;
    std::optional<std::uint64_t> scan(PartitionId partition, std::uint64_t cursor,
                                      std::size_t bytes, const Visitor& visit) const {
        return scan(partition, cursor, ScanLimit{.bytes = bytes}, visit);
    }

    [[nodiscard]] virtual bool any_expires() const = 0;  // of all partitions' keys
    [[nodiscard]] virtual std::size_t count_expiring(PartitionId partition) const = 0;
    // When the next key of the partition expires; nothing: none ever does.
    [[nodiscard]] virtual std::optional<std::int64_t> expires_next_ms(
        PartitionId partition) const = 0;
    // Visits records that expire at `until_ms` or before, the earliest first, at most `keys`.
    virtual void visit_due(PartitionId partition, std::int64_t until_ms, std::size_t keys,
                           const Visitor& visit) const = 0;

    // Puts the records of a partition aside, to those that are there already: what may be out of
    // date, until somebody says which of it is not. Only memory_bytes() sees it, and the following.
    virtual void set_aside(PartitionId partition) = 0;
    // Takes a record back from there, in the place of what its key has now. False: no such version
    // of such a key is there.
    virtual bool take_back(PartitionId partition, std::string_view key, Version version) = 0;
    // What is still there is garbage.
    virtual void drop_aside(PartitionId partition) = 0;
    [[nodiscard]] virtual std::size_t count_aside(PartitionId partition) const = 0;  // keys
    [[nodiscard]] virtual std::size_t count_aside() const = 0;                       // keys in all
    // Of memory_bytes(), about; garbage included.
    [[nodiscard]] virtual std::size_t bytes_aside() const = 0;

    // Records, and times of expiry, of nobody. Millions of them would take a long time at once.
    [[nodiscard]] virtual bool has_garbage() const = 0;
    // Gives the memory of about so many back, or of all that are left.
    virtual void collect(std::size_t keys) = 0;

    [[nodiscard]] virtual std::size_t count(PartitionId partition) const = 0;  // keys
    [[nodiscard]] virtual std::size_t count() const = 0;                       // keys in all
    [[nodiscard]] virtual std::size_t memory_bytes() const = 0;  // allocated, in all, approximately
};

}  // namespace grapevine
