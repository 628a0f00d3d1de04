#pragma once
// A Redis client of a few lines, which sends any bytes and knows where a reply ends.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/raw_socket.h"

namespace grapevine::e2e {

// As clients send it: an array of bulks.
std::string redis_command(const std::vector<std::string>& args);

class RedisClient {
public:
    // "127.0.0.1:7001"
    explicit RedisClient(const std::string& address);

    void send(std::string_view bytes) const { connection_.send(bytes); }
    // The next reply, as it came; what has come of it where the other end hangs up or the patience
    // is over.
    std::string reply();
    // One command of words without blanks, and its reply.
    std::string ask(const std::string& words);
    std::string ask(const std::vector<std::string>& args);
    // Replies to "SCAN", to the end: all keys that were told.
    std::vector<std::string> scan(const std::string& options);
    // The other end has hung up.
    [[nodiscard]] bool ended() const { return ended_; }

private:
    RawConnection connection_;
    std::string received_;
    std::size_t taken_ = 0;  // of received_
    bool ended_ = false;
};

}  // namespace grapevine::e2e
