// Replies of other nodes: the bytes of one are known without reading past them, it is RESP2 once
// made so, and making it so again changes nothing.
#include "command/reply.h"
#include "base/assert.h"
#include "fuzz/target.h"

namespace grapevine::fuzz {

namespace {

void run(std::string_view bytes) {
    std::string_view rest = bytes;
    while (const auto taken = command::take_reply(rest)) {
        ASSERT(command::reply_size(*taken) == taken->size(), "{} bytes", taken->size());
    }
    std::string resp2;
    const bool good = command::append_resp2(resp2, bytes);
    ASSERT(good == rest.empty(), "{} bytes are left", rest.size());
    if (!good) return;
    std::string again;
    ASSERT(command::append_resp2(again, resp2) && again == resp2, "is not RESP2");
}

std::vector<std::string> seeds(Samples&) {
    return {"+OK\r\n-ERR no\r\n:-12\r\n_\r\n#t\r\n,1.5\r\n(99999999999999999999\r\n",
            "$5\r\nhello\r\n=8\r\ntxt:abcd\r\n!5\r\nERR x\r\n$-1\r\n*-1\r\n",
            "*2\r\n%1\r\n$1\r\nk\r\n~2\r\n:1\r\n:2\r\n*0\r\n", ">1\r\n+x\r\n$0\r\n\r\n"};
}

}  // namespace

const Target reply{"reply", run, seeds, 256};

}  // namespace grapevine::fuzz
