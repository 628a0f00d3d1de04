#include "bench/generator.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "runtime/clock.h"
#include "runtime/output.h"

namespace grapevine::bench {

namespace {

constexpr Duration tick = 1ms;

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

void Tally::add(const Tally& other) {
    latency_us.add(other.latency_us);
    gets += other.gets;
    puts += other.puts;
    failed += other.failed;
    if (first_failure.empty()) first_failure = other.first_failure;
}

Generator::Generator(Loop& loop, const LoadConfig& config, std::size_t value_size, Source source)
    : loop_(loop), config_(config), value_size_(value_size), source_(std::move(source)) {
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
        alarm_.emplace(loop_, tick, tick, [this] { submit_due(); });
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
    while (!ending_) {
        const std::uint64_t after_us = submitted_ * 1'000'000 / config_.rate;
        const Time due = begun_ + Duration{static_cast<std::int64_t>(after_us)};
        if (due > now) return;
        // A loop that comes on time is as late as its timer: that is not the servers' doing.
        if (!submit(*hosts_[submitted_ % hosts_.size()], due + 2 * tick > now ? now : due)) return;
    }
}

// False: there are no more.
bool Generator::submit(ClientHost& host, Time due) {
    auto operation = ending_ ? std::nullopt : source_();
    if (!operation) {
        ending_ = true;
        return false;
    }
    ++submitted_;
    ++in_flight_;
    const OperationKind kind = operation->kind;
    host.submit(*std::move(operation), [this, &host, kind, due](const Outcome& outcome) {
        --in_flight_;
        completed(kind, due, outcome);
        if (config_.rate == 0) submit_next(host);
    });
    return true;
}

void Generator::completed(OperationKind kind, Time due, const Outcome& outcome) {
    if (const std::string defect = defect_of(kind, outcome, value_size_); !defect.empty()) {
        if (tally_.failed++ == 0) tally_.first_failure = defect;
        return;
    }
    ++(kind == OperationKind::get ? tally_.gets : tally_.puts);
    tally_.latency_us.add(static_cast<std::uint64_t>(to_us(boot_time() - due)));
}

Tally Generator::take_tally() {
    return std::exchange(tally_, {});
}

}  // namespace grapevine::bench
