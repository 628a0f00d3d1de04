#include "sim/fault_mix.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace grapevine::sim {

namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, fault_classes> class_names{
    "kill",   "leave", "aim",   "pause",  "slow",  "drift", "cut",       "flap",      "clog",
    "hang",   "mute",  "break", "refuse", "loss",  "burst", "delay",     "duplicate", "corrupt",
    "client", "echo",  "full",  "wall",   "force", "join",  "acceptloss"};

}  // namespace

FaultMix FaultMix::draw(Rng& rng) {
    const auto bits = static_cast<std::uint32_t>(rng.below(1U << fault_classes));
    return bits == 0 ? all() : FaultMix(bits);
}

Result<FaultMix> FaultMix::parse(std::string_view text) {
    if (text == "all") return all();
    if (text == "none") return none();
    FaultMix mix = none();
    for (;;) {
        const std::size_t comma = text.find(',');
        const std::string_view name = text.substr(0, comma);
        const auto found = std::ranges::find(class_names, name);
        if (found == class_names.end()) {
            return fail("\"{}\" is not a class of faults; known are all, none, {}", name,
                        fault_class_names());
        }
        mix = mix.with(static_cast<FaultClass>(found - class_names.begin()));
        if (comma == std::string_view::npos) return mix;
        text.remove_prefix(comma + 1);
    }
}

std::string fault_class_names() {
    return fmt::format("{}", fmt::join(class_names, ", "));
}

std::string to_string(FaultMix mix) {
    if (mix == FaultMix::all()) return "all";
    if (mix.is_none()) return "none";
    std::vector<std::string_view> parts;
    for (std::size_t i = 0; i < fault_classes; ++i) {
        if (mix.has(static_cast<FaultClass>(i))) parts.push_back(class_names[i]);
    }
    return fmt::format("{}", fmt::join(parts, ","));
}

}  // namespace grapevine::sim
