#pragma once
// A cluster that is loaded: Grapevine's or a peer's, made of real processes, which end with it.

#include <cstdint>
#include <string>

#include "bench/dialect.h"
#include "bench/lanes.h"
#include "bench/processes.h"

namespace grapevine::bench {

class Target {
public:
    virtual ~Target() = default;

    // One word, and what it consists of.
    [[nodiscard]] virtual std::string name() const = 0;
    [[nodiscard]] virtual std::string description() const = 0;

    [[nodiscard]] virtual Routes routes() const = 0;
    // Another than before: routes are others, and connections with them.
    [[nodiscard]] virtual std::uint64_t routes_version() const { return 0; }
    // For connections by the present routes. `acks`: copies beyond the first that a put waits for
    // where the protocol leaves that to clients. `value` outlives them.
    [[nodiscard]] virtual MakeDialect dialect(std::string_view value, unsigned acks) = 0;

    [[nodiscard]] virtual Use use() const = 0;
    // Who has ended; empty: all run.
    [[nodiscard]] virtual const std::string& broken() const = 0;
};

}  // namespace grapevine::bench
