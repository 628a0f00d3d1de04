#pragma once
// A command of a connection that takes more than one program of one partition, or whose reply is
// not what the partition's primary says: its parts, and what becomes of their replies.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "command/program.h"
#include "command/reply.h"
#include "resp/args.h"
#include "resp/pieces.h"

namespace grapevine::resp {

using command::Protocol;
using command::Reply;

// Where a part goes.
struct Target {
    PartitionId partition;
    std::string_view key{};  // routes; empty: the partition is meant as a whole
    bool has_key = false;
};

// What a transaction has watched; shared by those who read the versions and by EXEC.
struct WatchSet {
    struct Watched {
        Version version;
        bool known = false;  // the version was told
    };
    std::map<std::string, Watched, std::less<>> keys;
    bool failed = false;  // a version could not be had: what watches it is not executed
};

// Takes parts of a task: a session.
class Parts {
public:
    virtual ~Parts() = default;
    // A command of one partition. `part`: what the task calls it.
    virtual void add(std::size_t part, const Target& target, bool writes, Args args) = 0;
    // The same in a program of its own, to be followed by others before what else waits for that
    // partition. `first`: behind what waits already.
    virtual void add_step(std::size_t part, const Target& target, bool first, Args args) = 0;
    // All of a transaction's, with the reply of EXEC.
    virtual void add_atomic(std::size_t part, const Target& target,
                            std::span<const std::vector<std::string>> commands, bool writes,
                            std::shared_ptr<const WatchSet> watched) = 0;
    // A command on a partition as a whole, as a finished program that others may share.
    virtual void add_program(std::size_t part, PartitionId partition, bool writes,
                             std::shared_ptr<const std::string> program) = 0;
};

class Task {
public:
    virtual ~Task() = default;
    // Adds its first parts; one at least.
    virtual void begin(Parts& parts) = 0;
    // The RESP3 reply to a part, and who gave it (zero: nobody); may add more.
    virtual void answered(Parts& parts, std::size_t part, std::string_view reply, NodeId by) = 0;
    // Everything that was asked is answered.
    [[nodiscard]] virtual bool is_done() const = 0;
    virtual void write(Reply& reply) = 0;
    // Its reply, once: it may give away what it keeps. What write() writes, unless it says
    // otherwise.
    [[nodiscard]] virtual Pieces take_reply(Protocol protocol) {
        Reply reply(protocol);
        write(reply);
        Pieces pieces;
        pieces.append_moved(reply.take());
        return pieces;
    }
    // What it keeps, beside the parts that it has added; about.
    [[nodiscard]] virtual std::size_t memory_bytes() const = 0;
};

}  // namespace grapevine::resp
