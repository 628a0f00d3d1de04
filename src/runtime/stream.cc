#include "runtime/stream.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"
#include "runtime/socket_address.h"

namespace grapevine {

namespace {

// Small messages are joined into blocks of this size, so that one write carries many.
constexpr std::size_t block_size = 16UZ * 1024;
constexpr std::size_t buffers_per_write = 64;
// Blocks that are kept, and up to which size each.
constexpr std::size_t blocks_kept = 64;
constexpr std::size_t block_kept_size = 4 * block_size;
constexpr std::size_t read_buffer_size = 256UZ * 1024;

uv_stream_t* as_stream(const Handle<uv_tcp_t>& tcp) {
    return reinterpret_cast<uv_stream_t*>(tcp.get());
}

// All streams of the thread read into one buffer: bytes are handed on before the next read.
void provide_buffer(uv_handle_t*, std::size_t, uv_buf_t* buffer) {
    // Aligned for frames, which are read where they lie.
    alignas(8) static thread_local std::array<char, read_buffer_size> bytes;
    *buffer = uv_buf_init(bytes.data(), static_cast<unsigned>(bytes.size()));
}

uv_buf_t as_buffer(std::string& bytes, std::size_t skip) {
    return uv_buf_init(bytes.data() + skip, static_cast<unsigned>(bytes.size() - skip));
}

}  // namespace

// What libuv writes by itself: owns its bytes, which outlive the Stream if need be.
struct Stream::Write {
    uv_write_t request{};
    std::deque<std::string> bytes;
    std::size_t size = 0;
};

void Outbox::flush_all() {
    // Streams that a flush ends may make their owners write to others.
    while (!streams_.empty()) {
        Stream* stream = streams_.back();
        streams_.pop_back();
        stream->in_outbox_ = false;
        stream->flush();
    }
}

std::string Outbox::take_block() {
    if (blocks_.empty()) return {};
    std::string block = std::move(blocks_.back());
    blocks_.pop_back();
    block.clear();
    return block;
}

void Outbox::give_block(std::string&& block) {
    const bool keep = blocks_.size() < blocks_kept && block.capacity() <= block_kept_size;
    if (keep) blocks_.push_back(std::move(block));
}

Stream::Stream(Loop& loop, Outbox& outbox, StreamOwner& owner)
    : owner_(owner),
      outbox_(outbox),
      tcp_([&](uv_tcp_t* tcp) { return uv_tcp_init(loop.get(), tcp); }, this) {}

Stream::~Stream() {
    if (in_outbox_) outbox_.remove(this);
}

int Stream::accept(uv_stream_t* listener) {
    if (const int error = uv_accept(listener, as_stream(tcp_)); error != 0) return error;
    uv_tcp_nodelay(tcp_.get(), 1);
    connected_ = true;
    return start_reading();
}

int Stream::dial(Address address) {
    const sockaddr_in target = to_sockaddr(address);
    auto request = std::make_unique<uv_connect_t>();
    const int error =
        uv_tcp_connect(request.get(), tcp_.get(), reinterpret_cast<const sockaddr*>(&target),
                       [](uv_connect_t* raw, int status) {
                           const std::unique_ptr<uv_connect_t> done(raw);
                           auto* stream = static_cast<Stream*>(done->handle->data);
                           if (stream == nullptr) return;
                           if (status == 0) {
                               uv_tcp_nodelay(stream->tcp_.get(), 1);
                               stream->connected_ = true;
                               status = stream->start_reading();
                           }
                           if (status != 0) return stream->end(status);
                           stream->enter_outbox();
                           stream->owner_.connected(*stream);
                       });
    if (error == 0) static_cast<void>(request.release());  // the callback owns it
    return error;
}

Address Stream::peer() const {
    sockaddr_in name{};
    int size = sizeof name;
    const int error = uv_tcp_getpeername(tcp_.get(), reinterpret_cast<sockaddr*>(&name), &size);
    return error == 0 ? from_sockaddr(name) : Address{};
}

int Stream::start_reading() {
    reading_ = true;
    return uv_read_start(as_stream(tcp_), provide_buffer,
                         [](uv_stream_t* raw, ssize_t size, const uv_buf_t* buffer) {
                             auto* stream = static_cast<Stream*>(raw->data);
                             if (stream == nullptr || size == 0) return;
                             if (size < 0) return stream->end(static_cast<int>(size));
                             if (stream->finishing_ || stream->ended_) return;
                             stream->owner_.received(
                                 *stream, {buffer->base, static_cast<std::size_t>(size)});
                         });
}

void Stream::pause_reading() {
    if (!reading_ || finishing_) return;
    reading_ = false;
    uv_read_stop(as_stream(tcp_));
}

void Stream::resume_reading() {
    if (reading_ || !connected_ || ended_) return;
    if (const int error = start_reading(); error != 0) end(error);
}

std::size_t Stream::queued() const {
    if (writing_ == 0) return queued_;
    return queued_ - writing_ + uv_stream_get_write_queue_size(as_stream(tcp_));
}

std::string& Stream::last_block() {
    if (out_.empty() || out_.back().size() >= block_size) out_.push_back(outbox_.take_block());
    return out_.back();
}

void Stream::send(std::string&& bytes) {
    if (bytes.size() < block_size) return send([&](std::string& block) { block.append(bytes); });
    if (ended_ || finishing_) return;
    queued_ += bytes.size();
    out_.push_back(std::move(bytes));
    enter_outbox();
}

// Nothing was appended: an empty block could never be written.
void Stream::forget_empty_block() {
    if (out_.back().empty()) out_.pop_back();
}

void Stream::enter_outbox() {
    if (!std::exchange(in_outbox_, true)) outbox_.add(this);
}

void Stream::flush() {
    if (!connected_ || writing_ > 0 || ended_) return;
    while (!out_.empty()) {
        std::array<uv_buf_t, buffers_per_write> buffers;
        const std::size_t count = std::min(out_.size(), buffers.size());
        for (std::size_t i = 0; i < count; ++i) buffers[i] = as_buffer(out_[i], i == 0 ? skip_ : 0);
        const int size =
            uv_try_write(as_stream(tcp_), buffers.data(), static_cast<unsigned>(count));
        if (size < 0) {
            const int error = size == UV_EAGAIN ? write_rest() : size;
            if (error != 0) end(error);
            return;
        }
        take_written(static_cast<std::size_t>(size));
    }
    if (finishing_ && !shut_) {
        shut_ = true;
        auto request = std::make_unique<uv_shutdown_t>();
        const int error = uv_shutdown(request.get(), as_stream(tcp_),
                                      [](uv_shutdown_t* done, int) { delete done; });
        if (error != 0) return end(error);
        static_cast<void>(request.release());  // the callback owns it
    }
}

void Stream::take_written(std::size_t bytes) {
    queued_ -= bytes;
    while (bytes > 0) {
        const std::size_t left = out_.front().size() - skip_;
        if (bytes < left) {
            skip_ += bytes;
            return;
        }
        bytes -= left;
        skip_ = 0;
        outbox_.give_block(std::move(out_.front()));
        out_.pop_front();
    }
}

int Stream::write_rest() {
    auto write = std::make_unique<Write>();
    write->bytes = std::exchange(out_, {});
    std::size_t skip = std::exchange(skip_, 0);
    std::vector<uv_buf_t> buffers;
    buffers.reserve(write->bytes.size());
    for (std::string& bytes : write->bytes) {
        buffers.push_back(as_buffer(bytes, std::exchange(skip, 0)));
        write->size += buffers.back().len;
    }
    write->request.data = write.get();
    const int error =
        uv_write(&write->request, as_stream(tcp_), buffers.data(),
                 static_cast<unsigned>(buffers.size()), [](uv_write_t* request, int status) {
                     const std::unique_ptr<Write> done(static_cast<Write*>(request->data));
                     auto* stream = static_cast<Stream*>(request->handle->data);
                     if (stream != nullptr) stream->written(done->size, status);
                 });
    if (error != 0) return error;
    writing_ = write->size;
    static_cast<void>(write.release());  // the callback owns it
    return 0;
}

void Stream::written(std::size_t bytes, int error) {
    writing_ = 0;
    queued_ -= bytes;
    if (error != 0) return end(error);
    flush();
}

void Stream::finish() {
    if (finishing_) return;
    resume_reading();  // to throw away what comes
    finishing_ = true;
    enter_outbox();
}

void Stream::end(int error) {
    if (std::exchange(ended_, true)) return;
    uv_read_stop(as_stream(tcp_));
    owner_.ended(*this, error);
}

}  // namespace grapevine
