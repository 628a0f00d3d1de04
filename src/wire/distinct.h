#pragma once
// For packing lists in which few values occur often: each once, and small indexes instead. For the
// files of wire only.

#include <cstddef>
#include <map>
#include <vector>

namespace grapevine::wire {

// Distinct values in the order in which they were first met.
template <class Value>
class Distinct {
public:
    // Where the value stands in values().
    std::size_t index(const Value& value) {
        const auto [place, added] = index_.try_emplace(value, values_.size());
        if (added) values_.push_back(value);
        return place->second;
    }

    [[nodiscard]] const std::vector<Value>& values() const { return values_; }

private:
    std::vector<Value> values_;
    std::map<Value, std::size_t> index_;
};

}  // namespace grapevine::wire
