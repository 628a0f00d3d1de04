#include <algorithm>
#include <array>

#include "base/assert.h"
#include "fuzz/target.h"

namespace grapevine::fuzz {

namespace {

constexpr std::array all{&datagram, &stream,  &envelope, &client_message, &server_message,
                         &hello,    &refusal, &saved,    &slot,           &words,
                         &trace,    &fault,   &program,  &reply,          &redis};

}  // namespace

std::span<const Target* const> all_targets() {
    return all;
}

const Target& target_named(std::string_view name) {
    const auto found = std::ranges::find(all, name, &Target::name);
    ASSERT(found != all.end(), "there is no target {}", name);
    return **found;
}

}  // namespace grapevine::fuzz
