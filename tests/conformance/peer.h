#pragma once
// Who answers commands in the conformance tests: a server at the other end of a socket, or the
// library that a primary executes commands with.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command/memory_keys.h"
#include "command/reply.h"

namespace grapevine::conformance {

using command::Protocol;

class Peer {
public:
    virtual ~Peer() = default;
    // One command, one reply.
    virtual std::string ask(const std::vector<std::string>& args, Protocol protocol) = 0;
    // Whether commands that a node answers by itself (PING, MULTI) are answered too.
    [[nodiscard]] virtual bool is_node() const = 0;
};

// A Redis server of its own for a test, on a socket in a folder of its own; without persistence,
// with values of up to the size that ours may have.
class Reference : public Peer {
public:
    // Nothing where redis-server is not installed.
    static std::unique_ptr<Reference> start();
    ~Reference() override;
    Reference(const Reference&) = delete;
    Reference& operator=(const Reference&) = delete;

    std::string ask(const std::vector<std::string>& args, Protocol protocol) override;
    [[nodiscard]] bool is_node() const override { return true; }
    // Sends all and then reads all replies, in RESP3.
    std::vector<std::string> ask_all(const std::vector<std::vector<std::string>>& commands);

private:
    class Connection;

    Reference(std::string folder, int pid);
    Connection& connection(Protocol protocol);

    std::string folder_;
    int pid_;
    std::unique_ptr<Connection> resp2_;
    std::unique_ptr<Connection> resp3_;
};

// The library on a partition in memory, by the clock of this machine.
class Executor : public Peer {
public:
    std::string ask(const std::vector<std::string>& args, Protocol protocol) override;
    [[nodiscard]] bool is_node() const override { return false; }

private:
    command::MemoryKeys keys_;
};

}  // namespace grapevine::conformance
