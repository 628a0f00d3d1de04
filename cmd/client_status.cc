// client --ring, --status and --history: what the cluster is like and what happened to it.

#include <fmt/format.h>

#include <algorithm>
#include <variant>
#include <vector>

#include "base/print.h"
#include "client_verbs.h"
#include "coordinator/health.h"
#include "runtime/admin.h"
#include "runtime/cluster_view.h"

namespace grapevine {

namespace {

Duration patience_of(const ClientOptions& options) {
    return std::min<Duration>(1s, options.timeout);
}

}  // namespace

std::vector<RingEvent> fetch_history(const Ring& ring, Duration timeout) {
    std::vector<HistoryReply> replies;
    for (const auto& answer : ask_all(addresses_of_up(ring), HistoryRequest{}, timeout)) {
        const auto* reply = answer ? std::get_if<HistoryReply>(&*answer) : nullptr;
        if (reply != nullptr) replies.push_back(*reply);
    }
    return merge_histories(replies);
}

int show_ring(const ClientOptions& options) {
    const auto ring = ring_of(options);
    if (!ring) return complain(Exit::unchanged, ring.error().message);
    const Statuses status = fetch_status(**ring, patience_of(options));
    print_out("{}", options.json ? ring_json(**ring, status) : ring_table(**ring, status));
    return static_cast<int>(Exit::done);
}

int show_health(const ClientOptions& options) {
    const auto ring = ring_of(options);
    if (!ring) return complain(Exit::unchanged, ring.error().message);
    tell_of_left_behind(options, **ring);
    const Health health = health_of(**ring, fetch_status(**ring, patience_of(options)));
    print_out("{}", options.json ? health_json(**ring, health) : health_text(**ring, health));
    return static_cast<int>(health.verdict == HealthVerdict::healthy ? Exit::done : Exit::negative);
}

int show_history(const ClientOptions& options) {
    const auto ring = ring_of(options);
    if (!ring) return complain(Exit::unchanged, ring.error().message);
    const std::vector<RingEvent> events = fetch_history(**ring, patience_of(options));
    if (events.empty()) return complain(Exit::unchanged, "no member answers");
    print_out("{}", options.json ? history_json(events) : history_text(events));
    return static_cast<int>(Exit::done);
}

}  // namespace grapevine
