#include "bench/side.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "bench/pacer.h"
#include "runtime/clock.h"

namespace grapevine::bench {

namespace {

constexpr Duration connect_patience = 30s;
constexpr Duration serve_patience = 30s;
constexpr Duration serve_pause = 50ms;
constexpr Duration silence_max = 30s;
constexpr Duration run_patience = 3600s;

}  // namespace

Side::Side(Session& session, Target& target, const LanesConfig& config, unsigned acks)
    : session_(session),
      target_(target),
      config_(config),
      acks_(acks),
      value_(value_of(config.workload)) {}

Result<void> Side::fill() {
    const Time until = boot_time() + serve_patience;
    for (;;) {
        if (const auto ready = prepare(); !ready) return ready;
        lanes_->begin_filling();
        if (const auto over = finish("writing the keys"); !over) return over;
        const Tally tally = lanes_->take_tally();
        if (tally.failed == 0) return {};
        if (boot_time() > until) {
            return fail("{}: {} keys could not be written; the first: {}", target_.name(),
                        tally.failed, tally.first_failure);
        }
        if (const auto passed = session_.pass(serve_pause); !passed) return passed;
    }
}

Result<Phase> Side::run(const Length& length, std::uint64_t seed) {
    if (const auto ready = prepare(); !ready) return std::unexpected(ready.error());
    const Use before = target_.use();
    const Time begun = boot_time();
    if (const auto over = load(length, seed); !over) return std::unexpected(over.error());
    Phase phase;
    phase.span = boot_time() - begun;
    phase.name = target_.name();
    phase.tally = lanes_->take_tally();
    phase.use = target_.use();
    phase.use.cpu -= before.cpu;
    phase.use.own_cpu -= before.own_cpu;
    return phase;
}

Result<void> Side::load(const Length& length, std::uint64_t seed) {
    const bool is_counted = length.operations > 0 || config_.rate > 0;
    if (is_counted) {
        const std::uint64_t operations =
            length.operations > 0 ? length.operations : due_in(config_.rate, length.span);
        lanes_->begin_mix(operations, seed);
        return finish(fmt::format("{} operations", operations), operations);
    }
    lanes_->begin_mix(std::numeric_limits<std::uint64_t>::max(), seed);
    const Time begun = boot_time();
    auto over = wait(length.span + run_patience, "a load", [&] {
        const Duration passed = boot_time() - begun;
        session_.part(static_cast<double>(to_us(passed)) / static_cast<double>(to_us(length.span)));
        return passed >= length.span;
    });
    if (!over) return over;
    lanes_->end_mix();
    return finish("the last operations");
}

Result<void> Side::prepare() {
    if (lanes_ != nullptr && routes_version_ == target_.routes_version()) return {};
    routes_version_ = target_.routes_version();
    lanes_.reset();
    lanes_ = std::make_unique<Lanes>(session_.loop(), target_.routes(),
                                     target_.dialect(value_, acks_), config_);
    return wait(connect_patience, "connecting", [this] { return lanes_->connected(); });
}

Result<void> Side::finish(const std::string& what, std::uint64_t operations) {
    const std::uint64_t before = lanes_->answers();
    std::uint64_t answers = before;
    Time answered_at = boot_time();
    bool silent = false;
    auto over = wait(run_patience, what, [&] {
        if (const std::uint64_t now = lanes_->answers(); now != answers) {
            answers = now;
            answered_at = boot_time();
            if (operations > 0) {
                session_.part(static_cast<double>(now - before) / static_cast<double>(operations));
            }
        }
        silent = boot_time() - answered_at > silence_max;
        return silent || lanes_->idle();
    });
    if (!over) return over;
    if (silent) return fail("{}: nothing was answered for {} s", target_.name(), silence_max / 1s);
    return {};
}

Result<void> Side::wait(Duration bound, const std::string& what,
                        const std::function<bool()>& condition) {
    auto over = session_.wait(bound, fmt::format("{}: {}", target_.name(), what), [&] {
        return !lanes_->broken().empty() || !target_.broken().empty() || condition();
    });
    if (!over) return over;
    if (!target_.broken().empty()) return fail("{}: {}", target_.name(), target_.broken());
    if (!lanes_->broken().empty()) return fail("{}: {}", target_.name(), lanes_->broken());
    return {};
}

}  // namespace grapevine::bench
