// Where keys go, by what nodes say of themselves.
#include <catch2/catch.hpp>
#include <regex>
#include <set>

#include "e2e/cluster.h"

using namespace grapevine::e2e;

namespace {

std::vector<std::string> matches(const std::string& text, const std::regex& pattern) {
    std::vector<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) {
        found.push_back((*at)[1]);
    }
    return found;
}

}  // namespace

TEST_CASE("no two copies are in one zone", "[e2e]") {
    const std::string zones = "aabbc";  // of server1 to server5
    std::vector<std::vector<std::string>> nodes;
    for (const char zone : zones) {
        nodes.push_back({"--name", "server" + std::to_string(nodes.size() + 1), "--zone",
                         std::string(1, zone)});
    }
    const Cluster cluster = Cluster::without_coordinator(3, nodes);
    std::set<std::string> names;
    for (int key = 0; key < 40; ++key) {
        const std::string where = cluster.client({"--where", "key" + std::to_string(key)}).out;
        std::set<char> used;
        for (const std::string& number : matches(where, std::regex("server([1-5])"))) {
            names.insert(number);
            used.insert(zones[static_cast<std::size_t>(std::stoi(number)) - 1]);
        }
        INFO(where);
        CHECK(used == std::set<char>{'a', 'b', 'c'});
    }
    CHECK(names.size() == 5);
}

TEST_CASE("twice the weight is twice the partitions of a node", "[e2e]") {
    const Cluster cluster = Cluster::without_coordinator(
        1, {{"--name", "server1"}, {"--name", "server2"}, {"--name", "server3", "--weight", "2"}});
    const std::string table = cluster.client({"--ring"}).out;
    INFO(table);
    const auto primary = matches(table, std::regex("server[0-9]+ +[0-9.:]+ +[0-9]+ +up +([0-9]+)"));
    CHECK(primary == std::vector<std::string>{"256", "256", "512"});
}

TEST_CASE("weights and time-outs that are none are refused", "[e2e]") {
    for (const auto& [option, value] : {std::pair("--weight", "0"), std::pair("--weight", "heavy"),
                                        std::pair("--drain-timeout", "-1")}) {
        const Finished finished = run({program("kvnode"), option, value});
        CHECK(finished.code == 2);
        CHECK(finished.err.starts_with("kvnode: " + std::string(option) + ": \"" + value));
    }
    const Finished zone = run({program("kvnode"), "--zone", std::string(300, 'z')});
    CHECK(zone.code == 2);
}
