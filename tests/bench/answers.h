#pragma once
// Who asks a Dialect in tests: keeps what it is answered.

#include <string>
#include <vector>

#include "bench/dialect.h"

namespace grapevine::bench {

class Answers final : public Asker {
public:
    // The next number.
    Command ask(bool put, std::string_view key = "key") {
        const Flight& flight = flights_.begin(Time{}, {}, put);
        return {.sequence = flight.sequence,
                .floor = flights_.floor_for(flight.sequence),
                .put = put,
                .slot = 0,
                .key = key};
    }

    [[nodiscard]] const Flight* asked(std::uint64_t sequence) const override {
        return flights_.find(sequence);
    }
    void answered(std::uint64_t sequence, std::string_view defect) override {
        flights_.end(sequence);
        order.push_back(sequence);
        defects.emplace_back(defect);
    }
    void repeat(std::uint64_t sequence) override { repeated.push_back(sequence); }

    std::vector<std::uint64_t> order;
    std::vector<std::string> defects;  // as answered
    std::vector<std::uint64_t> repeated;

private:
    Flights flights_{4};
};

}  // namespace grapevine::bench
