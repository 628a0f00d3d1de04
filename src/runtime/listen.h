#pragma once
// --port, --listen and --advertise: what they mean together. Servers share it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "runtime/endpoint.h"

namespace grapevine {

struct ListenOptions {
    std::optional<std::uint16_t> port;  // none: not asked for
    std::string listen = "127.0.0.1";   // host or host:port
    std::string advertise;              // host or host:port that others use; empty: as `listen`
    // Where the search for a free port begins when none was asked for.
    std::uint16_t search_from = 0;
    // Used, without a search, when none was asked for and search_from is 0.
    std::uint16_t default_port = 0;
};

struct ListenPlan {
    ListenOn where;
    Address advertised;   // port 0: the one that was found
    std::string warning;  // for a person; empty: none
};

// For a process that those at `seeds` have to reach: an error where they could not.
Result<ListenPlan> plan_listening(const ListenOptions& options,
                                  const std::vector<Address>& seeds = {});

// What others are told, once the endpoint is open at `bound`.
Address advertised_address(const ListenPlan& plan, Address bound);

}  // namespace grapevine
