#include "sim/fault.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sim/fault_mix.h"

using namespace grapevine;
using namespace grapevine::sim;

TEST_CASE("faults are read, and written as they were read", "[sim]") {
    for (const std::string text : {"2s:kill=server3,server5",
                                   "1500ms:restart=server3",
                                   "1600ms:back=coordinator",
                                   "4s:leave=server3,server5",
                                   "250us:pause=coordinator",
                                   "1500000001us:pause=coordinator",
                                   "0s:resume=server1",
                                   "5s:force",
                                   "5s:acceptloss",
                                   "4s:join=server8,server9",
                                   "6s:clogoneway=server1/server2",
                                   "6s:hangoneway=server1/server2",
                                   "6s:muteoneway=server1/server2",
                                   "6s:cut=server1/server2,server1/server3",
                                   "6s:cutoneway=server1/server2",
                                   "7s:heal",
                                   "7s:heal=server1/server2",
                                   "1s:break=server1/server2",
                                   "3s:loss=20",
                                   "2s:kill=client2",
                                   "2s:aim=accept",
                                   "2s:aim=chunk@server1,server2",
                                   "3s:slow=server1,coordinator@50",
                                   "3s:drift=server1@-15625",
                                   "3s:drift=server1,client1@15625",
                                   "6s:flap=server1/server2@200ms",
                                   "6s:clog=server1/server2",
                                   "6s:hang=server1/server2",
                                   "6s:mute=server1/server2",
                                   "6s:refuse=server1/server2,server3/server2",
                                   "3s:burst=20@8",
                                   "3s:duplicate=5@2s",
                                   "3s:corrupt=5",
                                   "3s:delay=100us-300us",
                                   "3s:delay=100us-2ms-80ms",
                                   "3s:echo=10@4s",
                                   "3s:full=server1,server2@16",
                                   "3s:full=server1@0",
                                   "9s:roomy=server1",
                                   "9s:calm"}) {
        const Result<Fault> fault = parse_fault(text);
        INFO(text);
        REQUIRE(fault);
        CHECK(to_string(*fault) == text);
        CHECK(*parse_fault(to_string(*fault)) == *fault);
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
                                   "2s:cut=server1+server2/server2",
                                   "2s:cut=server1+/server2",
                                   "2s:aim",
                                   "2s:aim=",
                                   "2s:aim=lunch",
                                   "2s:aim=accept@",
                                   "2s:slow=server1",
                                   "2s:slow=server1@0",
                                   "2s:slow=server1@1001",
                                   "2s:slow=@5",
                                   "2s:drift=server1@15626",
                                   "2s:drift=server1@-15626",
                                   "2s:drift=server1@fast",
                                   "2s:flap=server1/server2",
                                   "2s:flap=server1/server2@0s",
                                   "2s:flap=server1/server2@fast",
                                   "2s:burst=20",
                                   "2s:burst=91@8",
                                   "2s:burst=20@0",
                                   "2s:burst=90@2",
                                   "2s:duplicate=5",
                                   "2s:duplicate=5@",
                                   "2s:corrupt=101",
                                   "2s:delay=100us",
                                   "2s:delay=300us-100us",
                                   "2s:delay=0us-100us",
                                   "2s:delay=100us-300us-200us",
                                   "2s:delay=1us-2us-3us-4us",
                                   "2s:echo=10",
                                   "2s:full=server1",
                                   "2s:full=server1@-1",
                                   "2s:full=server1@9999999",
                                   "2s:roomy",
                                   "2s:calm=server1",
                                   "99999999999999999999s:heal",
                                   "1..5s:heal"}) {
        INFO(text);
        const Result<Fault> fault = parse_fault(text);
        REQUIRE_FALSE(fault);
        CHECK_FALSE(fault.error().message.empty());
    }
}

TEST_CASE("a cut between groups is one between each of one and each of the other", "[sim]") {
    const Fault cut = *parse_fault("1s:cut=server1+server2/server3+coordinator");
    using Pair = std::pair<std::string, std::string>;
    CHECK(cut.pairs == std::vector<Pair>{{"server1", "server3"},
                                         {"server1", "coordinator"},
                                         {"server2", "server3"},
                                         {"server2", "coordinator"}});
    CHECK(*parse_fault(to_string(cut)) == cut);
}

TEST_CASE("a mix of faults is read, and written as it was read", "[sim]") {
    for (const std::string text :
         {"all", "none", "kill,pause,cut,loss", "aim", "client,echo",
          "slow,drift,flap,clog,hang,mute,break,refuse,burst,delay,corrupt"}) {
        INFO(text);
        const Result<FaultMix> mix = FaultMix::parse(text);
        REQUIRE(mix);
        CHECK(to_string(*mix) == text);
    }
    CHECK(to_string(*FaultMix::parse("loss,kill")) == "kill,loss");
    CHECK(FaultMix::parse("kill")->has(FaultClass::kill));
    CHECK_FALSE(FaultMix::parse("kill")->has(FaultClass::aim));
    for (const std::string text : {"", "kill,", "Kill", "all,kill", "kill cut"}) {
        INFO(text);
        const Result<FaultMix> mix = FaultMix::parse(text);
        REQUIRE_FALSE(mix);
        CHECK(mix.error().message.contains("known are"));
    }
}

TEST_CASE("drawn mixes differ, and none is empty", "[sim]") {
    Rng rng(1);
    std::vector<std::size_t> seen(fault_classes);
    for (int i = 0; i < 200; ++i) {
        const FaultMix mix = FaultMix::draw(rng);
        CHECK_FALSE(mix.is_none());
        for (std::size_t one = 0; one < fault_classes; ++one) {
            if (mix.has(static_cast<FaultClass>(one))) ++seen[one];
        }
    }
    for (const std::size_t count : seen) {
        CHECK(count > 60);
        CHECK(count < 140);
    }
}
