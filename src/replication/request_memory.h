#pragma once
// Exactly once: the request ids that were executed in one partition, with their answers, and each
// client's floor. A function of the ordered operations alone, so that all copies remember the same:
// also forgetting is driven by the stamps that ride on operations, never by a clock.

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/limits.h"
#include "base/time.h"
#include "replication/messages.h"

namespace grapevine {

class RequestMemory {
public:
    // An operation was committed. Forgets what lies below its client's floor, and clients that were
    // idle for longer than `window` by its stamp.
    void record(const Op& op, Duration window = request_memory);

    // The client has said that it has the answers of all sequences below; 0: never heard of it.
    [[nodiscard]] std::uint64_t floor(ClientId client) const;
    [[nodiscard]] const Answer* find(ClientId client, std::uint64_t sequence) const;

    // Stamp of the client that was idle for longest; nothing: nobody is remembered.
    [[nodiscard]] std::optional<std::int64_t> oldest_stamp_ms() const;

    [[nodiscard]] std::vector<ClientMemory> all() const;  // ordered by stamp, then as recorded
    void restore(const std::vector<ClientMemory>& clients);
    void clear();
    [[nodiscard]] std::size_t size() const { return clients_.size(); }  // clients
    // What it costs: one for each client and each answer.
    [[nodiscard]] std::size_t weight() const { return clients_.size() + answers_; }

private:
    // By sequence, ascending. Those below the floor go in order, and new ones nearly always come
    // last, so an array with a gap in front serves.
    class Answers {
    public:
        using Item = std::pair<std::uint64_t, Answer>;

        void forget_below(std::uint64_t floor);
        void set(std::uint64_t sequence, const Answer& answer);
        [[nodiscard]] const Answer* find(std::uint64_t sequence) const;
        [[nodiscard]] std::size_t size() const { return items_.size() - first_; }
        [[nodiscard]] std::span<const Item> items() const {
            return std::span(items_).subspan(first_);
        }

    private:
        std::vector<Item> items_;
        std::size_t first_ = 0;  // those before are forgotten
    };

    struct Known {
        ClientId client;
        std::uint64_t floor = 0;
        std::int64_t stamp_ms = 0;
        Answers answers;  // all at or above the floor
    };

    std::list<Known> by_stamp_;  // stamps never fall, so the order of use is their order
    std::unordered_map<ClientId, std::list<Known>::iterator> clients_;
    std::size_t answers_ = 0;  // of all clients
};

}  // namespace grapevine
