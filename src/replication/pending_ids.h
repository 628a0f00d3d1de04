#pragma once
// Which unfinished operation of a partition a request is, if it is sent again: its id to its
// counter. Every write is added, looked for and removed, so it is a table in one piece, with open
// addressing as in request_memory.h. Internal to replication/.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"

namespace grapevine {

class PendingIds {
public:
    // Whatever `hash_seed` is, the contents are the same (RequestMemory says what it is for).
    explicit PendingIds(std::uint64_t hash_seed) : hash_seed_(hash_seed) {}

    [[nodiscard]] std::optional<std::uint64_t> find(ClientId client, std::uint64_t sequence) const;
    // The id is not there; a client is not zero.
    void add(ClientId client, std::uint64_t sequence, std::uint64_t counter);
    // No harm where it is not there.
    void remove(ClientId client, std::uint64_t sequence);
    void clear() { *this = PendingIds(hash_seed_); }
    [[nodiscard]] std::size_t size() const { return count_; }

private:
    struct Pending {
        ClientId client;  // zero: the place is empty
        std::uint64_t sequence = 0;
        std::uint64_t counter = 0;
    };

    [[nodiscard]] std::size_t home_of(ClientId client, std::uint64_t sequence) const;
    [[nodiscard]] std::size_t next(std::size_t place) const {
        return (place + 1) & (table_.size() - 1);
    }
    // Where the id is, or would be.
    [[nodiscard]] std::size_t locate(ClientId client, std::uint64_t sequence) const;
    void rebuild(std::size_t places);

    std::uint64_t hash_seed_;
    std::vector<Pending> table_;  // none, or a power of two of places, at most half in use
    std::size_t count_ = 0;
};

}  // namespace grapevine
