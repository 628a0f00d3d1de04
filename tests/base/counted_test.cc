#include "base/counted.h"

#include <catch2/catch.hpp>

namespace grapevine {

TEST_CASE("numbers have their nouns") {
    CHECK(counted(1, "copy", "copies") == "1 copy");
    CHECK(counted(0, "copy", "copies") == "0 copies");
    CHECK(counted(3, "node") == "3 nodes");
}

TEST_CASE("sizes are told in mebibytes with one decimal, rounded") {
    CHECK(mebibytes(0) == "0.0 MiB");
    CHECK(mebibytes(600 << 20) == "600.0 MiB");
    CHECK(mebibytes((1 << 20) / 20) == "0.0 MiB");
    CHECK(mebibytes((1 << 20) / 20 + 1) == "0.1 MiB");
    CHECK(mebibytes((2 << 20) - 1) == "2.0 MiB");
    CHECK(mebibytes(~std::uint64_t{0}) == "17592186044416.0 MiB");
}

}  // namespace grapevine
