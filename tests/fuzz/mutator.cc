#include "fuzz/mutator.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace grapevine::fuzz {

namespace {

struct Range {
    std::size_t at;
    std::size_t size;
};

// Short ones more often than long ones.
Range some_range(const std::string& bytes, Rng& rng) {
    const std::size_t at = rng.below(bytes.size());
    const std::size_t left = bytes.size() - at;
    return {at, 1 + rng.below(std::min<std::size_t>(left, std::size_t{1} << rng.below(10)))};
}

void flip_bit(std::string& bytes, Rng& rng) {
    char& byte = bytes[rng.below(bytes.size())];
    byte = static_cast<char>(byte ^ 1 << rng.below(8));
}

void set_byte(std::string& bytes, Rng& rng) {
    bytes[rng.below(bytes.size())] = static_cast<char>(rng.next());
}

// A little-endian number of 1 to 8 bytes where one may be: an offset, a size, an index, a stamp.
void change_number(std::string& bytes, Rng& rng) {
    const std::size_t size = std::size_t{1} << rng.below(4);
    if (bytes.size() < size) return;
    const std::size_t at = rng.below(bytes.size() / size) * size;
    std::uint64_t number = 0;
    for (std::size_t i = size; i-- > 0;) {
        number = number << 8 | static_cast<std::uint8_t>(bytes[at + i]);
    }
    switch (rng.below(4)) {
        case 0:
            number += 1 + rng.below(8);
            break;
        case 1:
            number -= 1 + rng.below(8);
            break;
        case 2:
            number = rng.below(bytes.size() + 1);
            break;
        default:
            // Next to a power of two: where signs change and sizes run over.
            number = (std::uint64_t{1} << rng.below(8 * size)) - 1 + rng.below(3);
    }
    for (std::size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(number >> (8 * i));
}

void cut_end(std::string& bytes, Rng& rng) {
    bytes.resize(rng.below(bytes.size()));
}

void cut_out(std::string& bytes, Rng& rng) {
    const auto [at, size] = some_range(bytes, rng);
    bytes.erase(at, size);
}

void double_range(std::string& bytes, Rng& rng) {
    const auto [at, size] = some_range(bytes, rng);
    bytes.insert(rng.below(bytes.size() + 1), std::string(bytes, at, size));
}

void copy_over(std::string& bytes, Rng& rng) {
    const auto [at, size] = some_range(bytes, rng);
    const std::string range(bytes, at, size);
    bytes.replace(rng.below(bytes.size() - size + 1), size, range);
}

}  // namespace

Mutator::Mutator(std::vector<std::string> seeds, std::size_t size_max)
    : seeds_(std::move(seeds)), size_max_(size_max) {
    ASSERT(!seeds_.empty(), "nothing to change");
}

const std::string& Mutator::some_seed(Rng& rng) const {
    return seeds_[rng.below(seeds_.size())];
}

void Mutator::change(std::string& bytes, Rng& rng) const {
    constexpr void (*changes[])(std::string&, Rng&) = {
        flip_bit, set_byte, change_number, cut_end, cut_out, double_range, copy_over};
    const std::uint64_t chosen = rng.below(std::size(changes) + 2);
    const std::string& other = some_seed(rng);
    if (bytes.empty() || (chosen == std::size(changes) && !other.empty())) {
        // A piece of another.
        if (other.empty()) return;
        const auto [at, size] = some_range(other, rng);
        bytes.insert(rng.below(bytes.size() + 1), other, at, size);
    } else if (chosen < std::size(changes)) {
        changes[chosen](bytes, rng);
    } else {
        // The end of another.
        bytes.resize(rng.below(bytes.size() + 1));
        bytes.append(other, std::min(bytes.size(), other.size()), std::string::npos);
    }
    if (bytes.size() > size_max_) bytes.resize(size_max_);
}

std::string Mutator::input(std::uint64_t number) const {
    Rng rng(number);
    std::string bytes = some_seed(rng);
    // The seeds themselves are among the inputs.
    for (std::uint64_t changes = rng.below(5); changes > 0; --changes) change(bytes, rng);
    return bytes;
}

}  // namespace grapevine::fuzz
