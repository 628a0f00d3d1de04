#pragma once
// A connection to a server that speaks the Redis protocol: commands out, replies in.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace grapevine::conformance {

class Link {
public:
    // Owns the descriptor.
    explicit Link(int descriptor) : descriptor_(descriptor) {}
    ~Link();
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    // All of these throw std::runtime_error where the server hangs up or is silent for too long.
    void send(const std::vector<std::string>& args) const;
    std::string read_reply();

private:
    [[nodiscard]] bool is_readable(std::chrono::milliseconds bound) const;
    void receive();

    int descriptor_;
    std::string received_;
};

// Descriptors; -1: nobody listens there.
[[nodiscard]] int connect_to_path(const std::string& path);
[[nodiscard]] int connect_to_port(std::uint16_t port);  // of this machine

// How long anybody waits for what takes a moment on an idle machine.
inline constexpr std::chrono::milliseconds patience{30'000};

}  // namespace grapevine::conformance
