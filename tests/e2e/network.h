#pragma once
// A network of its own for a test: hosts that are network namespaces without names, each with one
// link (veth) to a bridge, where the test itself stands. What goes wrong in it is what the packet
// filter (nftables) of the host that receives is told to drop. Nothing outside of it is touched,
// and it is gone with its owner.
//
// Needs root, iproute2 and nftables. The thread that made it is in the network until it ends; all
// processes that the thread starts meanwhile are there too, or at a host.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace grapevine::e2e {

class Network {
public:
    // Null: the system does not allow it, and `why` says what is missing. Throws where something
    // else fails.
    static std::unique_ptr<Network> make(std::size_t hosts, std::string& why);
    ~Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    [[nodiscard]] std::size_t hosts() const { return hosts_.size(); }
    // "10.77.0.11" for host 0.
    [[nodiscard]] static std::string address(std::size_t host);
    // Where the test is. No fault concerns it.
    [[nodiscard]] static std::string outside() { return "10.77.0.1"; }
    // What Process takes, to start there.
    [[nodiscard]] int place(std::size_t host) const { return hosts_.at(host).space; }

    // Everything from one host to another is dropped; the other direction goes on.
    void cut_one_way(std::size_t from, std::size_t to);
    void cut(std::size_t one, std::size_t other);
    // Streams between this host and the other ones hang; datagrams go on.
    void hang_streams(std::size_t host);
    // So many of a hundred datagrams that each host receives from others are lost.
    void lose_datagrams(unsigned percent);
    // All of that ends.
    void heal();

private:
    struct Host {
        int space = -1;
        std::vector<std::string> rules;
    };
    Network() = default;
    void build_hub();
    void add_host();
    void drop(std::size_t at, const std::string& what);
    void load_rules(const Host& host) const;

    int outside_ = -1;  // where the thread was before
    int hub_ = -1;
    std::vector<Host> hosts_;
};

}  // namespace grapevine::e2e
