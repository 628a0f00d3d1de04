#pragma once
// Work that takes too long for the loop: it runs on one of libuv's threads, and its result comes
// back on the loop.

#include <functional>
#include <memory>

#include "runtime/loop.h"

namespace grapevine {

class Background {
public:
    explicit Background(Loop& loop) : loop_(loop) {}

    // `work` is called on another thread, so what it has is its own; it throws nothing. `done` is
    // called on the loop after that, unless this object is gone by then; `work` goes on all the
    // same, and the Loop waits for it.
    void run(std::function<void()> work, std::function<void()> done);

private:
    struct Job {
        uv_work_t request{};
        std::function<void()> work;
        std::function<void()> done;
        std::weak_ptr<void> owner;
    };

    Loop& loop_;
    std::shared_ptr<void> alive_ = std::make_shared<char>();
};

}  // namespace grapevine
