#include "bench/exchange.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <set>
#include <sstream>
#include <vector>

#include "runtime/clock.h"
#include "runtime/stream.h"
#include "runtime/system.h"

namespace grapevine::bench {

namespace {

constexpr Duration answer_patience = 10s;
constexpr Duration attempt_pause = 20ms;  // between attempts

class Asking final : private StreamOwner {
public:
    Asking(Loop& loop, Address server, std::string_view question, const Understand& understand)
        : understand_(understand), stream_(loop, outbox_, *this) {
        if (const int error = stream_.dial(server); error != 0) ended(stream_, error);
        stream_.send([&](std::string& out) { out += question; });
    }

    [[nodiscard]] const std::optional<Result<std::string>>& answer() const { return answer_; }

private:
    void connected(Stream&) override { outbox_.flush_all(); }
    void received(Stream&, std::string_view bytes) override {
        came_ += bytes;
        auto understood = understand_(came_);
        if (!understood) {
            answer_ = std::unexpected(understood.error());
        } else if (*understood) {
            answer_ = **std::move(understood);
        }
    }
    void ended(Stream&, int error) override {
        if (!answer_) answer_ = fail("{}", uv_strerror(error));
    }

    const Understand& understand_;
    std::string came_;
    std::optional<Result<std::string>> answer_;
    Outbox outbox_;
    Stream stream_;
};

}  // namespace

Result<std::string> exchange(Session& session, Address server, std::string_view question,
                             const Understand& understand) {
    const Asking asking(session.loop(), server, question, understand);
    const auto over = session.wait(answer_patience, fmt::format("an answer of {}", server),
                                   [&] { return asking.answer().has_value(); });
    if (!over) return std::unexpected(over.error());
    return *asking.answer();
}

Result<void> try_until(Session& session, const Processes& processes, Duration bound,
                       const std::string& what, const std::function<bool()>& attempt) {
    const Time until = boot_time() + bound;
    for (;;) {
        if (!processes.broken().empty()) return fail("{}", processes.broken());
        if (attempt()) return {};
        if (boot_time() > until) return fail("{}: not within {} s", what, bound / 1s);
        if (const auto passed = session.pass(attempt_pause); !passed) return passed;
    }
}

Result<std::vector<std::uint16_t>> free_ports(std::size_t count) {
    std::set<std::uint16_t> ports;
    while (ports.size() < count) {
        const auto port = free_port();
        if (!port) return std::unexpected(port.error());
        ports.insert(*port);
    }
    return std::vector(ports.begin(), ports.end());
}

bool is_installed(const std::string& program) {
    const char* const path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (access((folder + "/" + program).c_str(), X_OK) == 0) return true;
    }
    return false;
}

}  // namespace grapevine::bench
