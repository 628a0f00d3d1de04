#include "sim/fault.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace grapevine;
using namespace grapevine::sim;

TEST_CASE("faults are read, and written as they were read", "[sim]") {
    for (const std::string text :
         {"2s:kill=server3,server5", "1500ms:restart=server3", "250us:pause=coordinator",
          "0s:resume=server1", "6s:cut=server1/server2,server1/server3",
          "6s:cutoneway=server1/server2", "6s:hang=server1/server2", "7s:heal",
          "7s:heal=server1/server2", "1s:break=server1/server2", "3s:loss=20"}) {
        const Result<Fault> fault = parse_fault(text);
        INFO(text);
        REQUIRE(fault);
        CHECK(to_string(*fault) == text);
    }
    const Fault kill = *parse_fault("1.5s:kill=server3,server5");
    CHECK(kill.at == 1500ms);
    CHECK(kill.kind == FaultKind::kill);
    CHECK(kill.names == std::vector<std::string>{"server3", "server5"});
}

TEST_CASE("what is not a fault is refused with a sentence", "[sim]") {
    for (const std::string text : {"",
                                   "kill=server1",
                                   "2s",
                                   "2s:",
                                   "2s:kill",
                                   "2s:kill=",
                                   "2s:kill=server1,",
                                   "x:kill=server1",
                                   "2:kill=server1",
                                   "-2s:kill=server1",
                                   "2s:explode=server1",
                                   "2s:cut=server1",
                                   "2s:cut=server1/server1",
                                   "2s:cut=server1/server2/server3",
                                   "2s:loss=101",
                                   "2s:loss=-1",
                                   "2s:loss=many",
                                   "2s:loss",
                                   "99999999999999999999s:heal",
                                   "1..5s:heal"}) {
        INFO(text);
        const Result<Fault> fault = parse_fault(text);
        REQUIRE_FALSE(fault);
        CHECK_FALSE(fault.error().message.empty());
    }
}
