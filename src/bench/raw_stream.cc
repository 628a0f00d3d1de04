#include "bench/raw_stream.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "runtime/clock.h"

namespace grapevine::bench {

namespace {

constexpr std::size_t block_size = 1'000'000;  // of one read or write, as of a large value

// Closed at the end of the scope.
class Socket {
public:
    explicit Socket(int descriptor) : descriptor_(descriptor) {}
    ~Socket() {
        if (descriptor_ >= 0) close(descriptor_);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    [[nodiscard]] int get() const { return descriptor_; }

private:
    int descriptor_;
};

Socket make_socket() {
    return Socket(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

// On a port that the kernel chooses, and a connection to it.
bool connect_to(const Socket& listener, const Socket& writer) {
    if (listener.get() < 0 || writer.get() < 0) return false;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    return bind(listener.get(), generic, size) == 0 && listen(listener.get(), 1) == 0 &&
           getsockname(listener.get(), generic, &size) == 0 &&
           connect(writer.get(), generic, size) == 0;
}

// Until the other side has no more.
std::uint64_t read_all(const Socket& reader) {
    std::vector<char> block(block_size);
    std::uint64_t bytes = 0;
    for (;;) {
        const ssize_t got = recv(reader.get(), block.data(), block.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return bytes;
        bytes += static_cast<std::uint64_t>(got);
    }
}

// True: all that time.
bool write_until(const Socket& writer, Time end) {
    const std::vector<char> block(block_size);
    while (boot_time() < end) {
        const ssize_t sent = send(writer.get(), block.data(), block.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) return false;
    }
    return true;
}

}  // namespace

Result<double> loopback_stream(Duration span) {
    const Socket listener = make_socket();
    const Socket writer = make_socket();
    if (!connect_to(listener, writer)) {
        return fail("no stream over loopback: {}", std::strerror(errno));
    }
    const Socket reader(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (reader.get() < 0) return fail("no stream over loopback: {}", std::strerror(errno));
    std::uint64_t bytes = 0;
    const Time begun = boot_time();
    std::thread reading([&] { bytes = read_all(reader); });
    const bool is_whole = write_until(writer, begun + span);
    shutdown(writer.get(), SHUT_WR);
    reading.join();
    const Duration took = boot_time() - begun;
    if (!is_whole) return fail("a stream over loopback ended");
    return static_cast<double>(bytes) * 1e6 / static_cast<double>(to_us(took));
}

}  // namespace grapevine::bench
