#pragma once
// Rules that several messages share. For the files of wire only.

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/ids.h"
#include "base/limits.h"

namespace grapevine::wire {

// Clocks and stamps stay so far from the ends of 64 bits that sums and products with them do not
// overflow: 35,000 years in microseconds.
inline constexpr std::int64_t clock_us_max = std::int64_t{1} << 60;
inline constexpr std::int64_t stamp_ms_max = std::int64_t{1} << 50;

// Members of a ring are named by 16-bit indexes, the holders of a partition counted in 8 bits.
inline constexpr std::size_t members_max = 65535;
inline constexpr std::size_t holders_max = 255;

// Enumerators have the values 0 ... last.
template <class Enum>
bool is_known(Enum value, Enum last) {
    return value <= last;
}

inline std::string defect_of_key(std::string_view key) {
    if (key.size() <= key_size_max) return {};
    return fmt::format("a key of {} bytes is over the limit of {}", key.size(), key_size_max);
}

inline std::string defect_of_value(std::string_view value) {
    if (value.size() <= value_size_max) return {};
    return fmt::format("a value of {} bytes is over the limit of {}", value.size(), value_size_max);
}

inline std::string defect_of_name(std::string_view name) {
    if (name.size() <= name_size_max) return {};
    return fmt::format("a name of {} bytes is over the limit of {}", name.size(), name_size_max);
}

inline std::string defect_of_partition(PartitionId partition) {
    if (partition.value < slot_count) return {};
    return fmt::format("there is no partition {}", partition);
}

// The first defect of the items of a list.
template <class List, class Rule>
std::string first_defect(const List& items, const Rule& rule) {
    for (const auto& item : items) {
        if (std::string defect = rule(item); !defect.empty()) return defect;
    }
    return {};
}

}  // namespace grapevine::wire
