#pragma once
// What the client shows of a cluster as a whole, for people and, as one line of JSON, for programs.
// Pure.

#include <map>
#include <string>
#include <vector>

#include "client/messages.h"
#include "coordinator/health.h"
#include "ring/ring.h"

namespace grapevine {

// name, address, pid, state, primary, copies, keys and what is to receive of each member, and a
// line about the whole.
std::string ring_table(const Ring& ring, const Statuses& status);
std::string ring_json(const Ring& ring, const Statuses& status);

// The verdict with its reasons.
std::string health_text(const Ring& ring, const Health& health);
std::string health_json(const Ring& ring, const Health& health);

// The last changes of the ring, from what each member saw of them: by rising epoch; of each span
// the longest that one of them tells, the words of who proposed it where he answered. What one
// tells as several events is left out where another has it in one.
std::vector<RingEvent> merge_histories(const std::vector<HistoryReply>& replies);
std::string history_text(const std::vector<RingEvent>& events);
std::string history_json(const std::vector<RingEvent>& events);

}  // namespace grapevine
