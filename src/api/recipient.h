#pragma once
// Who is told how an operation ended: a thread that waits, a future or a callback.

#include <condition_variable>
#include <future>
#include <mutex>
#include <utility>
#include <variant>

#include "api/public.h"

namespace grapevine {

// Stands on the stack of the thread that waits.
class Waiter {
public:
    void give(v1::Result&& result) {
        // Told under the lock: once it can be taken, the waiting thread may end this.
        const std::lock_guard lock(mutex_);
        result_ = std::move(result);
        given_ = true;
        changed_.notify_one();
    }
    v1::Result wait() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return given_; });
        return std::move(result_);
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    v1::Result result_;
    bool given_ = false;
};

using Recipient = std::variant<Waiter*, std::promise<v1::Result>, v1::Callback>;

// A callback that throws ends the program, as the header says.
inline void give(Recipient& recipient, v1::Result&& result) noexcept {
    if (auto* const waiter = std::get_if<Waiter*>(&recipient)) {
        (*waiter)->give(std::move(result));
    } else if (auto* const promise = std::get_if<std::promise<v1::Result>>(&recipient)) {
        promise->set_value(std::move(result));
    } else {
        std::get<v1::Callback>(recipient)(std::move(result));
    }
}

}  // namespace grapevine
