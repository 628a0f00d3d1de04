#pragma once
// What every scenario wants: a cluster whose checks fail the test when they break.

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ring/planner.h"
#include "sim/cluster.h"

namespace grapevine::testing {

using sim::Names;

class Cluster : public sim::Cluster {
public:
    using sim::Cluster::Cluster;
    ~Cluster() { CHECK(defect() == ""); }
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    // Restored, and nothing is left to do for who plans the next ring: nobody holds more than it
    // should. That can wait a while (ring/trims.h).
    bool run_until_settled(Duration limit = 30s) {
        const auto settled = [this] {
            return is_restored() && !plan(*world().newest_ring(), {}, {});
        };
        return run_until(settled, limit);
    }

    // Writes key1 ... keyN, and reads them back.
    void put_keys(std::size_t count, const std::string& value) {
        for (std::size_t i = 1; i <= count; ++i) {
            REQUIRE(put("key" + std::to_string(i), value + std::to_string(i)) == "OK");
        }
    }
    void check_keys(std::size_t count, const std::string& value) {
        for (std::size_t i = 1; i <= count; ++i) {
            INFO("key" << i);
            CHECK(get("key" + std::to_string(i)) == value + std::to_string(i));
        }
    }
    // How long it takes until the condition holds.
    Duration time_until(const std::function<bool()>& condition, Duration limit) {
        const Time begun = world().now();
        run_until(condition, limit);
        return world().now() - begun;
    }
    // How many warnings with these words are given from now on, by this process (empty: by any).
    // One at a time.
    [[nodiscard]] std::shared_ptr<std::size_t> count_warnings(const std::string& words,
                                                              const std::string& by = {}) {
        auto count = std::make_shared<std::size_t>(0);
        world().on_log([=, this](const sim::NodeHost& host, const LogLine& line) {
            const bool has = line.text.find(words) != std::string::npos;
            const bool meant = by.empty() || world().node(by) == &host;
            if (line.level == LogLevel::warning && has && meant) ++*count;
        });
        return count;
    }
    [[nodiscard]] Names all_but(const Names& gone) {
        Names names;
        for (std::size_t i = 1; i <= world().config().nodes; ++i) {
            const std::string name = sim::server_name(i);
            if (std::ranges::find(gone, name) == gone.end()) names.push_back(name);
        }
        return names;
    }
};

}  // namespace grapevine::testing
