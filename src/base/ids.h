#pragma once
// Strong types for the names and numbers of the protocol, so that none is taken for another.

#include <fmt/format.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace grapevine {

template <class Tag, class Rep = std::uint64_t>
struct Id {
    Rep value{};

    constexpr Id() = default;
    constexpr explicit Id(Rep raw) : value(raw) {}
    constexpr auto operator<=>(const Id&) const = default;
    // False for the zero value, which every id reserves for "none".
    constexpr explicit operator bool() const { return value != Rep{}; }
};

// A member's state, not its process and not its name: drawn at random when a state is founded
// (memory filled from nothing), kept as long as that state is, never used again after. A process
// that restarts without its old state is a new NodeId under its old name.
using NodeId = Id<struct NodeIdTag>;
// One cluster, drawn at random when it is founded.
using ClusterId = Id<struct ClusterIdTag>;
// One client handle, drawn at random; request ids are (client, sequence).
using ClientId = Id<struct ClientIdTag>;
// A partition's place in the ring's table, 0 ... partitions - 1. Zero is a partition like others.
using PartitionId = Id<struct PartitionIdTag, std::uint32_t>;
// The number of a ring. Epoch 0 is "no ring yet"; a cluster's first ring is epoch 1.
using Epoch = Id<struct EpochTag>;
// Raised when the loss of a partition's contents was accepted.
using Generation = Id<struct GenerationTag, std::uint32_t>;
// SWIM's counter by which a member refutes suspicions about itself (SWIM, section 4.2).
using Incarnation = Id<struct IncarnationTag, std::uint32_t>;

constexpr Epoch next(Epoch epoch) {
    return Epoch{epoch.value + 1};
}

// Which write of a partition: the epoch in which it was ordered, and its place in the partition's
// order. Counters have no gaps and go on across primaries. {0, 0}: never written.
struct Version {
    Epoch epoch;
    std::uint64_t counter = 0;
    constexpr auto operator<=>(const Version&) const = default;
};

template <class Tag, class Rep>
struct IdHash {
    std::size_t operator()(const Id<Tag, Rep>& id) const noexcept {
        return std::hash<Rep>{}(id.value);
    }
};

}  // namespace grapevine

template <class Tag, class Rep>
struct std::hash<grapevine::Id<Tag, Rep>> : grapevine::IdHash<Tag, Rep> {};

template <class Tag, class Rep>
struct fmt::formatter<grapevine::Id<Tag, Rep>> : fmt::formatter<Rep> {
    auto format(const grapevine::Id<Tag, Rep>& id, fmt::format_context& context) const {
        return fmt::formatter<Rep>::format(id.value, context);
    }
};

// Printed as "epoch.counter", the form that --show-version prints and --if-version takes.
template <>
struct fmt::formatter<grapevine::Version> : fmt::formatter<std::string_view> {
    auto format(const grapevine::Version& version, fmt::format_context& context) const {
        return fmt::format_to(context.out(), "{}.{}", version.epoch, version.counter);
    }
};
