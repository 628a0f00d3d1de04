#include "wire/hello.h"

#include "wire/rule_tools.h"
#include "wire/rules.h"

namespace grapevine {

Result<void> check_hello(const Hello& hello, std::uint16_t protocol, ClusterId cluster,
                         ClusterId parent) {
    if (hello.protocol != protocol) {
        return fail("this member speaks protocol version {}, the other side version {}", protocol,
                    hello.protocol);
    }
    const bool is_kin = hello.cluster == parent || hello.parent == cluster;
    if (hello.cluster && cluster && hello.cluster != cluster && !is_kin) {
        return fail("this member is in cluster {:x}, the other side in cluster {:x}", cluster,
                    hello.cluster);
    }
    return {};
}

std::string wire::defect(const Hello& hello) {
    if (!is_known(hello.speaker, Speaker::client)) return "a hello is of an unknown speaker";
    if (hello.speaker == Speaker::peer && (!hello.from || !hello.address)) {
        return "a peer's hello lacks its id or address";
    }
    return {};
}

}  // namespace grapevine
