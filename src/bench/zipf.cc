#include "bench/zipf.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace grapevine::bench {

namespace {

// Uniform in [0, 1).
double uniform(Rng& rng) {
    return static_cast<double>(rng.next() >> 11) * 0x1p-53;
}

}  // namespace

Zipf::Zipf(std::uint64_t items, double s) : s_(s) {
    ASSERT(s > 0 && s != 1);
    area_first_ = integral(1.5) - 1;
    surely_within_ = 2 - inverse_integral(integral(2.5) - density(2));
    resize(items);
}

void Zipf::resize(std::uint64_t items) {
    ASSERT(items > 0);
    items_ = items;
    area_last_ = integral(static_cast<double>(items) + 0.5);
}

double Zipf::density(double x) const {
    return std::pow(x, -s_);
}

double Zipf::integral(double x) const {
    return (std::pow(x, 1 - s_) - 1) / (1 - s_);
}

double Zipf::inverse_integral(double area) const {
    return std::pow(std::max(area * (1 - s_) + 1, 0.0), 1 / (1 - s_));
}

// Ranks count from 1 in here. The area under the density from k - 1/2 to k + 1/2 is a bit more than
// the density at k: where a point falls into what is more, another is drawn.
std::uint64_t Zipf::draw(Rng& rng) const {
    for (;;) {
        const double area = area_last_ + uniform(rng) * (area_first_ - area_last_);
        const double x = inverse_integral(area);
        const double rank = std::clamp(std::floor(x + 0.5), 1.0, static_cast<double>(items_));
        if (rank - x <= surely_within_ || area >= integral(rank + 0.5) - density(rank)) {
            return static_cast<std::uint64_t>(rank) - 1;
        }
    }
}

}  // namespace grapevine::bench
