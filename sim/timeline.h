#pragma once
// Watches what follows a death: when somebody first held each of the dead for gone, when a ring
// without them was agreed on, when everything was served again, when all copies were back.

#include <optional>
#include <set>
#include <string>

#include "node/messages.h"
#include "sim/cluster.h"

namespace grapevine::sim {

class Timeline {
public:
    explicit Timeline(Cluster& cluster) : cluster_(cluster) {}

    // The processes that are to be missed from now on.
    void begin(const Names& dead);
    void saw_message(const Envelope& envelope);
    void saw_ring(const Ring& ring);
    void saw_ready();
    void saw_restored();

    [[nodiscard]] bool is_detected() const { return detected_.has_value(); }
    [[nodiscard]] bool is_agreed() const { return agreed_.has_value(); }
    [[nodiscard]] bool is_served() const { return served_.has_value(); }
    // "detected after 12 ms, agreed after 15 ms, ..."
    [[nodiscard]] std::string summary() const;

private:
    Cluster& cluster_;
    Time begun_;
    std::set<NodeId> dead_;
    std::set<NodeId> unnoticed_;
    std::optional<Duration> detected_;
    std::optional<Duration> agreed_;
    std::optional<Duration> served_;
    std::optional<Duration> restored_;
};

// "123.4 ms".
std::string milliseconds(Duration span);

}  // namespace grapevine::sim
