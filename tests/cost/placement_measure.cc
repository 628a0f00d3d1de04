// How long the placement of a large cluster takes to compute (ring/placement.h):
//
//   placement_measure [NODES [PARTITIONS [COPIES]]]      (1000 nodes, 1024 partitions, 3 copies)
//
// Prints milliseconds of processor time, and a hash of the result: the same placement, the same
// hash, whatever computes it.
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "base/hash.h"
#include "ring/placement.h"

namespace {

using namespace grapevine;

std::uint32_t number(int argc, char** argv, int at, std::uint32_t otherwise) {
    return argc > at ? static_cast<std::uint32_t>(std::strtoul(argv[at], nullptr, 10)) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint32_t count = number(argc, argv, 1, 1000);
    const std::uint32_t partitions = number(argc, argv, 2, 1024);
    const std::uint32_t copies = number(argc, argv, 3, 3);
    std::vector<PlacementNode> nodes;
    for (std::uint32_t i = 1; i <= count; ++i) {
        nodes.push_back({.id = NodeId{i}, .name_hash = hash64(fmt::format("server{}", i))});
    }
    const std::clock_t before = std::clock();
    const auto placement = desired_placement(partitions, copies, nodes);
    const double seconds = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
    std::uint64_t hash = 0;
    for (const auto& holders : placement) {
        for (const NodeId id : holders) hash = hash64(fmt::format("{}", id.value), hash);
    }
    fmt::print("{} nodes, {} partitions, {} copies: {:.1f} ms, placement {:016x}\n", count,
               partitions, copies, seconds * 1e3, hash);
    return 0;
}
