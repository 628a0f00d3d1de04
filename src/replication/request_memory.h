#pragma once
// Exactly once: the request ids that were executed in one partition, with their answers, and each
// client's floor. A function of the ordered operations alone, so that all copies remember the same:
// also forgetting is driven by the stamps that ride on operations, never by a clock.
//
// Every write of every copy looks here, and nearly always at memory that is in no cache. So all
// that is commonly known of a client lies in two neighbouring cache lines of a table in one piece
// (base/probed_table.h): its floor and its latest answers. More than these few clients leave
// unconfirmed in one partition; the earlier ones are elsewhere.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/limits.h"
#include "base/prefetch.h"
#include "base/probed_table.h"
#include "base/time.h"
#include "replication/messages.h"

namespace grapevine {

class RequestMemory {
public:
    // Clients that were idle for longer than the window are forgotten in steps of this.
    static constexpr std::int64_t step_ms = 1024;

    // Whatever `hash_seed` is, what is remembered is the same (base/probed_table.h says what it is
    // for).
    explicit RequestMemory(std::uint64_t hash_seed = 0) : table_(hash_seed) {}

    // An operation was committed. Forgets what lies below its client's floor, and clients that were
    // idle for longer than `window` by its stamp.
    void record(const Op& op, Duration window = request_memory);

    struct Found {
        std::uint64_t floor = 0;  // the client has the answers of all sequences below; 0: never
                                  // heard of it
        std::optional<Answer> answer;  // nothing: none is remembered
        std::string_view reply;        // good until the memory changes
    };
    [[nodiscard]] Found find(ClientId client, std::uint64_t sequence) const;
    // The client is soon looked for.
    void prefetch(ClientId client) const {
        if (!table_.empty()) prefetch_object(table_[table_.home_of(client)]);
    }

    // The first stamp of an operation that lets a client be forgotten; nothing: nobody is
    // remembered.
    [[nodiscard]] std::optional<std::int64_t> forgets_at_ms(Duration window) const;

    // Ordered by stamp in steps, then as they were first heard of in that step.
    [[nodiscard]] std::vector<ClientMemory> all() const;
    void restore(const std::vector<ClientMemory>& clients);
    void clear();
    [[nodiscard]] std::size_t size() const { return table_.size(); }  // clients
    // What it costs: one for each client and each answer, and reply_weight() of what programs
    // answered, long replies apart.
    [[nodiscard]] std::size_t weight() const { return table_.size() + answers_ + replies_weight_; }
    // reply_weight() of the long replies, of all clients; of one client from this sequence on.
    [[nodiscard]] std::size_t long_weight() const { return long_weight_; }
    [[nodiscard]] std::size_t long_weight(ClientId client, std::uint64_t from) const;

private:
    using Place = std::uint32_t;  // in table_
    static constexpr Place nowhere = ~Place{0};

    // `reply`: its place in replies_, from 1 on; 0: none.
    struct Kept {
        std::uint64_t sequence = 0;
        Answer answer;
        Place reply = 0;
    };

    // One client. A member of a list as well, which is ordered by stamps in steps: a busy client
    // changes its place in it once in a step. Stamps never fall, so whoever does comes last.
    struct alignas(128) Known {
        using Key = ClientId;
        static constexpr std::size_t latest_max = 3;

        ClientId client;  // zero: the place is empty
        std::uint64_t floor = 0;
        std::int64_t stamp_ms = 0;
        Place before = nowhere;
        Place after = nowhere;
        std::uint8_t count = 0;    // of its latest answers
        bool has_earlier = false;  // in earlier_
        // The latest answers, ascending, all at or above the floor.
        std::array<Status, latest_max> statuses{};
        std::array<std::uint64_t, latest_max> sequences{};
        std::array<Version, latest_max> versions{};
        std::array<Place, latest_max> replies{};  // as Kept::reply

        [[nodiscard]] Kept answer(std::size_t i) const {
            return {sequences[i], {statuses[i], versions[i]}, replies[i]};
        }
        void put(std::size_t i, const Kept& kept);

        [[nodiscard]] bool is_used() const { return static_cast<bool>(client); }
        [[nodiscard]] ClientId key() const { return client; }
        // The upper bits of the product depend on all bits of the id (Knuth, section 6.4).
        static std::uint64_t mix(ClientId client, std::uint64_t odd) { return client.value * odd; }
    };
    static_assert(sizeof(Known) == 128);
    // All at or above the floor and before the latest, which are as many as can be.
    using Earlier = std::map<std::uint64_t, Kept>;  // by sequence

    [[nodiscard]] static std::int64_t step_of(std::int64_t stamp_ms) { return stamp_ms / step_ms; }
    Known& add(ClientId client);
    void rebuild(std::size_t places);
    void remove(Place place);
    void relink(Place place);
    void link_last(Place place);
    void unlink(const Known& known);
    void note_first();
    void forget_below_floor(Known& known);
    void set_answer(Known& known, const Kept& answer);
    void set_earlier(Known& known, const Kept& answer);
    Place keep_reply(std::string_view reply);
    [[nodiscard]] std::size_t& weight_of(std::string_view reply);
    void forget_reply(Place reply);
    [[nodiscard]] std::string_view reply_at(Place reply) const;
    [[nodiscard]] ClientMemory::Remembered remembered(const Kept& kept) const;
    void forget_idle(std::int64_t horizon_ms);

    ProbedTable<Known> table_;  // at most 3/4 in use
    std::unordered_map<ClientId, Earlier> earlier_;
    std::size_t answers_ = 0;  // of all clients
    std::vector<std::string> replies_;
    std::vector<Place> replies_free_;  // places of replies_ that are empty
    std::size_t replies_weight_ = 0;   // of the short ones
    std::size_t long_weight_ = 0;      // of the others
    Place first_ = nowhere;
    Place last_ = nowhere;
    std::int64_t first_step_ = 0;  // of the first: looked at with every write, which it is not
};

}  // namespace grapevine
