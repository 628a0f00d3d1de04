// libFuzzer's driver. One executable under the names of all targets, and what it is called by says
// which of them it is: fuzz_datagram.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "fuzz/target.h"

namespace {

constexpr std::string_view prefix = "fuzz_";

// libFuzzer gives its hooks nothing to keep their state in.
const grapevine::fuzz::Target*& chosen() {
    static const grapevine::fuzz::Target* target = nullptr;
    return target;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char*** arguments) {
    std::string_view name = (*arguments)[0];
    name.remove_prefix(name.find_last_of('/') + 1);
    ASSERT(name.starts_with(prefix), "{} is not called {}TARGET", name, prefix);
    chosen() = &grapevine::fuzz::target_named(name.substr(prefix.size()));
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    chosen()->run({reinterpret_cast<const char*>(data), size});
    return 0;
}
