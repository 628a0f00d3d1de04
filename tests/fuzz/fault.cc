// Faults, scripts of them, and mixes: what is read is written as it was meant.
#include "sim/fault.h"

#include "base/assert.h"
#include "fuzz/target.h"
#include "sim/fault_mix.h"
#include "sim/script.h"

namespace grapevine::fuzz {

namespace {

void check_fault(std::string_view text) {
    const auto read = sim::parse_fault(text);
    if (!read) {
        ASSERT(!read.error().message.empty(), "refused without a reason");
        return;
    }
    ASSERT(read->at >= 0us && read->span >= 0us && read->percent <= 100, "{} is out of range",
           sim::to_string(*read));
    const auto again = sim::parse_fault(sim::to_string(*read));
    ASSERT(again && *again == *read, "\"{}\" is read as another fault", sim::to_string(*read));
}

void check_script(std::string_view text) {
    const auto any = [](const sim::Fault&, const std::vector<sim::Fault>&) -> Result<void> {
        return {};
    };
    const auto script = sim::parse_script("script", text, any);
    if (!script) {
        ASSERT(script.error().message.starts_with("script:"), "{}", script.error().message);
        return;
    }
    std::string lines;
    for (const sim::Fault& each : *script) lines += sim::to_string(each) + "\n";
    const auto again = sim::parse_script("script", lines, any);
    ASSERT(again && *again == *script, "the script is read as another:\n{}", lines);
}

void run(std::string_view text) {
    check_fault(text);
    check_script(text);
    if (const auto mix = sim::FaultMix::parse(text)) {
        const auto again = sim::FaultMix::parse(sim::to_string(*mix));
        ASSERT(again && *again == *mix, "{} is read as another mix", sim::to_string(*mix));
    }
}

std::vector<std::string> seeds(Samples&) {
    return {"2s:kill=server3,server5",
            "1500ms:restart=server3",
            "2s:aim=chunk@server1,server2",
            "3s:slow=server1,coordinator@50",
            "3s:drift=server1@-15625",
            "6s:cut=server1+server2/server3+server4,a/b",
            "6s:cutoneway=server1/server2",
            "6s:clogoneway=server1/server2",
            "4s:join=server8",
            "5s:acceptloss",
            "6s:flap=server1/server2@200ms",
            "6s:clog=a/b\n6s:hang=a/b\n6.25s:refuse=a/b\n9s:heal\n9s:heal=a/b",
            "1s:break=server1/server2 # links",
            "3s:loss=20",
            "3s:burst=20@8",
            "3s:duplicate=5@2s\n3s:corrupt=5\n\n3s:echo=10@4s",
            "3s:delay=100us-2ms-80ms",
            "0.000001s:pause=a\n0us:resume=a\n9s:calm",
            "kill,aim,pause,slow,drift,cut,flap,clog,hang",
            "break,refuse,loss,burst,delay,duplicate,corrupt,client,echo",
            "all",
            "none"};
}

}  // namespace

// a+b/c+d is all pairs of both groups: what is written of n bytes has up to n * n.
const Target fault{"fault", run, seeds, 512};

}  // namespace grapevine::fuzz
