#pragma once
// A few words with a server that is being set up: a question on a connection of its own, and asking
// again until something is so.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/result.h"
#include "bench/processes.h"
#include "bench/session.h"

namespace grapevine::bench {

// What was answered, once all of it has come; nothing: more has to come.
using Understand = std::function<Result<std::optional<std::string>>(std::string_view bytes)>;

// Turns the loop until the answer is there.
Result<std::string> exchange(Session& session, Address server, std::string_view question,
                             const Understand& understand);

// Tries until `attempt` returns true. The error: `what`, not within `bound`; interrupted; or a
// process has ended.
Result<void> try_until(Session& session, const Processes& processes, Duration bound,
                       const std::string& what, const std::function<bool()>& attempt);

// So many ports of loopback that were free, for TCP and UDP, a moment ago.
Result<std::vector<std::uint16_t>> free_ports(std::size_t count);

// Whether a program can be found along $PATH.
bool is_installed(const std::string& program);

}  // namespace grapevine::bench
