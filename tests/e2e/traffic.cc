#include "e2e/traffic.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "history/linearizability.h"
#include "history/of_client.h"
#include "runtime/clock.h"

namespace grapevine::e2e {

namespace {

// Until it was answered; where it failed, until the first answer about its key that did not.
Duration wait_of(const OperationRecord& asked, const std::vector<const OperationRecord*>& of_key,
                 Time until) {
    if (!is_failure(asked)) return asked.returned - asked.called;
    Time answered = until;
    for (const OperationRecord* record : of_key) {
        if (!is_failure(*record) && record->returned >= asked.called)
            answered = std::min(answered, record->returned);
    }
    return answered - asked.called;
}

}  // namespace

struct Traffic::Member {
    Member(std::size_t of_number, Loop& loop, ClientConfig config)
        : number(of_number), host(loop, std::move(config)) {}

    std::size_t number;
    ClientHost host;
    Time next_at;
};

Traffic::Traffic(Loop& loop, TrafficPlan plan)
    : loop_(loop),
      plan_(std::move(plan)),
      rng_(plan_.seed),
      timer_([&](uv_timer_t* timer) { return uv_timer_init(loop_.get(), timer); }, this) {
    for (std::size_t number = 0; number < plan_.clients; ++number) {
        ClientConfig config;
        config.seeds = plan_.seeds;
        members_.push_back(std::make_unique<Member>(number, loop_, std::move(config)));
    }
}

Traffic::~Traffic() = default;

void Traffic::begin() {
    running_ = true;
    uv_timer_start(
        timer_.get(),
        [](uv_timer_t* timer) {
            if (timer->data != nullptr) static_cast<Traffic*>(timer->data)->tick();
        },
        1, 1);
}

bool Traffic::idle() const {
    return std::ranges::all_of(members_,
                               [](const auto& member) { return member->host.in_flight() == 0; });
}

void Traffic::turn_page() {
    ASSERT(idle());
    history_.clear();
    seen_.clear();
    ++page_;
}

void Traffic::tick() {
    if (!running_) return;
    const Time now = boot_time();
    for (const auto& member : members_) {
        if (member->host.in_flight() == 0 && member->next_at <= now) next(*member);
    }
}

void Traffic::next(Member& member) {
    Operation operation = draw(member);
    history_.push_back(open_record(operation, member.number, boot_time()));
    const std::size_t index = history_.size() - 1;
    member.host.submit(std::move(operation), [this, &member, index](const Outcome& outcome) {
        const Time now = boot_time();
        OperationRecord& record = history_[index];
        close_record(record, outcome, now);
        if (outcome.version != Version{}) seen_[record.key] = outcome.version;
        member.next_at = now + plan_.pause;
    });
}

// Half are reads; of the rest one in ten deletes and one in ten asks for the version seen last.
Operation Traffic::draw(const Member& member) {
    Operation operation;
    operation.key = fmt::format("page{}-key{}", page_, rng_.below(plan_.keys));
    operation.deadline = plan_.deadline;
    const std::uint64_t chance = rng_.below(20);
    if (chance < 10) return operation;
    if (chance == 10) {
        operation.kind = OperationKind::erase;
        return operation;
    }
    operation.kind = OperationKind::put;
    operation.value = fmt::format("{}-{}", member.number, written_++);
    const auto seen = seen_.find(operation.key);
    if (chance == 11 && seen != seen_.end()) {
        operation.condition = Condition::version;
        operation.expected = seen->second;
    }
    return operation;
}

bool is_failure(const OperationRecord& record) {
    return record.outcome == RecordOutcome::unknown || record.outcome == RecordOutcome::no_effect;
}

Duration longest_outage(const History& history, Time from, Time until) {
    std::map<std::string, std::vector<const OperationRecord*>> by_key;
    for (const OperationRecord& record : history) {
        if (record.returned >= from) by_key[record.key].push_back(&record);
    }
    Duration longest{};
    for (const auto& [key, records] : by_key) {
        for (const OperationRecord* record : records) {
            if (record->called >= from)
                longest = std::max(longest, wait_of(*record, records, until));
        }
    }
    return longest;
}

std::string defect_of(const History& history) {
    const HistoryVerdict verdict = check_linearizable(history);
    if (verdict.verdict == Verdict::linearizable) return {};
    return fmt::format("{} {}: {}", verdict.key,
                       verdict.verdict == Verdict::violated ? "is not linearizable" : "undecided",
                       verdict.explanation);
}

}  // namespace grapevine::e2e
