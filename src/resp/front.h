#pragma once
// What all Redis connections of a node have in common: the ring as this node has it, what CLUSTER
// says of it, counters, settings, and what the host knows about the process. Pure: the host says
// what the time is. One owner, no threads.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/ids.h"
#include "base/rate_meter.h"
#include "base/result.h"
#include "base/time.h"
#include "command/reply.h"
#include "resp/args.h"
#include "resp/cluster_text.h"
#include "resp/request_parser.h"
#include "ring/ring.h"

namespace grapevine::resp {

class Session;

// Whether a command on a key of another node is answered by MOVED.
enum class Redirect : std::uint8_t {
    automatic,  // where the client shows that it knows clusters
    moved,      // always
    proxy,      // never: it is carried out there
};

// "auto", "moved" or "proxy".
Result<Redirect> parse_redirect(std::string_view text);

struct FrontLimits {
    std::size_t replies_max = 8192;  // of a connection, that are owed
    std::size_t parts_max = 65'536;  // of those, in programs
    // Of a connection: programs that wait, and replies that wait for those before them.
    std::size_t bytes_max = 32 * 1024 * 1024;
    std::size_t at_once_output = 256 * 1024;  // above, what a client is owed keeps to programs
    // Above, so does a write: a turn that takes longer than the lease has left could not tell what
    // was done, and nobody could ask again.
    std::size_t at_once_write = 1024 * 1024;
    std::size_t commands_per_program = 128;      // at most
    std::size_t bytes_per_program = 128 * 1024;  // unless it is one command
    std::size_t queued_max = 16 * 1024 * 1024;   // bytes of a connection's MULTI
    std::size_t watched_max = 4096;              // keys of a connection's WATCH
    // A partition whose primary has just changed is proxied: its new primary may not know yet.
    Duration moved_after = 500ms;
    ParserLimits parser;
};

struct FrontConfig {
    NodeId self;
    std::string run_id;  // 40 hexadecimal digits, for INFO
    std::string zone;    // of this member; empty: one of its own
    Redirect redirect = Redirect::automatic;
    bool advertise_replicas = false;
    FrontLimits limits;
};

// What the host knows, read when a client asks for it.
struct Facts {
    std::string version;  // of Grapevine
    std::string name;     // of this member
    Address address;      // of this member
    std::uint32_t pid = 0;
    std::uint64_t uptime_s = 0;
    std::int64_t unix_us = 0;
    std::uint64_t used_memory = 0;    // by keys and values
    std::uint64_t rss = 0;            // of the process
    std::uint64_t rss_at_start = 0;   // the same, when it held no keys
    std::uint64_t memory_max = 0;     // of used_memory; 0: no bound
    std::uint64_t keys = 0;           // in partitions that this node is primary of
    std::uint64_t keys_expiring = 0;  // of keys: those that have a time to live
    std::uint64_t keys_held = 0;      // in all partitions that it holds
    std::uint64_t cpu_user_us = 0;
    std::uint64_t cpu_system_us = 0;
    std::uint64_t connections_max = 0;
    bool overloaded = false;
};

struct Counters {
    std::uint64_t connections = 0;  // accepted
    std::uint64_t commands = 0;
    std::uint64_t errors = 0;  // replies
    std::uint64_t moved = 0;   // of those
    std::uint64_t programs = 0;
    std::uint64_t input_bytes = 0;
    std::uint64_t output_bytes = 0;
};

// Executes a command on keys of one partition, `key` among them, at once, where this node needs
// nobody else for it: its RESP3 reply is appended, and may be told until the time that is returned
// (never: always). Nothing: nothing was done, and it has to go to the primary as a program.
using AtOnce = std::function<std::optional<Time>(Time now, std::string_view key, bool writes,
                                                 Args args, command::Reply& reply)>;

// Commands of these keys come next: a hint to the processor.
using Prefetch = std::function<void(std::span<const std::string_view> keys)>;

class Front {
public:
    // `at_once`: null: everything goes to primaries as programs.
    Front(FrontConfig config, std::function<Facts()> facts, AtOnce at_once = {},
          Prefetch prefetch = {});

    // A newer ring was adopted.
    void set_ring(Time now, RingPtr ring);

    [[nodiscard]] const RingPtr& ring() const { return ring_; }
    [[nodiscard]] const FrontConfig& config() const { return config_; }
    [[nodiscard]] const FrontLimits& limits() const { return config_.limits; }
    [[nodiscard]] Facts facts() const {
        if (!holds_facts_) return facts_();
        if (!held_facts_) held_facts_ = facts_();
        return *held_facts_;
    }
    // As long as it lives they are asked for once, which takes a microsecond for every 20
    // partitions.
    class HeldFacts {
    public:
        explicit HeldFacts(Front& front) : front_(front) { front.holds_facts_ = true; }
        ~HeldFacts() {
            front_.holds_facts_ = false;
            front_.held_facts_.reset();
        }
        HeldFacts(const HeldFacts&) = delete;
        HeldFacts& operator=(const HeldFacts&) = delete;

    private:
        Front& front_;
    };
    [[nodiscard]] const AtOnce& at_once() const { return at_once_; }
    [[nodiscard]] const Prefetch& prefetch() const { return prefetch_; }
    [[nodiscard]] ClusterText& cluster() { return cluster_; }
    [[nodiscard]] std::uint32_t partitions() const { return ring_ ? ring_->partitions() : 1; }
    [[nodiscard]] PartitionId partition_of(std::uint32_t slot) const;
    [[nodiscard]] bool is_own(PartitionId partition) const;
    // Who the client is to ask instead of this node; null: it is this node, or nobody is known to
    // be better.
    [[nodiscard]] const Member* elsewhere(Time now, PartitionId partition) const;
    // Slots of partitions that this node is primary of.
    [[nodiscard]] std::uint32_t own_slots() const { return own_slots_; }
    // The fewest copies that are up of any partition, those that are still being filled not among
    // them; 0: one has none, or there is no ring.
    [[nodiscard]] std::size_t copies() const { return copies_; }
    // Of these, beside the primary's.
    [[nodiscard]] std::size_t replicas() const { return copies_ == 0 ? 0 : copies_ - 1; }

    // By id, which are given in the order of arrival.
    std::map<std::uint64_t, Session*> sessions;
    std::vector<std::uint64_t> killed;  // of those, by another's CLIENT KILL; the host empties it
    Counters counters;
    // How fast some of them grow.
    class Growth {
    public:
        void look(Time now, std::uint64_t count) {
            if (count > seen_) meter_.add(now, count - seen_);
            seen_ = count;
            per_second_ = meter_.per_second(now);
        }
        [[nodiscard]] std::uint64_t per_second() const { return per_second_; }

    private:
        RateMeter meter_;
        std::uint64_t seen_ = 0;
        std::uint64_t per_second_ = 0;
    };
    struct Rates {
        Growth commands;
        Growth input_bytes;
        Growth output_bytes;
        Time looked_at;
        Time look_at;  // when next, with a command
    };
    Rates rates;
    // A connection that was not read for a while tells an earlier time than others did.
    void look_at_rates(Time told) {
        const Time now = std::max(told, rates.looked_at);
        rates.looked_at = now;
        rates.commands.look(now, counters.commands);
        rates.input_bytes.look(now, counters.input_bytes);
        rates.output_bytes.look(now, counters.output_bytes);
        rates.look_at = now + 100ms;
    }

private:
    FrontConfig config_;
    std::function<Facts()> facts_;
    bool holds_facts_ = false;
    mutable std::optional<Facts> held_facts_;
    AtOnce at_once_;
    Prefetch prefetch_;
    RingPtr ring_;
    ClusterText cluster_;
    std::vector<Time> primary_since_;  // by partition: when this node learned of its primary
    std::uint32_t own_slots_ = 0;
    std::size_t copies_ = 0;
};

}  // namespace grapevine::resp
