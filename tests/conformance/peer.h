#pragma once
// Who answers commands in the conformance tests: a server at the other end of a socket, or the
// library that a primary executes commands with.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "command/memory_keys.h"
#include "command/reply.h"
#include "conformance/link.h"

namespace grapevine::conformance {

using command::Protocol;

class Peer {
public:
    virtual ~Peer() = default;
    // One command, one reply.
    virtual std::string ask(const std::vector<std::string>& args, Protocol protocol) = 0;
    // Many, in RESP3.
    virtual std::vector<std::string> ask_all(const std::vector<std::vector<std::string>>& commands);
    // Whether commands that a node answers by itself (PING, MULTI) are answered too.
    [[nodiscard]] virtual bool is_node() const = 0;
};

// A server with one connection for each protocol, made when they are wanted.
class Server : public Peer {
public:
    std::string ask(const std::vector<std::string>& args, Protocol protocol) override;
    [[nodiscard]] bool is_node() const override { return true; }
    // Sends all and then reads all replies.
    std::vector<std::string> ask_all(
        const std::vector<std::vector<std::string>>& commands) override;

protected:
    // A descriptor; -1: it does not listen yet.
    [[nodiscard]] virtual int connect() const = 0;

private:
    Link& link(Protocol protocol);

    std::unique_ptr<Link> resp2_;
    std::unique_ptr<Link> resp3_;
};

// A Redis server of its own for a test, on a socket in a folder of its own; without persistence,
// with values of up to the size that ours may have.
class Reference : public Server {
public:
    // Nothing where redis-server is not installed.
    static std::unique_ptr<Reference> start();
    // As a cluster of this one, which has all slots; on these ports of loopback.
    static std::unique_ptr<Reference> start_cluster(std::uint16_t port, std::uint16_t bus_port);
    // "7.0": also of 7.0.15.
    [[nodiscard]] bool is_version(const std::string& version);
    ~Reference() override;
    Reference(const Reference&) = delete;
    Reference& operator=(const Reference&) = delete;

private:
    Reference(std::string folder, int pid) : folder_(std::move(folder)), pid_(pid) {}
    static std::unique_ptr<Reference> start(const std::vector<std::string>& options);
    [[nodiscard]] bool serves_all_slots();
    [[nodiscard]] int connect() const override;

    std::string folder_;
    int pid_;
};

// A node that somebody started on this machine.
class Node : public Server {
public:
    explicit Node(std::uint16_t port) : port_(port) {}

private:
    [[nodiscard]] int connect() const override { return connect_to_port(port_); }

    std::uint16_t port_;
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
