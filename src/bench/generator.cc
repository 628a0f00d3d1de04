#include "bench/generator.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "runtime/clock.h"
#include "runtime/output.h"

namespace grapevine::bench {

namespace {

// Whose answer is what was expected; otherwise why not, in words.
std::string defect_of(OperationKind kind, const Outcome& outcome, std::size_t value_size) {
    if (outcome.kind != OutcomeKind::ok) {
        const std::string words = outcome_words(outcome.kind);
        return outcome.detail.empty() ? words : words + ": " + outcome.detail;
    }
    if (kind == OperationKind::get && outcome.value.size() != value_size) {
        return fmt::format("a value has {} bytes, not {}", outcome.value.size(), value_size);
    }
    return {};
}

}  // namespace

void Tally::add_latency(bool of_get, Duration took) {
    const auto us = static_cast<std::uint64_t>(to_us(took));
    latency_us.add(us);
    (of_get ? get_us : put_us).add(us);
}

void Tally::add(const Tally& other) {
    latency_us.add(other.latency_us);
    late_us.add(other.late_us);
    get_us.add(other.get_us);
    put_us.add(other.put_us);
    gets += other.gets;
    puts += other.puts;
    failed += other.failed;
    if (first_failure.empty()) first_failure = other.first_failure;
}

Generator::Generator(Loop& loop, const LoadConfig& config, std::size_t value_size, Source source,
                     Answered answered)
    : loop_(loop),
      config_(config),
      value_size_(value_size),
      source_(std::move(source)),
      answered_(std::move(answered)) {
    ASSERT(config.clients > 0 && config.depth > 0);
    ClientConfig client;
    client.seeds = config.seeds;
    for (std::size_t i = 0; i < config.clients; ++i) {
        hosts_.push_back(std::make_unique<ClientHost>(loop, client));
    }
}

void Generator::begin() {
    if (config_.rate > 0) {
        begun_ = boot_time();
        pacer_.emplace(loop_, [this] { submit_due(); });
        pacer_->wake_at(begun_);
        return;
    }
    for (std::size_t i = 0; i < config_.depth; ++i) {
        for (const auto& host : hosts_) submit_next(*host);
    }
}

void Generator::submit_next(ClientHost& host) {
    submit(host, boot_time());
}

void Generator::submit_due() {
    const Time now = boot_time();
    for (;;) {
        const Time due = due_at(begun_, config_.rate, submitted_);
        if (due > now) return pacer_->wake_at(due);
        tally_.late_us.add(static_cast<std::uint64_t>(to_us(now - due)));
        if (!submit(*hosts_[submitted_ % hosts_.size()], due)) return;
    }
}

// False: there are no more.
bool Generator::submit(ClientHost& host, Time due) {
    auto step = ending_ ? std::nullopt : source_();
    if (!step) {
        ending_ = true;
        return false;
    }
    ++submitted_;
    ++in_flight_;
    perform(host, *std::move(step), due);
    return true;
}

void Generator::perform(ClientHost& host, Step step, Time due) {
    const auto over = [this, &host, number = step.number, kind = step.kind,
                       due](const Outcome& outcome) {
        --in_flight_;
        completed(
            {.number = number, .kind = kind, .due = due, .over = boot_time(), .outcome = outcome});
        if (config_.rate == 0) submit_next(host);
    };
    if (!step.then_put) return host.submit(static_cast<Operation&&>(step), over);
    Step read = step;
    read.value.clear();
    step.kind = OperationKind::put;
    step.then_put = false;
    host.submit(static_cast<Operation&&>(read),
                [this, &host, over, step = std::move(step), due](const Outcome& outcome) {
                    const bool found = defect_of(OperationKind::get, outcome, value_size_).empty();
                    if (!found) return over(outcome);
                    perform(host, step, due);
                });
}

void Generator::completed(Answer answer) {
    const std::string defect = defect_of(answer.kind, answer.outcome, value_size_);
    answer.good = defect.empty();
    const bool of_get = answer.kind == OperationKind::get;
    if (answer.good || config_.rate > 0) tally_.add_latency(of_get, answer.over - answer.due);
    if (answer.good) {
        ++(of_get ? tally_.gets : tally_.puts);
    } else if (tally_.failed++ == 0) {
        tally_.first_failure = defect;
    }
    if (answered_) answered_(answer);
}

Tally Generator::take_tally() {
    return std::exchange(tally_, {});
}

}  // namespace grapevine::bench
