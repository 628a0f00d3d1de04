#include "e2e/network.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "e2e/process.h"

namespace grapevine::e2e {

namespace {

// As seen from all hosts.
constexpr const char* others = "10.77.0.11-10.77.0.254";

// Empty: it is not installed.
std::string find_tool(const std::string& name) {
    for (const char* folder : {"/usr/sbin/", "/sbin/", "/usr/bin/", "/bin/"}) {
        const std::string path = folder + name;
        if (access(path.c_str(), X_OK) == 0) return path;
    }
    return {};
}

// A new network namespace, and the thread in it; -1 with errno: not allowed.
int enter_new_space() {
    if (unshare(CLONE_NEWNET) != 0) return -1;
    return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

// Runs a tool of the system at a place. Throws what it said where it fails.
void use(const std::string& tool, const std::string& arguments, int space,
         std::string_view input = {}) {
    std::vector<std::string> words{find_tool(tool)};
    for (std::size_t begin = 0; begin < arguments.size();) {
        const std::size_t end = std::min(arguments.find(' ', begin), arguments.size());
        words.push_back(arguments.substr(begin, end - begin));
        begin = end + 1;
    }
    const Finished finished = run(words, input, patience, {.network = space});
    if (finished.code == 0) return;
    throw std::runtime_error(
        fmt::format("{} {}: {}{}", tool, arguments, finished.out, finished.err));
}

}  // namespace

std::string Network::address(std::size_t host) {
    return fmt::format("10.77.0.{}", 11 + host);
}

std::unique_ptr<Network> Network::make(std::size_t hosts, std::string& why) {
    for (const char* tool : {"ip", "nft"}) {
        if (!find_tool(tool).empty()) continue;
        why = fmt::format("the program {} is not installed", tool);
        return nullptr;
    }
    std::unique_ptr<Network> made(new Network);
    made->outside_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    made->hub_ = enter_new_space();
    if (made->hub_ < 0) {
        why = fmt::format("no network namespaces: {}", std::strerror(errno));
        return nullptr;
    }
    try {
        made->build_hub();
    } catch (const std::runtime_error& error) {
        why = error.what();
        return nullptr;
    }
    while (made->hosts_.size() < hosts) made->add_host();
    return made;
}

// With what the hosts need too, to see whether it is there.
void Network::build_hub() {
    use("ip", "link set lo up", hub_);
    use("ip", "link add hub type bridge", hub_);
    use("ip", fmt::format("address add {}/24 dev hub", outside()), hub_);
    use("ip", "link set hub up", hub_);
    use("ip", "link add try type veth peer name tried", hub_);
    use("nft", "add table inet try", hub_);
}

void Network::add_host() {
    const std::size_t number = hosts_.size();
    const int space = enter_new_space();
    if (space < 0 || setns(hub_, CLONE_NEWNET) != 0)
        throw std::system_error(errno, std::generic_category(), "a network namespace more");
    hosts_.push_back({.space = space, .rules = {}});
    use("ip",
        fmt::format("link add host{} type veth peer name eth0 netns /proc/{}/fd/{}", number,
                    getpid(), space),
        hub_);
    use("ip", fmt::format("link set host{} master hub up", number), hub_);
    use("ip", "link set lo up", space);
    use("ip", fmt::format("address add {}/24 dev eth0", address(number)), space);
    use("ip", "link set eth0 up", space);
}

Network::~Network() {
    if (outside_ >= 0) setns(outside_, CLONE_NEWNET);
    for (const Host& host : hosts_) close(host.space);
    for (const int descriptor : {hub_, outside_}) {
        if (descriptor >= 0) close(descriptor);
    }
}

void Network::cut_one_way(std::size_t from, std::size_t to) {
    drop(to, fmt::format("ip saddr {}", address(from)));
}

void Network::cut(std::size_t one, std::size_t other) {
    cut_one_way(one, other);
    cut_one_way(other, one);
}

void Network::hang_streams(std::size_t host) {
    drop(host, fmt::format("ip saddr {} meta l4proto tcp", others));
    for (std::size_t other = 0; other < hosts(); ++other) {
        if (other != host) drop(other, fmt::format("ip saddr {} meta l4proto tcp", address(host)));
    }
}

void Network::lose_datagrams(unsigned percent) {
    for (std::size_t host = 0; host < hosts(); ++host) {
        drop(host, fmt::format("ip saddr {} meta l4proto udp numgen random mod 100 < {}", others,
                               percent));
    }
}

void Network::heal() {
    for (Host& host : hosts_) {
        if (host.rules.empty()) continue;
        host.rules.clear();
        load_rules(host);
    }
}

void Network::drop(std::size_t at, const std::string& what) {
    Host& host = hosts_.at(at);
    host.rules.push_back(what + " drop");
    load_rules(host);
}

// At once: either the old rules hold or the new ones.
void Network::load_rules(const Host& host) const {
    std::string script = "flush ruleset\n";
    if (!host.rules.empty()) {
        script += "table inet faults {\nchain receive {\ntype filter hook input priority 0;\n";
        for (const std::string& rule : host.rules) script += rule + "\n";
        script += "}\n}\n";
    }
    use("nft", "-f -", host.space, script);
}

}  // namespace grapevine::e2e
