#pragma once
// The store in memory: one hash table a partition, one allocation a record.
//
// A table is an array of 8-byte slots, open addressing with linear probing, and its records stand
// in the order of their hashes (Amble and Knuth, "Ordered hash tables", 1974). A slot's home is
// proportional to its hash, for every number of homes, so that order is the same in a table that
// has grown or shrunk: scan()'s cursor is a hash, and survives all changes between calls.
//
//   slot    | top 20 bits of the hash: the tag | address of the record / 16: 44 bits |   0: empty
//   record  | key size | value size | epoch | counter | key ... | value ...    numbers as varints
//
// A record that expires has its unix time in milliseconds behind the counter; a size that no key
// has says so.
//
// The tag gives a slot's home and all but one in a million comparisons, so that a lookup reads a
// few neighbouring slots and then the one record, and growing reads no record at all.
//
// Cost of a key beyond its own bytes and its value's: 27 to 47 bytes, some 35 in the mean, malloc's
// share included: about 7 for the four numbers, 8 to 23 for malloc's header and rounding, 9 to 14
// for the slot (tables are kept 7/12 to 7/8 full; where keys are deleted, 1/4). A partition without
// keys costs 48 bytes. A key that expires costs 72 more: 8 in its record, and 64 for its place in
// the order of expiry, a balanced tree of (time, hash) for each partition that has such keys.
//
// A table grows and shrinks while it is used: a second array of other homes takes over the runs of
// the first in their order, some with each change, so that no put takes longer for the number of
// keys; meanwhile a key's slot costs up to 25 bytes. What has its home in the first before the
// place that was reached is in the second. Of erasures one in very many looks at a whole array,
// whether fewer homes would do.
//
// 2^20 tags are plenty: a partition with more keys than that goes on working, with longer probes.
//
// Whatever `hash_seed` is, contents are the same; only the order of scan() differs. A host that
// serves strangers draws it at random, so that nobody can choose keys that collide.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "store/slot_array.h"
#include "store/store.h"

namespace grapevine {

class MemoryStore : public Store {
public:
    explicit MemoryStore(std::uint64_t hash_seed = 0) : hash_seed_(hash_seed) {}
    ~MemoryStore() override;
    MemoryStore(const MemoryStore&) = delete;
    MemoryStore& operator=(const MemoryStore&) = delete;

    [[nodiscard]] std::optional<Record> find(PartitionId partition,
                                             std::string_view key) const override;
    std::uint64_t prefetch(PartitionId partition, std::string_view key) const override;
    void prefetch_record(PartitionId partition, std::uint64_t hint) const override;
    using Store::put;
    void put(PartitionId partition, const Record& record) override;
    bool erase(PartitionId partition, std::string_view key) override;

    // `visit` must not change the store.
    using Store::scan;
    std::optional<std::uint64_t> scan(PartitionId partition, std::uint64_t cursor, ScanLimit limit,
                                      const Visitor& visit) const override;

    [[nodiscard]] bool any_expires() const override { return expiring_ > 0; }
    [[nodiscard]] std::size_t count_expiring(PartitionId partition) const override;
    [[nodiscard]] std::optional<std::int64_t> expires_next_ms(PartitionId partition) const override;
    // `visit` must not change the store.
    void visit_due(PartitionId partition, std::int64_t until_ms, std::size_t keys,
                   const Visitor& visit) const override;

    // Costs nothing where nothing was aside, else a pass over both tables, which reads the records
    // of keys that are in both.
    void set_aside(PartitionId partition) override;
    bool take_back(PartitionId partition, std::string_view key, Version version) override;
    void drop_aside(PartitionId partition) override;
    [[nodiscard]] std::size_t count_aside(PartitionId partition) const override;
    [[nodiscard]] std::size_t count_aside() const override { return aside_count_; }
    [[nodiscard]] std::size_t bytes_aside() const override { return aside_bytes_ + garbage_bytes_; }

    [[nodiscard]] bool has_garbage() const override {
        return !dropped_.empty() || !dropped_expiries_.empty();
    }
    void collect(std::size_t keys) override;

    [[nodiscard]] std::size_t count(PartitionId partition) const override;
    [[nodiscard]] std::size_t count() const override { return count_; }
    // By malloc's rules rather than by asking it, so that the same calls give the same number.
    [[nodiscard]] std::size_t memory_bytes() const override;

    // Aborts where the state contradicts itself. For tests and the simulator.
    void invariants() const;

private:
    using Slot = std::uint64_t;

    struct Array {
        records::SlotArray slots;  // places at and past its end are empty too
        std::uint32_t homes = 0;   // where the hashes are spread over; probing may run past them
    };
    struct Rebuild {
        Array into;
        std::size_t moved = 0;  // places of the first array, up to an empty one or its end
    };
    struct Table {
        Array array;
        std::unique_ptr<Rebuild> rebuild;  // null: there is none
        std::uint32_t count = 0;
        std::size_t bytes = 0;  // allocated for its records
    };

    // Where a key stands, or where it would have to be inserted. Void when the table changes.
    struct Place {
        const Array* array;
        std::size_t index = 0;
        bool found = false;
        [[nodiscard]] Slot slot() const { return array->slots[index]; }
    };

    using Tables = std::vector<Table>;  // by PartitionId, as far as any was written to
    // Times of expiry in unix ms, with the hash of the key. None where no key expires.
    using Expiries = std::multiset<std::pair<std::int64_t, std::uint64_t>>;

    static const Table* find_table(const Tables& tables, PartitionId partition);  // null: none
    static Table& make_table(Tables& tables, PartitionId partition);
    [[nodiscard]] std::uint64_t hash(std::string_view key) const;
    [[nodiscard]] std::uint64_t hash_at(Slot slot) const;
    static const Array& array_of(const Table& table, std::uint64_t tag);
    static Array& array_at(Table& table, const Place& place);
    static std::size_t first_from(const Array& array, std::uint64_t tag);
    [[nodiscard]] Place locate(const Table& table, std::string_view key, std::uint64_t hash) const;

    // Null: none of its keys expires.
    [[nodiscard]] const Expiries* find_expiries(PartitionId partition) const;
    // A key's time of expiry was the first and is the second; 0: never.
    void move_expiry(PartitionId partition, std::uint64_t key_hash, std::int64_t before_ms,
                     std::int64_t after_ms);
    void drop_expiries(PartitionId partition);
    void check_expiries(PartitionId partition) const;

    // In place, without allocating. False: it did not.
    [[nodiscard]] static bool replace(Slot slot, const Record& before, const Record& record,
                                      std::size_t bytes);
    void add(Table& table, std::size_t bytes, Slot slot, const Place& place);
    void forget(Table& table, Slot slot);
    void remove(Table& table, const Place& place);
    void drop(Table& table);  // for collect() to free
    void free_slots(Array& array);
    void insert(Array& array, std::size_t index, Slot slot);
    void make_room(Array& array, std::size_t slots);
    // A slot that comes after all that are there.
    void append(Array& array, Slot slot);
    void begin_rebuild(Table& table, std::uint32_t homes);
    void go_on_rebuilding(Table& table, std::size_t places);
    static std::size_t end_of_moved(const Table& table);
    void shrink(Table& table);
    void check(const Table& table, std::size_t& bytes) const;
    [[nodiscard]] static std::size_t bytes_of(const Array& array);
    [[nodiscard]] bool comes_before(Slot one, Slot other) const;
    [[nodiscard]] bool has_key_of(const Table& table, Slot slot) const;
    // What both have; of a key that is in both, the record of `newer`. Both are empty then.
    Table merge(Table& newer, Table& older);

    std::uint64_t hash_seed_;
    Tables tables_;
    Tables aside_;
    std::vector<std::unique_ptr<Expiries>> expiries_;  // of tables_, as far as any is needed
    std::size_t expiring_ = 0;                         // in expiries_
    std::size_t count_ = 0;                            // of tables_
    std::size_t aside_count_ = 0;                      // of aside_
    std::size_t aside_bytes_ = 0;
    std::size_t garbage_bytes_ = 0;  // of what was dropped, but for the arrays
    std::vector<Array> dropped_;     // with records of nobody, and when they were to expire
    std::vector<std::unique_ptr<Expiries>> dropped_expiries_;
    std::size_t allocated_ = 0;  // bytes of records, slots and expiries, malloc's share included
};

}  // namespace grapevine
