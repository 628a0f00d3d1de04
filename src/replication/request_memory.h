#pragma once
// Exactly once: the request ids that were executed in one partition, with their answers, and each
// client's floor. A function of the ordered operations alone, so that all copies remember the same:
// also forgetting is driven by the stamps that ride on operations, never by a clock.

#include <cstddef>
#include <cstdint>
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
    // Clients that were idle for longer than the window are forgotten in steps of this.
    static constexpr std::int64_t step_ms = 1024;

    RequestMemory() = default;
    RequestMemory(const RequestMemory&) = delete;
    RequestMemory& operator=(const RequestMemory&) = delete;
    RequestMemory(RequestMemory&& other) noexcept;
    RequestMemory& operator=(RequestMemory&& other) = delete;
    ~RequestMemory() = default;

    // An operation was committed. Forgets what lies below its client's floor, and clients that were
    // idle for longer than `window` by its stamp.
    void record(const Op& op, Duration window = request_memory);

    struct Found {
        std::uint64_t floor = 0;  // the client has the answers of all sequences below; 0: never
                                  // heard of it
        const Answer* answer = nullptr;  // null: none is remembered
    };
    [[nodiscard]] Found find(ClientId client, std::uint64_t sequence) const;

    // The first stamp of an operation that lets a client be forgotten; nothing: nobody is
    // remembered.
    [[nodiscard]] std::optional<std::int64_t> forgets_at_ms(Duration window) const;

    // Ordered by stamp in steps, then as they were first heard of in that step.
    [[nodiscard]] std::vector<ClientMemory> all() const;
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

    // A member of a list as well, which is ordered by stamps in steps: a busy client changes its
    // place once in a step. Stamps never fall, so whoever does comes last.
    struct Known {
        ClientId client;
        std::uint64_t floor = 0;
        std::int64_t stamp_ms = 0;
        Known* before = nullptr;
        Known* after = nullptr;
        Answers answers;  // all at or above the floor
    };

    [[nodiscard]] static std::int64_t step_of(std::int64_t stamp_ms) { return stamp_ms / step_ms; }
    Known& add(ClientId client);
    void link_last(Known& known);
    void unlink(Known& known);

    std::unordered_map<ClientId, Known> clients_;
    Known* first_ = nullptr;
    Known* last_ = nullptr;
    std::size_t answers_ = 0;  // of all clients
};

}  // namespace grapevine
