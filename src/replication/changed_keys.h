#pragma once
// Which unfinished operation changes a key last, without going through all of them. Internal to
// replication/.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/hash.h"
#include "base/probed_table.h"
#include "replication/messages.h"

namespace grapevine {

class ChangedKeys {
public:
    // `hash_seed`: as RequestMemory takes it.
    explicit ChangedKeys(std::uint64_t hash_seed) : table_(hash_seed) {}

    struct Change {
        std::uint64_t counter = 0;  // of the operation
        std::uint32_t index = 0;    // of the change among those of a batch
    };
    [[nodiscard]] std::optional<Change> find(std::string_view key) const;
    // Later than all that were added. It stays where it is until it is removed.
    void add(const Op& op);
    void remove(const Op& op);
    void clear() { *this = ChangedKeys(table_.seed()); }

    template <class Visit>
    void for_each(const Visit& visit) const {
        for (const Changed& changed : table_.entries()) {
            if (changed.is_used()) visit(changed.name, changed.last);
        }
    }

private:
    struct Changed {
        using Key = std::string_view;
        std::string_view name;  // of the operation that `last` says
        Change last;            // counter 0: the place is empty

        [[nodiscard]] bool is_used() const { return last.counter != 0; }
        [[nodiscard]] Key key() const { return name; }
        static std::uint64_t mix(Key key, std::uint64_t odd) { return hash64(key, odd); }
    };

    ProbedTable<Changed> table_;  // at most half in use
};

}  // namespace grapevine
