#include <fmt/format.h>

#include <utility>

#include "api/bridge.h"
#include "api/handles.h"
#include "api/process.h"
#include "api/public.h"
#include "api/translate.h"
#include "base/limits.h"
#include "client/outcome_text.h"
#include "runtime/socket_address.h"

namespace grapevine::v1 {

namespace {

constexpr std::size_t connections_max = 16;
constexpr std::size_t operations_bound = 1024 * 1024 * 1024;

// Empty: they make sense.
std::string defect_of(const Options& options) {
    if (options.deadline <= Duration{} || options.deadline > grapevine::deadline_max) {
        return "Options::deadline has to be above 0 and at most 60 seconds";
    }
    if (options.operations_max == 0 || options.operations_max > operations_bound) {
        return "Options::operations_max has to be from 1 to 2^30";
    }
    if (options.bytes_max == 0) return "Options::bytes_max has to be above 0";
    if (options.connections == 0 || options.connections > connections_max) {
        return fmt::format("Options::connections has to be from 1 to {}", connections_max);
    }
    return {};
}

grapevine::Result<std::shared_ptr<Bridge>> start(const Options& options) {
    if (auto defect = defect_of(options); !defect.empty()) return fail("{}", defect);
    if (const auto checked = check_descriptors(); !checked) return std::unexpected(checked.error());
    auto seeds = resolve_list(options.seeds, coordinator_port);
    if (!seeds) return std::unexpected(seeds.error());
    ClientConfig config;
    config.seeds = *std::move(seeds);
    // The bridge keeps the bounds, for all handles together.
    config.operations_max = options.operations_max;
    config.bytes_max = options.bytes_max;
    ClientHost::Events events;
    if (options.note) {
        // What throws ends the program, rather than to unwind the loop.
        events.note = [note = options.note](const std::string& text) noexcept { note(text); };
    }
    return Bridge::start({.operations_max = options.operations_max, .bytes_max = options.bytes_max},
                         [config, events, count = options.connections](Loop& loop) {
                             return std::make_unique<Handles>(loop, config, count, events);
                         });
}

}  // namespace

struct Client::State {
    std::shared_ptr<Bridge> bridge;
    Duration deadline;

    std::optional<Result> submit(Operation&& operation, Recipient&& recipient) {
        if (bridge->is_elsewhere()) {
            return refusal(
                Code::invalid,
                "this process is a fork of the one that opened the client: open another");
        }
        auto core = to_core(std::move(operation), deadline);
        if (auto defect = operation_defect(core); !defect.empty()) {
            return refusal(Code::invalid, std::move(defect));
        }
        return bridge->submit(std::move(core), std::move(recipient));
    }
};

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}

Client::~Client() {
    if (state_->bridge->is_elsewhere()) {
        // Its thread and whatever that held are not here: nothing can be taken apart.
        static_cast<void>(state_.release());
        return;
    }
    state_->bridge->stop();
}

Client::Opened Client::open(const Options& options) {
    auto bridge = start(options);
    if (!bridge) return {nullptr, bridge.error().message};
    auto state = std::make_unique<State>(State{*std::move(bridge), options.deadline});
    return {std::unique_ptr<Client>(new Client(std::move(state))), {}};
}

Result Client::run(Operation operation) {
    if (state_->bridge->on_its_thread()) {
        return refusal(Code::invalid,
                       "a call that waits inside a callback would wait for itself: submit() there");
    }
    Waiter waiter;
    if (auto refused = state_->submit(std::move(operation), &waiter)) return *std::move(refused);
    return waiter.wait();
}

std::future<Result> Client::submit(Operation operation) {
    Recipient recipient = std::promise<Result>();
    auto future = std::get<std::promise<Result>>(recipient).get_future();
    if (auto refused = state_->submit(std::move(operation), std::move(recipient))) {
        give(recipient, *std::move(refused));
    }
    return future;
}

std::optional<Result> Client::submit(Operation operation, Callback callback) {
    if (!callback) return refusal(Code::invalid, "a callback that is empty cannot be called");
    return state_->submit(std::move(operation), std::move(callback));
}

std::size_t Client::in_flight() const noexcept {
    return state_->bridge->in_flight();
}

Result Client::get(std::string key, Deadline deadline) {
    auto operation = Operation::get(std::move(key));
    operation.deadline = deadline;
    return run(std::move(operation));
}

Result Client::put(std::string key, std::string value, Deadline deadline) {
    auto operation = Operation::put(std::move(key), std::move(value));
    operation.deadline = deadline;
    return run(std::move(operation));
}

Result Client::put_if_absent(std::string key, std::string value, Deadline deadline) {
    auto operation = Operation::put(std::move(key), std::move(value)).if_absent();
    operation.deadline = deadline;
    return run(std::move(operation));
}

Result Client::put_if_version(std::string key, std::string value, Version version,
                              Deadline deadline) {
    auto operation = Operation::put(std::move(key), std::move(value)).if_version(version);
    operation.deadline = deadline;
    return run(std::move(operation));
}

Result Client::erase(std::string key, Deadline deadline) {
    auto operation = Operation::erase(std::move(key));
    operation.deadline = deadline;
    return run(std::move(operation));
}

Result Client::erase_if_version(std::string key, Version version, Deadline deadline) {
    auto operation = Operation::erase(std::move(key)).if_version(version);
    operation.deadline = deadline;
    return run(std::move(operation));
}

const char* to_string(Code code) noexcept {
    switch (code) {
        case Code::ok:
            return "ok";
        case Code::not_found:
            return "not found";
        case Code::condition_failed:
            return "condition failed";
        case Code::invalid:
            return "invalid";
        case Code::overloaded:
            return "overloaded";
        case Code::unavailable:
            return "unavailable";
        case Code::unknown:
            return "unknown";
        case Code::full:
            return "full";
        case Code::ended:
            break;
    }
    return "ended";
}

std::string to_string(Version version) {
    return fmt::format("{}.{}", version.epoch, version.counter);
}

}  // namespace grapevine::v1
