// client --ring, --status and --history: what the cluster is like and what happened to it.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <string>
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

Histories fetch_history(const Ring& ring, Duration timeout) {
    const std::vector<Address> asked = addresses_of_up(ring);
    const auto answers = ask_all(asked, HistoryRequest{}, timeout);
    std::vector<HistoryReply> replies;
    Histories histories;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        const auto* reply = answers[i] ? std::get_if<HistoryReply>(&*answers[i]) : nullptr;
        if (reply != nullptr) {
            replies.push_back(*reply);
        } else {
            histories.silent.push_back(ring.member_at(asked[i])->name);
        }
    }
    histories.events = merge_histories(replies);
    return histories;
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
    const auto [events, silent] = fetch_history(**ring, patience_of(options));
    if (events.empty()) return complain(Exit::unchanged, "no member answers");
    print_out("{}", options.json ? history_json(events) : history_text(events));
    if (!silent.empty()) {
        print_err("client: {} did not answer: the times that nobody else knows are missing\n",
                  fmt::join(silent, ", "));
    }
    return static_cast<int>(Exit::done);
}

}  // namespace grapevine
