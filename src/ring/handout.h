#pragma once
// Hands out the places of partitions to nodes, in a given order and within limits per node: the
// bounded part of bounded rendezvous (ring/placement.h).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace grapevine {

// Nodes are numbered from 0 in here.
using NodeIndex = std::uint32_t;
using Holders = std::vector<NodeIndex>;

struct Place {
    std::uint32_t partition = 0;
    NodeIndex node = 0;
};

class WeightOrder;

class Handout {
public:
    Handout(std::uint32_t partitions, std::size_t nodes, std::size_t wanted)
        : wanted_(wanted), held_(partitions), load_(nodes) {}
    virtual ~Handout() = default;

    // Gives each partition the holders that it lacks, as far as no node gets more than its limit.
    // First come, first served; then partitions that found only full nodes get a place by shifting
    // others along.
    void give(WeightOrder& order, const std::vector<std::uint32_t>& limits);

    // Per partition, in the order in which they were given.
    [[nodiscard]] const std::vector<Holders>& held() const { return held_; }

protected:
    [[nodiscard]] bool holds(std::uint32_t partition, NodeIndex node) const;
    // May the node hold the partition, which it does not now, in the place of `leaver`?
    [[nodiscard]] virtual bool allowed(std::uint32_t partition, NodeIndex node,
                                       std::optional<NodeIndex> leaver) const = 0;

private:
    struct Shift;
    class Search;

    [[nodiscard]] bool lacks(std::uint32_t partition) const {
        return held_[partition].size() < wanted_;
    }
    void give_each(const std::vector<Place>& order, const std::vector<std::uint32_t>& limits);
    [[nodiscard]] std::vector<std::uint32_t> lacking() const;
    void place(std::uint32_t partition, NodeIndex node);
    void move(std::uint32_t partition, NodeIndex from, NodeIndex to);
    bool make_room(std::uint32_t partition, const std::vector<std::uint32_t>& limits);

    std::size_t wanted_;
    std::vector<Holders> held_;
    std::vector<std::uint32_t> load_;
};

}  // namespace grapevine
