// Where keys go, by what nodes say of themselves.
#include <catch2/catch.hpp>
#include <deque>
#include <regex>
#include <set>

#include "e2e/cluster.h"

using namespace grapevine::e2e;

namespace {

// Nodes of a cluster without a coordinator; the first one founds it.
class Nodes {
public:
    Nodes(const std::string& rep, const std::vector<std::vector<std::string>>& options) {
        for (const auto& each : options) {
            std::vector<std::string> argv{program("kvnode")};
            if (processes_.empty()) {
                argv.insert(argv.end(), {"--bootstrap", "--rep", rep, "--port",
                                         address_.substr(address_.find(':') + 1)});
            } else {
                argv.insert(argv.end(), {"--seed", address_});
            }
            argv.insert(argv.end(), each.begin(), each.end());
            processes_.emplace_back(argv);
            const Process& last = processes_.back();
            REQUIRE(eventually(patience, [&] { return last.out().find(" at ") != npos; }));
        }
        REQUIRE(client({"--wait"}).code == 0);
    }
    [[nodiscard]] Finished client(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {program("client"), "--coordinator", address_});
        return run(arguments);
    }

private:
    static constexpr auto npos = std::string::npos;

    std::string address_ = "127.0.0.1:" + std::to_string(free_port());
    std::deque<Process> processes_;
};

std::vector<std::string> matches(const std::string& text, const std::regex& pattern) {
    std::vector<std::string> found;
    for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) {
        found.push_back((*at)[1]);
    }
    return found;
}

}  // namespace

TEST_CASE("no two copies are in one zone", "[e2e]") {
    const Nodes nodes("3", {{"--name", "a1", "--zone", "a"},
                            {"--name", "a2", "--zone", "a"},
                            {"--name", "b1", "--zone", "b"},
                            {"--name", "b2", "--zone", "b"},
                            {"--name", "c1", "--zone", "c"}});
    std::set<std::string> names;
    for (int key = 0; key < 40; ++key) {
        const std::string where = nodes.client({"--where", "key" + std::to_string(key)}).out;
        std::set<char> zones;
        for (const std::string& name : matches(where, std::regex("([abc][12])"))) {
            names.insert(name);
            zones.insert(name.front());
        }
        INFO(where);
        CHECK(zones == std::set<char>{'a', 'b', 'c'});
    }
    CHECK(names.size() == 5);
}

TEST_CASE("twice the weight is twice the partitions of a node", "[e2e]") {
    const Nodes nodes("1", {{}, {}, {"--weight", "2"}});
    const std::string table = nodes.client({"--ring"}).out;
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
