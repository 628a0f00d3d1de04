#include "runtime/line_source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace grapevine {

namespace {

constexpr std::size_t line_block_size = std::size_t{64} * 1024;

// What epoll can wait for. Files, and devices such as /dev/null, it refuses; they never block.
bool can_be_polled(int fd) {
    struct stat about{};
    if (fstat(fd, &about) != 0) return false;
    return S_ISFIFO(about.st_mode) || S_ISSOCK(about.st_mode) || isatty(fd) == 1;
}

}  // namespace

LineSource::LineSource(Loop& loop, int fd, Events events)
    : fd_(fd),
      events_(std::move(events)),
      idle_([&](uv_idle_t* idle) { return uv_idle_init(loop.get(), idle); }, this) {
    if (can_be_polled(fd)) {
        poll_.emplace([&](uv_poll_t* poll) { return uv_poll_init(loop.get(), poll, fd); }, this);
    }
    resume();
}

void LineSource::pause() {
    if (poll_) uv_poll_stop(poll_->get());
    uv_idle_stop(idle_.get());
}

void LineSource::resume() {
    if (ended_) return;
    if (poll_) {
        uv_poll_start(poll_->get(), UV_READABLE, [](uv_poll_t* poll, int, int) {
            static_cast<LineSource*>(poll->data)->read_block();
        });
    } else {
        uv_idle_start(idle_.get(),
                      [](uv_idle_t* idle) { static_cast<LineSource*>(idle->data)->read_block(); });
    }
}

void LineSource::read_block() {
    std::array<char, line_block_size> block;
    const ssize_t size = read(fd_, block.data(), block.size());
    if (size < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (size < 0) return finish(std::strerror(errno));
    if (size == 0) return finish({});
    std::string_view rest(block.data(), static_cast<std::size_t>(size));
    for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        begun_ += rest.substr(0, end);
        rest.remove_prefix(end + 1);
        events_.line(std::exchange(begun_, {}));
    }
    begun_ += rest;
    if (begun_.size() > line_size_max) finish("a line is longer than any operation can be");
}

void LineSource::finish(const std::string& error) {
    pause();
    ended_ = true;
    if (error.empty() && !begun_.empty()) events_.line(std::exchange(begun_, {}));
    events_.end(error);
}

}  // namespace grapevine
