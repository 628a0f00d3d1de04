#include "runtime/process.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

using namespace grapevine;

namespace {

namespace fs = std::filesystem;

// Control groups as files in a folder.
class Groups {
public:
    Groups() { REQUIRE(mkdtemp(root_.data()) != nullptr); }
    ~Groups() { fs::remove_all(root_); }
    Groups(const Groups&) = delete;
    Groups& operator=(const Groups&) = delete;

    void write(const std::string& file, const std::string& text) const {
        fs::create_directories((fs::path(root_) / file).parent_path());
        std::ofstream(fs::path(root_) / file) << text << '\n';
    }
    [[nodiscard]] std::optional<std::uint64_t> bound(const std::string& groups) const {
        return memory_bound(groups, root_);
    }

private:
    std::string root_ = "/tmp/groups-XXXXXX";
};

}  // namespace

TEST_CASE("the least bound of a process's control groups counts", "[runtime]") {
    const Groups groups;
    groups.write("system.slice/memory.max", "4000");
    groups.write("system.slice/kv.service/memory.max", "3000");
    groups.write("system.slice/kv.service/inner/memory.max", "max");
    groups.write("memory.max", "9000");
    CHECK(groups.bound("0::/system.slice/kv.service/inner\n") == 3000);
    CHECK(groups.bound("0::/system.slice/other.service\n") == 4000);
    CHECK(groups.bound("0::/") == 9000);
    // The host's path, of which a container sees nothing.
    CHECK(groups.bound("0::/docker/0123") == 9000);
    CHECK(groups.bound("") == std::nullopt);
    CHECK(groups.bound("nonsense\n:\n\n0:\n") == std::nullopt);
}

TEST_CASE("control groups of the first version bound memory too", "[runtime]") {
    const Groups groups;
    groups.write("memory/memory.limit_in_bytes", "9223372036854771712");
    groups.write("memory/a/memory.limit_in_bytes", "5000");
    groups.write("cpu/a/memory.limit_in_bytes", "1");
    const std::string lines = "12:cpu,cpuacct:/a\n5:pids,memory:/a/b\n0::/\n";
    CHECK(groups.bound(lines) == 5000);
    CHECK(groups.bound("5:memory:/c\n") == 9223372036854771712U);
}

TEST_CASE("there is some memory to use", "[runtime]") {
    CHECK(usable_memory() > 1'000'000);
}
