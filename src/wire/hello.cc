#include "wire/hello.h"

#include "wire/rule_tools.h"
#include "wire/rules.h"

namespace grapevine {

Result<void> check_hello(const Hello& hello, std::uint16_t protocol, ClusterId cluster,
                         const Ancestors& ancestors) {
    if (hello.protocol != protocol) {
        return fail("this member speaks protocol version {}, the other side version {}", protocol,
                    hello.protocol);
    }
    const bool is_kin = !hello.cluster || !cluster || hello.cluster == cluster ||
                        find_ancestor(ancestors, hello.cluster) != nullptr ||
                        find_ancestor(hello.ancestors, cluster) != nullptr;
    if (!is_kin) {
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
    if (hello.ancestors.size() > ancestors_max) return "a hello names too many ancestors";
    return {};
}

}  // namespace grapevine
