#pragma once
// One TCP connection as bytes: dialed or accepted, buffered writes, reads handed on as they come.
//
// Writes are gathered: send() only queues and enters the Stream in its Outbox, which is flushed
// once per turn of the loop; the whole queue goes to the kernel with one call and what the kernel
// does not take is left to libuv. The queue is not bounded here: the owner looks at queued() and
// pauses whoever fills it, or hangs up.
//
// Invariants: the owner hears ended() at most once and nothing after it. A Stream is not destroyed
// inside a call to its owner (Graveyard keeps it until the end of the turn).

#include <uv.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "runtime/loop.h"

namespace grapevine {

class Stream;

class StreamOwner {
public:
    // A dial succeeded.
    virtual void connected(Stream&) {}
    virtual void received(Stream& stream, std::string_view bytes) = 0;
    // libuv's error: UV_EOF, UV_ECONNRESET, UV_ECONNREFUSED, ...
    virtual void ended(Stream& stream, int error) = 0;

protected:
    ~StreamOwner() = default;
};

// The streams of one host that have something to write in this turn.
class Outbox {
public:
    void add(Stream* stream) { streams_.push_back(stream); }
    void remove(Stream* stream) { std::erase(streams_, stream); }
    void flush_all();
    [[nodiscard]] bool is_empty() const { return streams_.empty(); }

    // Blocks of bytes that were written and may be filled again: an empty one, with its memory.
    std::string take_block();
    void give_block(std::string&& block);

private:
    std::vector<Stream*> streams_;
    std::vector<std::string> blocks_;
};

class Stream {
public:
    Stream(Loop& loop, Outbox& outbox, StreamOwner& owner);
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // One of these, once. They return libuv's error where it is known at once; ended() is not
    // called for that.
    [[nodiscard]] int accept(uv_stream_t* listener);
    [[nodiscard]] int dial(Address address);

    // Lets `append` add bytes to a block at the end of the queue.
    template <class Append>
    void send(Append append) {
        if (ended_ || finishing_) return;
        std::string& block = last_block();
        const std::size_t before = block.size();
        append(block);
        if (block.size() == before) return forget_empty_block();
        queued_ += block.size() - before;
        enter_outbox();
    }
    // What is large is not copied.
    void send(std::string&& bytes);
    // Bytes that send() took and the kernel has not.
    [[nodiscard]] std::size_t queued() const;

    void pause_reading();
    void resume_reading();

    // Says goodbye: what is queued is sent, then the end of the stream; what still comes in is
    // thrown away, so that a reset does not overtake the last words. The owner drops the Stream at
    // ended(), or after a while.
    void finish();
    [[nodiscard]] bool finishing() const { return finishing_; }
    [[nodiscard]] bool is_connected() const { return connected_; }
    // Who is at the other end; zero where that is not known any more.
    [[nodiscard]] Address peer() const;

private:
    friend class Outbox;
    struct Write;

    std::string& last_block();
    void forget_empty_block();
    void enter_outbox();
    void flush();

    [[nodiscard]] int start_reading();
    void end(int error);
    void take_written(std::size_t bytes);
    [[nodiscard]] int write_rest();
    void written(std::size_t bytes, int error);

    StreamOwner& owner_;
    Outbox& outbox_;
    Handle<uv_tcp_t> tcp_;
    std::deque<std::string> out_;
    std::size_t skip_ = 0;     // of the first block: bytes that are written
    std::size_t queued_ = 0;   // with all of what libuv has
    std::size_t writing_ = 0;  // of it: libuv has so much; the rest waits in out_
    bool in_outbox_ = false;
    bool connected_ = false;
    bool reading_ = false;
    bool finishing_ = false;
    bool shut_ = false;
    bool ended_ = false;
};

// Keeps what was dropped inside its own callback until the owner of the loop's turn clears it.
template <class T>
using Graveyard = std::vector<std::unique_ptr<T>>;

}  // namespace grapevine
