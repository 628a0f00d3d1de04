#pragma once
// Between the threads of a program and the one thread with a loop that does the work.
//
//     any thread -- submit() --> queue --- one wake-up for all ---> loop thread --> backend
//     any thread <-- waiter, future <-- callback on the loop thread <-- outcome ------+
//
// A submission takes the lock for the length of a push. The first one after the queue was emptied
// wakes the loop; those that come until it looks go with it, and leave in the same writes. From the
// loop's own thread (in a callback) there is no queue: the backend has it at once.
//
// Ends with stop(), which is called once: the backend ends what is in flight, the thread ends when
// all of it has been answered. The thread holds a reference, so that stop() may be called by a
// callback.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "api/backend.h"
#include "api/recipient.h"
#include "base/result.h"
#include "runtime/loop.h"

namespace grapevine {

class Bridge : public std::enable_shared_from_this<Bridge> {
public:
    struct Limits {
        std::size_t operations_max = 65536;
        std::size_t bytes_max =
            256 * 1024 * 1024;  // of keys and values; a single one may be larger
    };
    // Called on the loop's thread.
    using MakeBackend = std::function<std::unique_ptr<Backend>(Loop&)>;

    // An error: there can be no thread.
    static Result<std::shared_ptr<Bridge>> start(const Limits& limits, MakeBackend make_backend);

    Bridge(const Limits& limits, MakeBackend make_backend);

    // Nothing: `recipient` is given, once. Else this is the answer, and `recipient` is untouched.
    // The operation, which has no defect, has its deadline counted from here.
    std::optional<v1::Result> submit(Operation&& operation, Recipient&& recipient);
    // Returns when all is answered and the thread has ended; on the loop's thread at once.
    void stop();

    [[nodiscard]] bool on_its_thread() const;
    // In a child of the process that started it, where its thread is not.
    [[nodiscard]] bool is_elsewhere() const;
    [[nodiscard]] std::size_t in_flight() const {
        return operations_.load(std::memory_order_relaxed);
    }

private:
    struct Submission {
        Operation operation;
        Time begun;
        Recipient recipient;
    };
    // An operation that the backend has.
    struct Open {
        Recipient recipient;
        std::size_t bytes = 0;
    };

    // From any thread.
    [[nodiscard]] bool admit(std::size_t bytes);
    void release(std::size_t bytes);
    std::optional<v1::Result> enqueue(Operation&& operation, Recipient&& recipient);

    // On the loop's thread.
    void run();
    void take_queue();
    void hand_over(Operation&& operation, Recipient&& recipient);
    void finish(std::uint32_t slot, Outcome&& outcome);

    const Limits limits_;
    const std::uint32_t forks_;
    MakeBackend make_backend_;
    std::atomic<std::size_t> operations_{0};
    std::atomic<std::size_t> bytes_{0};

    std::mutex mutex_;
    std::vector<Submission> queue_;
    bool woken_ = false;     // the loop will look at the queue
    bool stopping_ = false;  // no more is taken

    // The loop's thread alone, once it runs.
    std::unique_ptr<Loop> loop_;
    std::unique_ptr<Handle<uv_async_t>> wake_;  // under the lock: woken from any thread
    std::unique_ptr<Backend> backend_;
    std::vector<Submission> taken_;  // changes places with queue_
    std::vector<Open> open_;
    std::vector<std::uint32_t> free_;  // of `open_`
    bool ended_ = false;               // the backend was told

    std::thread thread_;
};

}  // namespace grapevine
