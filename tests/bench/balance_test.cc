#include "bench/balance.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

using namespace grapevine::bench;

namespace {

NodeShare share(const std::string& keys, const std::string& node, std::uint64_t partitions,
                std::uint64_t count) {
    return {.keys = keys,
            .node = node,
            .partitions = partitions,
            .partitions_all = 4,
            .count = count,
            .count_all = 400};
}

}  // namespace

TEST_CASE("a node is expected to have the keys of its partitions", "[balance]") {
    const NodeShare quarter = share("random", "server1", 1, 90);
    CHECK(quarter.expected() == Approx(100));
    CHECK(quarter.two_sigma() == Approx(17.3205));
    CHECK(share_csv_line(quarter) == "random,server1,1,90,100.0,17.3");
    CHECK(std::ranges::count(share_csv_head(), ',') ==
          std::ranges::count(share_csv_line(quarter), ','));
}

TEST_CASE("each kind of keys has a histogram", "[balance]") {
    const std::string text =
        balance_text({share("numbered", "server1", 1, 100), share("numbered", "server2", 3, 300),
                      share("random", "server1", 1, 140), share("random", "server2", 3, 260)});
    INFO(text);
    CHECK(text.find("400 numbered keys\n") == 0);
    CHECK(text.find("\n400 random keys\n") != std::string::npos);
    // As wide as there is room for the fullest, and a third of that for the other.
    CHECK(text.find(" " + std::string(50, '#') + "\n") != std::string::npos);
    CHECK(text.find(" " + std::string(16, '#') + "\n") != std::string::npos);
    CHECK(text.find("max/mean 1.500; 2 of 2 nodes within 2 sigma\n") != std::string::npos);
    CHECK(text.find("max/mean 1.300; 0 of 2 nodes within 2 sigma\n") != std::string::npos);
    CHECK(text.find("+40.0 %") != std::string::npos);
    CHECK(balance_text({}).empty());
}
