#include "runtime/vault.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "ring/change.h"
#include "wire/wire.h"

using namespace grapevine;

namespace {

// A folder of its own, removed with it.
class Folder {
public:
    Folder() : path_(std::filesystem::temp_directory_path() / "grapevine-vault-XXXXXX") {
        REQUIRE(mkdtemp(path_.data()) != nullptr);
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string operator/(const std::string& name) const {
        return path_ + "/" + name;
    }

private:
    std::string path_;
};

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

SavedState a_state(std::uint64_t round) {
    Member coordinator;
    coordinator.id = NodeId{7};
    coordinator.name = "coordinator";
    coordinator.address = {.ip = 0x7f000001, .port = 7000};
    coordinator.role = Role::coordinator;
    const Ring ring = found_ring(ClusterId{5}, coordinator, 2, 4);
    const Ballot ballot{round, NodeId{7}};
    return {.id = NodeId{7},
            .ring = std::make_shared<const Ring>(ring),
            .promises = {.epoch = next(ring.epoch),
                         .promised = ballot,
                         .accepted = AcceptedValue{ballot, {.epoch = next(ring.epoch)}}}};
}

std::string message_of(const auto& result) {
    return result ? std::string{} : result.error().message;
}

}  // namespace

TEST_CASE("what was saved last is what is loaded", "[runtime]") {
    const Folder folder;
    {
        const auto vault = Vault::open(folder / "data");
        REQUIRE(vault);
        const auto nothing = (*vault)->load();
        REQUIRE(nothing);
        CHECK_FALSE(nothing->has_value());
        REQUIRE((*vault)->save(a_state(3)));
        REQUIRE((*vault)->save(a_state(4)));
    }
    // A process that died while it wrote the next one left this behind.
    write_file(folder / "data/promises.new", "half a fil");
    const auto vault = Vault::open(folder / "data");
    REQUIRE(vault);
    const auto loaded = (*vault)->load();
    REQUIRE(loaded);
    REQUIRE(loaded->has_value());
    const SavedState& state = **loaded;
    CHECK(state.id == NodeId{7});
    CHECK(*state.ring == *a_state(4).ring);
    CHECK(state.promises.epoch == a_state(4).promises.epoch);
    CHECK(state.promises.promised == Ballot{4, NodeId{7}});
    REQUIRE(state.promises.accepted);
    CHECK(state.promises.accepted->ballot == Ballot{4, NodeId{7}});
    CHECK(state.promises.accepted->change == a_state(4).promises.accepted->change);
    REQUIRE((*vault)->save(a_state(5)));
}

TEST_CASE("a folder that another process uses is refused with a sentence", "[runtime]") {
    const Folder folder;
    const auto first = Vault::open(folder / "data");
    REQUIRE(first);
    const auto second = Vault::open(folder / "data");
    CHECK(message_of(second) == "another process uses " + (folder / "data") +
                                    ": stop it, or give this one another --data-dir");
    CHECK(message_of(Vault::open(folder / "no/such")).find("cannot make the folder") == 0);
    write_file(folder / "file", "");
    CHECK(message_of(Vault::open(folder / "file")).find("cannot open the folder") == 0);
}

TEST_CASE("a damaged file is refused with a sentence, wherever it is damaged", "[runtime]") {
    const Folder folder;
    const auto vault = Vault::open(folder / "data");
    REQUIRE(vault);
    REQUIRE((*vault)->save(a_state(3)));
    const std::string path = folder / "data/promises";
    const std::string good = read_file(path);
    REQUIRE(good.size() > 100);
    const auto refused = [&](const std::string& bytes) {
        write_file(path, bytes);
        const std::string sentence = message_of((*vault)->load());
        return sentence.find("promises is damaged (") != std::string::npos &&
               sentence.find("remove it to begin as a new member") != std::string::npos;
    };
    for (std::size_t i = 0; i < good.size(); ++i) {
        INFO("byte " << i);
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 0x10);
        CHECK(refused(bad));
        CHECK(refused(good.substr(0, i)));
    }
    CHECK(refused(good + "more"));
    CHECK_FALSE(refused(good));
}

TEST_CASE("what is forgotten is not there for the next", "[runtime]") {
    const Folder folder;
    const auto vault = Vault::open(folder / "data");
    REQUIRE(vault);
    CHECK((*vault)->forget());  // nothing was saved
    REQUIRE((*vault)->save(a_state(3)));
    CHECK((*vault)->path() == folder / "data/promises");
    CHECK((*vault)->forget());
    const auto loaded = (*vault)->load();
    REQUIRE(loaded);
    CHECK_FALSE(loaded->has_value());
    REQUIRE((*vault)->save(a_state(4)));
    CHECK((**(*vault)->load()).promises.promised.round == 4);
}

TEST_CASE("a file that cannot be replaced is said, and the old one stays", "[runtime]") {
    const Folder folder;
    const auto vault = Vault::open(folder / "data");
    REQUIRE(vault);
    REQUIRE((*vault)->save(a_state(3)));
    std::filesystem::create_directory(folder / "data/promises.new");
    CHECK(message_of((*vault)->save(a_state(4))).find("cannot save ") == 0);
    CHECK((**(*vault)->load()).promises.promised.round == 3);
}
