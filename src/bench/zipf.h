#pragma once
// Zipf's distribution: of `items` ranks from 0 on, rank r is drawn with a chance in proportion to
// 1 / (r + 1)^s.
//
// By rejection-inversion (Hoermann and Derflinger 1996), which is exact, needs no table, and lets
// the number of items grow at any time. YCSB's own generator (Gray et al. 1994) is exact for the
// first two ranks and approximates the others.

#include <cstdint>

#include "base/rng.h"

namespace grapevine::bench {

class Zipf {
public:
    // items > 0; s > 0 and not 1.
    Zipf(std::uint64_t items, double s);

    [[nodiscard]] std::uint64_t items() const { return items_; }
    void resize(std::uint64_t items);
    // A rank below items().
    [[nodiscard]] std::uint64_t draw(Rng& rng) const;

private:
    // Of the density x^-s, and what belongs to it.
    [[nodiscard]] double density(double x) const;
    [[nodiscard]] double integral(double x) const;
    [[nodiscard]] double inverse_integral(double area) const;

    std::uint64_t items_ = 0;
    double s_;
    double area_first_;     // where the first rank's area begins
    double area_last_ = 0;  // where the last one's ends
    double surely_within_;  // so near below a rank, it is that rank without a look at the area
};

}  // namespace grapevine::bench
