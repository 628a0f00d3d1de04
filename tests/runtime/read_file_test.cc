#include "runtime/read_file.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

namespace grapevine {

TEST_CASE("a file is read whole, up to the limit") {
    std::string folder = std::filesystem::temp_directory_path() / "grapevine-read-XXXXXX";
    REQUIRE(mkdtemp(folder.data()) != nullptr);
    const std::string path = folder + "/value";
    const std::string bytes = std::string(100'000, 'x') + std::string("\0\n", 2);
    std::ofstream(path, std::ios::binary) << bytes;
    CHECK(read_file(path, bytes.size()) == bytes);
    const auto over = read_file(path, bytes.size() - 1);
    REQUIRE_FALSE(over.has_value());
    CHECK(over.error().message.find("more than the 100001 bytes") != std::string::npos);
    std::ofstream(path, std::ios::trunc).flush();
    CHECK(read_file(path, 1) == std::string());
    std::filesystem::remove_all(folder);
}

// A directory was stored as an empty value once.
TEST_CASE("what cannot be read is an error, never an empty file") {
    const auto why = [](const std::string& path) {
        const auto bytes = read_file(path, 10);
        return bytes ? "\"" + *bytes + "\"" : bytes.error().message;
    };
    CHECK(why("/") == "/ is a directory");
    CHECK(why("/nowhere/at/all") == "/nowhere/at/all cannot be read: No such file or directory");
    // It opens, and its first bytes are mapped nowhere.
    CHECK(why("/proc/self/mem") == "/proc/self/mem cannot be read: Input/output error");
}

}  // namespace grapevine
