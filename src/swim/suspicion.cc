#include "swim/suspicion.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace grapevine {
namespace {

constexpr int log_bits = 16;

// log2(value) in 1/65536ths, value from 1 to 65536: the integer part from the position of the
// highest bit, each further bit by squaring what is left. No libm: its results differ by machine.
std::int64_t log2_fixed(std::uint64_t value) {
    const int whole = static_cast<int>(std::bit_width(value)) - 1;
    std::uint64_t mantissa = (value << 30) >> whole;  // in [1, 2), 30 bits after the point
    std::int64_t result = whole;
    for (int bit = 0; bit < log_bits; ++bit) {
        mantissa = (mantissa * mantissa) >> 30;
        const bool carry = mantissa >= (std::uint64_t{2} << 30);
        if (carry) mantissa >>= 1;
        result = result * 2 + (carry ? 1 : 0);
    }
    return result;
}

}  // namespace

Duration suspicion_time(const SuspicionLimits& limits, std::size_t confirmations) {
    if (confirmations >= limits.confirmations) return limits.min;
    const Duration range = limits.max - limits.min;
    return limits.max -
           range * log2_fixed(confirmations + 1) / log2_fixed(limits.confirmations + 1);
}

bool Suspicion::confirm(NodeId observer, Evidence evidence) {
    auto& known = evidence == Evidence::gone ? gone_for_ : silent_for_;
    if (known.size() > limits_.confirmations || std::ranges::count(known, observer) > 0) {
        return false;
    }
    known.push_back(observer);
    return true;
}

std::size_t Suspicion::observers() const {
    const auto both = std::ranges::count_if(
        silent_for_, [&](NodeId id) { return std::ranges::count(gone_for_, id) > 0; });
    return silent_for_.size() + gone_for_.size() - static_cast<std::size_t>(both);
}

Time Suspicion::expiry(Time silent_from) const {
    const std::size_t confirmations = std::max<std::size_t>(observers(), 1) - 1;
    return std::max(started_, silent_from) + suspicion_time(limits_, confirmations);
}

bool Suspicion::gone_for_other_than(NodeId self) const {
    return std::ranges::any_of(gone_for_, [self](NodeId id) { return id != self; });
}

}  // namespace grapevine
