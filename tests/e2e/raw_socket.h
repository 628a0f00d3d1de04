#pragma once
// Sockets that say whatever they like, for the tests of bad input.

#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "e2e/process.h"

namespace grapevine::e2e {

class RawConnection {
public:
    explicit RawConnection(Address address);
    ~RawConnection();
    RawConnection(RawConnection&& other) noexcept;
    RawConnection& operator=(RawConnection&&) = delete;

    // What the other end does not take any more is dropped.
    void send(std::string_view bytes) const;
    // So many bytes of what comes; fewer where the other end hangs up, or does not send them in
    // time.
    [[nodiscard]] std::string read(std::size_t size, Wait bound) const;
    // What has come, or else comes first; nothing where the other end hangs up, or sends nothing in
    // time.
    [[nodiscard]] std::string read_some(Wait bound) const;
    // All that comes until the other end hangs up; nothing where it does not in time.
    [[nodiscard]] std::optional<std::string> read_to_end(Wait bound) const;

private:
    std::string receive(std::size_t size, Wait bound, bool& ended) const;

    int descriptor_;
};

void send_datagram(Address address, std::string_view bytes);

}  // namespace grapevine::e2e
