#pragma once
// A connection whose first bytes are those of no frame: somebody who speaks a text protocol. What
// it says is kept and understood by whoever implements this; its bytes, its turn and its bounds are
// the business of Inbound, which owns it.

#include <cstddef>
#include <string_view>

#include "base/time.h"

namespace grapevine {

class TextClient {
public:
    virtual ~TextClient() = default;

    virtual void received(std::string_view bytes) = 0;
    // Handles one of the things that were said. False: there is none that is whole, or it has to
    // wait; then Inbound::go_on() may tell of more.
    virtual bool next(Time now) = 0;
    // So much waits of what was said that no more is to be read.
    [[nodiscard]] virtual bool is_full() const = 0;
    // Much of what was written for it waits to be read (true), or does not any more: while it does,
    // nothing is to be done that would be answered. After that next() has something again.
    virtual void hold(bool held) = 0;
    // It has said something that writes.
    [[nodiscard]] virtual bool has_written() const = 0;
    // What is kept of what it said and was not handled.
    [[nodiscard]] virtual std::size_t input_bytes() const = 0;
    // What is kept of what was handled, and for its answers, without what was written.
    [[nodiscard]] virtual std::size_t owed_bytes() const = 0;
    // It has nothing more to ask, and waits for nothing but to be written what is kept for it.
    [[nodiscard]] virtual bool is_over() const = 0;
};

}  // namespace grapevine
