#pragma once
// Which unfinished operation of a partition a request is, if it is sent again: its id to its
// counter. Every write is added, looked for and removed. Internal to replication/.

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/ids.h"
#include "base/probed_table.h"

namespace grapevine {

class PendingIds {
public:
    // Whatever `hash_seed` is, the contents are the same (base/probed_table.h says what it is for).
    explicit PendingIds(std::uint64_t hash_seed) : table_(hash_seed) {}

    [[nodiscard]] std::optional<std::uint64_t> find(ClientId client, std::uint64_t sequence) const;
    // The id is not there; a client is not zero.
    void add(ClientId client, std::uint64_t sequence, std::uint64_t counter);
    // No harm where it is not there.
    void remove(ClientId client, std::uint64_t sequence);
    void clear() { *this = PendingIds(table_.seed()); }
    [[nodiscard]] std::size_t size() const { return table_.size(); }

private:
    struct Pending {
        struct Key {
            ClientId client;
            std::uint64_t sequence = 0;
            bool operator==(const Key&) const = default;
        };
        Key id;  // no client: the place is empty
        std::uint64_t counter = 0;

        [[nodiscard]] bool is_used() const { return static_cast<bool>(id.client); }
        [[nodiscard]] const Key& key() const { return id; }
        static std::uint64_t mix(const Key& id, std::uint64_t odd) {
            return (id.client.value * odd ^ id.sequence) * odd;
        }
    };

    ProbedTable<Pending> table_;  // at most half in use
};

}  // namespace grapevine
