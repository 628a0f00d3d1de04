// Single words of command lines: what is read is written as it was meant.
#include "base/address.h"
#include "base/assert.h"
#include "base/limits.h"
#include "fuzz/target.h"
#include "runtime/arguments.h"

namespace grapevine::fuzz {

namespace {

void run(std::string_view text) {
    if (const auto address = parse_address(text)) {
        ASSERT(address->port != 0, "{} has no port", *address);
        const auto again = parse_address(to_string(*address));
        ASSERT(again && *again == *address, "{} is read as another address", *address);
    }
    if (const auto version = parse_version(std::string(text))) {
        const auto again = parse_version(fmt::format("{}", *version));
        ASSERT(again && *again == *version, "{} is read as another version", *version);
    }
    if (const auto seconds = parse_seconds(std::string(text), deadline_max)) {
        ASSERT(*seconds > 0us && *seconds <= deadline_max, "{} us", to_us(*seconds));
    }
}

std::vector<std::string> seeds(Samples&) {
    return {"127.0.0.1:7000",
            "255.255.255.255:65535",
            "0.0.0.0:1",
            "17.3",
            "0.0",
            "18446744073709551615.18446744073709551615",
            "5",
            "0.25",
            "60",
            "59.999999"};
}

}  // namespace

const Target words{"words", run, seeds, 64};

}  // namespace grapevine::fuzz
