#include "api/bridge.h"

#include <pthread.h>

#include <new>
#include <system_error>
#include <utility>

#include "api/process.h"
#include "api/translate.h"
#include "base/assert.h"
#include "runtime/clock.h"

namespace grapevine {

namespace {

// The bridge whose loop this thread runs.
thread_local const Bridge* own_bridge = nullptr;

constexpr const char* closed = "the client was closed";

}  // namespace

Result<std::shared_ptr<Bridge>> Bridge::start(const Limits& limits, MakeBackend make_backend) {
    auto bridge = std::make_shared<Bridge>(limits, std::move(make_backend));
    try {
        const SignalsBlocked blocked;
        bridge->thread_ = std::thread([bridge] { bridge->run(); });
    } catch (const std::system_error& error) {
        return fail("no thread can be started: {}", error.what());
    }
    pthread_setname_np(bridge->thread_.native_handle(), "grapevine");
    return bridge;
}

Bridge::Bridge(const Limits& limits, MakeBackend make_backend)
    : limits_(limits),
      forks_(forks()),
      make_backend_(std::move(make_backend)),
      loop_(std::make_unique<Loop>()) {
    wake_ = std::make_unique<Handle<uv_async_t>>(
        [this](uv_async_t* async) {
            return uv_async_init(loop_->get(), async, [](uv_async_t* woken) {
                static_cast<Bridge*>(woken->data)->take_queue();
            });
        },
        this);
}

std::optional<v1::Result> Bridge::submit(Operation&& operation, Recipient&& recipient) {
    const std::size_t bytes = operation.key.size() + operation.value.size();
    if (!admit(bytes)) {
        return refusal(v1::Code::overloaded,
                       "too many operations or bytes are in flight; go on when some are answered");
    }
    try {
        auto refused = enqueue(std::move(operation), std::move(recipient));
        if (refused) release(bytes);
        return refused;
    } catch (const std::bad_alloc&) {
        release(bytes);
        throw;
    }
}

bool Bridge::admit(std::size_t bytes) {
    const std::size_t operations = operations_.fetch_add(1, std::memory_order_relaxed);
    const std::size_t before = bytes_.fetch_add(bytes, std::memory_order_relaxed);
    const bool fits =
        before == 0 || (before < limits_.bytes_max && bytes <= limits_.bytes_max - before);
    if (operations < limits_.operations_max && fits) return true;
    release(bytes);
    return false;
}

void Bridge::release(std::size_t bytes) {
    operations_.fetch_sub(1, std::memory_order_relaxed);
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
}

std::optional<v1::Result> Bridge::enqueue(Operation&& operation, Recipient&& recipient) {
    const bool at_once = on_its_thread();
    const Time begun = at_once ? Time{} : boot_time();
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return refusal(v1::Code::ended, closed);
        if (!at_once) {
            queue_.push_back({std::move(operation), begun, std::move(recipient)});
            // Under the lock: whoever stops the loop comes after this.
            if (!std::exchange(woken_, true)) uv_async_send(wake_->get());
            return std::nullopt;
        }
    }
    hand_over(std::move(operation), std::move(recipient));
    return std::nullopt;
}

void Bridge::stop() {
    {
        const std::lock_guard lock(mutex_);
        ASSERT(!stopping_, "a client was destroyed twice");
        stopping_ = true;
        uv_async_send(wake_->get());
    }
    if (on_its_thread()) {
        thread_.detach();
    } else {
        thread_.join();
    }
}

bool Bridge::on_its_thread() const {
    return own_bridge == this;
}

bool Bridge::is_elsewhere() const {
    return forks() != forks_;
}

void Bridge::run() {
    own_bridge = this;
    backend_ = make_backend_(*loop_);
    loop_->run();
    backend_.reset();
    wake_.reset();
    loop_.reset();
    own_bridge = nullptr;
}

void Bridge::take_queue() {
    bool stopping = false;
    {
        const std::lock_guard lock(mutex_);
        taken_.swap(queue_);
        woken_ = false;
        stopping = stopping_;
    }
    const Time now = boot_time();
    for (Submission& submission : taken_) {
        Operation& operation = submission.operation;
        const Duration left = operation.deadline - (now - submission.begun);
        if (left > Duration{}) {
            operation.deadline = left;
            hand_over(std::move(operation), std::move(submission.recipient));
            continue;
        }
        release(operation.key.size() + operation.value.size());
        give(submission.recipient,
             refusal(v1::Code::unavailable,
                     "nothing was sent by the deadline, because callbacks or a busy machine held "
                     "the client's thread up; nothing was changed; try again"));
    }
    taken_.clear();
    if (stopping && !std::exchange(ended_, true)) backend_->end(closed);
    if (ended_ && free_.size() == open_.size()) loop_->stop();
}

void Bridge::hand_over(Operation&& operation, Recipient&& recipient) {
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(open_.size()));
        open_.emplace_back();
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    open_[slot] = {std::move(recipient), operation.key.size() + operation.value.size()};
    // Small enough that std::function keeps it in itself.
    backend_->submit(std::move(operation),
                     [this, slot](Outcome&& outcome) { finish(slot, std::move(outcome)); });
}

void Bridge::finish(std::uint32_t slot, Outcome&& outcome) {
    Open open = std::exchange(open_[slot], {});
    free_.push_back(slot);
    release(open.bytes);
    give(open.recipient, to_public(std::move(outcome)));
    if (ended_ && free_.size() == open_.size()) loop_->stop();
}

}  // namespace grapevine
