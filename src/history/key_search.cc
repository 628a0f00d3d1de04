#include "history/key_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/assert.h"
#include "base/rng.h"
#include "history/register.h"

namespace grapevine {

namespace {

using Records = std::vector<const OperationRecord*>;

// All unknown puts whose value nobody read write this: it does not matter which of them it was.
constexpr std::uint32_t unread_value = 1;

bool is_unknown_put(const OperationRecord& record) {
    return record.kind == RecordKind::put && record.outcome == RecordOutcome::unknown;
}

// What readers of a value were told as its version. {0, 0}: nothing, or several operations write
// the value, so that it is not known of which the version is.
std::unordered_map<std::string, Version> versions_by_reader(const Records& records) {
    std::unordered_map<std::string, std::size_t> writers;
    std::unordered_map<std::string, Version> told;
    for (const OperationRecord* record : records) {
        if (record->kind == RecordKind::put) ++writers[record->value];
        if (record->kind == RecordKind::get && record->outcome == RecordOutcome::done) {
            told[record->value] = record->version;
        }
    }
    for (auto& [value, version] : told) {
        if (writers[value] > 1) version = Version{};
    }
    return told;
}

struct SetHash {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    bool operator==(const SetHash&) const = default;
    void toggle(const SetHash& key) {
        high ^= key.high;
        low ^= key.low;
    }
};

// Where the search was: what has taken effect, and what the register then holds.
struct Seen {
    SetHash taken;  // without the interchangeable ones
    Register state;
    bool operator==(const Seen&) const = default;
};

// How many unknown operations that can stand in for each other have taken effect.
struct Spent {
    std::uint32_t erases = 0;
    std::uint32_t puts = 0;  // of values that nobody read
    [[nodiscard]] bool within(const Spent& other) const {
        return erases <= other.erases && puts <= other.puts;
    }
};

struct SeenHash {
    std::size_t operator()(const Seen& seen) const noexcept {
        return seen.taken.low ^ (seen.state.value * 0x9e3779b97f4a7c15ULL) ^
               (seen.state.version.counter * 0xff51afd7ed558ccdULL) ^
               (seen.state.unseen * 0x94d049bb133111ebULL) ^
               (seen.state.idle ? 0xc4ceb9fe1a85ec53ULL : 0);
    }
};

// Calls and returns of one key in order of time, as a doubly linked list from which an operation is
// lifted when it takes effect and put back when the search turns round. Unknown operations have a
// list of their own: they have no return, may take effect at any time after their call or never,
// and are tried last.
class KeySearch {
public:
    explicit KeySearch(const Records& records) {
        steps_.reserve(records.size());
        const std::unordered_map<std::string, Version> told = versions_by_reader(records);
        Rng rng(1);  // any fixed keys do
        for (const OperationRecord* record : records) {
            if (is_program(record->kind)) {
                steps_.push_back(program_step(*record));
                keys_.push_back({rng.next(), rng.next()});
                continue;
            }
            Step step{record, number_of(record->value), record->version};
            const auto found = told.find(record->value);
            if (is_unknown_put(*record)) {
                if (found == told.end()) {
                    step.value = unread_value;
                } else {
                    step.told = found->second;
                }
            }
            steps_.push_back(step);
            keys_.push_back({rng.next(), rng.next()});
        }
        link();
    }

    HistoryVerdict run(const CheckBudget& budget) {
        HistoryVerdict result;
        std::size_t at = nodes_[head].next;
        while (open_ > 0) {
            if (may_take(at)) {
                if (++result.steps > budget.steps_max) {
                    result.verdict = Verdict::undecided;
                    result.explanation = fmt::format("undecided after {} steps", budget.steps_max);
                    return result;
                }
                at = try_step(at);
                continue;
            }
            if (at > unknown_tail) {
                at = pass_over(at);
                continue;
            }
            if (path_.empty()) {
                result.verdict = Verdict::violated;
                result.explanation = explain();
                return result;
            }
            at = turn_round();
        }
        return result;
    }

private:
    struct ListNode {
        std::size_t step = 0;
        bool is_call = false;
        bool is_unknown = false;
        std::size_t partner = 0;  // the return of a call; 0: none
        std::size_t previous = 0;
        std::size_t next = 0;
        std::size_t same_before =
            0;                  // the call before it of the same program of unknown fate; 0: none
        bool is_taken = false;  // it has taken effect
    };
    struct Taken {
        std::size_t call;
        Register state;  // before it, as the others
        SetHash taken;
        Spent spent;
    };
    // Nodes are numbered in order of time, after these.
    static constexpr std::size_t head = 0;
    static constexpr std::size_t tail = 1;
    static constexpr std::size_t unknown_head = 2;
    static constexpr std::size_t unknown_tail = 3;

    std::uint32_t number_of(const std::string& value) {
        return values_.try_emplace(value, static_cast<std::uint32_t>(values_.size()) + 2)
            .first->second;
    }

    Step program_step(const OperationRecord& record) {
        Step step{&record, number_of(record.program), record.version};
        for (const std::string& key : program_keys(record.program)) {
            const auto place = static_cast<std::uint32_t>(group_keys_.size());
            step.keys |= 1U << group_keys_.try_emplace(key, place).first->second % key_bits;
        }
        step.is_blind = is_blind_program(record.program);
        return step;
    }

    static bool is_open_ended(const OperationRecord& record) {
        return record.outcome == RecordOutcome::unknown;
    }

    void link() {
        struct Moment {
            Time time;
            bool is_return;  // at the same moment calls come first: more orders are allowed
            std::size_t step;
            auto operator<=>(const Moment&) const = default;
        };
        std::vector<Moment> moments;
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            const OperationRecord& record = *steps_[i].record;
            moments.push_back({record.called, false, i});
            if (is_open_ended(record)) continue;
            ASSERT(record.returned >= record.called, "{}", to_string(record));
            moments.push_back({record.returned, true, i});
            ++open_;
        }
        std::sort(moments.begin(), moments.end());
        nodes_.resize(4);
        nodes_[head].next = tail;
        nodes_[tail].previous = head;
        nodes_[unknown_head].next = unknown_tail;
        nodes_[unknown_tail].previous = unknown_head;
        std::vector<std::size_t> calls(steps_.size());
        std::unordered_map<std::uint32_t, std::size_t> last_of_program;
        for (const Moment& moment : moments) {
            const std::size_t node = nodes_.size();
            const bool is_unknown = is_open_ended(*steps_[moment.step].record);
            const std::size_t end = is_unknown ? unknown_tail : tail;
            nodes_.push_back(
                {moment.step, !moment.is_return, is_unknown, 0, nodes_[end].previous, end});
            put_back(node);
            if (is_interchangeable(steps_[moment.step])) {
                const bool is_put = steps_[moment.step].record->kind == RecordKind::put;
                (is_put ? unread_puts_ : erases_).push_back(node);
            }
            if (is_unknown && is_program(steps_[moment.step].record->kind)) {
                std::size_t& last = last_of_program[steps_[moment.step].value];
                nodes_[node].same_before = std::exchange(last, node);
            }
            if (moment.is_return) {
                nodes_[calls[moment.step]].partner = node;
            } else {
                calls[moment.step] = node;
            }
        }
    }

    void lift(std::size_t node) {
        nodes_[nodes_[node].previous].next = nodes_[node].next;
        nodes_[nodes_[node].next].previous = nodes_[node].previous;
    }

    void put_back(std::size_t node) {
        nodes_[nodes_[node].previous].next = node;
        nodes_[nodes_[node].next].previous = node;
    }

    // A call that nothing has to precede: no operation returned before it without having taken
    // effect.
    [[nodiscard]] bool may_take(std::size_t at) const {
        if (at <= unknown_tail || !nodes_[at].is_call || overtakes(at)) return false;
        return !nodes_[at].is_unknown || (at < first_return() && is_first_of_its_kind(at));
    }

    // Versions only grow along the order: an operation that was told a lower version and has yet to
    // take effect comes first. The register would find out too, but many steps later. (A deletion
    // may have been told the version of what it deleted; the order is the same.)
    [[nodiscard]] bool overtakes(std::size_t call) const {
        const Version told = told_in_order(steps_[nodes_[call].step]);
        for (std::size_t at = nodes_[head].next; nodes_[at].is_call; at = nodes_[at].next) {
            const Version other = told_in_order(steps_[nodes_[at].step]);
            if (other != Version{} && other < told) return true;
        }
        return false;
    }

    static Version told_in_order(const Step& step) {
        const bool done =
            step.record->outcome == RecordOutcome::done || is_unknown_put(*step.record);
        return done ? step.told : Version{};
    }

    // Unknown operations that can stand in for each other are taken in the order of their calls.
    [[nodiscard]] bool is_first_of_its_kind(std::size_t call) const {
        const Step& step = steps_[nodes_[call].step];
        if (is_program(step.record->kind)) {
            const std::size_t before = nodes_[call].same_before;
            return before == 0 || nodes_[before].is_taken;
        }
        if (!is_interchangeable(step)) return true;
        return step.record->kind == RecordKind::put ? unread_puts_[spent_.puts] == call
                                                    : erases_[spent_.erases] == call;
    }

    static bool is_interchangeable(const Step& step) {
        const OperationRecord& record = *step.record;
        if (!is_open_ended(record) || record.condition != RecordCondition::none) return false;
        return record.kind == RecordKind::erase ||
               (record.kind == RecordKind::put && step.value == unread_value);
    }

    [[nodiscard]] std::size_t first_return() const {
        std::size_t at = nodes_[head].next;
        while (at != tail && nodes_[at].is_call) at = nodes_[at].next;
        return at;
    }

    // Lets the call's operation take effect now, if that fits and was not tried; says where to go
    // on.
    std::size_t try_step(std::size_t call) {
        const std::size_t step = nodes_[call].step;
        const std::optional<Register> after = apply(state_, steps_[step], groups_);
        if (!after) return nodes_[call].next;
        const Taken before{call, state_, taken_, spent_};
        take(step);
        if (!is_new({taken_, *after})) {
            taken_ = before.taken;
            spent_ = before.spent;
            return nodes_[call].next;
        }
        path_.push_back(before);
        state_ = *after;
        lift(call);
        nodes_[call].is_taken = true;
        if (nodes_[call].partner != 0) {
            lift(nodes_[call].partner);
            --open_;
        }
        return nodes_[head].next;
    }

    void take(std::size_t step) {
        const Step& taken = steps_[step];
        if (!is_interchangeable(taken)) {
            taken_.toggle(keys_[step]);
        } else if (taken.record->kind == RecordKind::put) {
            ++spent_.puts;
        } else {
            ++spent_.erases;
        }
    }

    // False where the search was here before with as many unknown operations left, or more.
    bool is_new(const Seen& here) {
        std::vector<Spent>& spent = seen_[here];
        if (std::ranges::any_of(spent, [&](const Spent& s) { return s.within(spent_); }))
            return false;
        std::erase_if(spent, [&](const Spent& s) { return spent_.within(s); });
        spent.push_back(spent_);
        return true;
    }

    // At a return the known operations are exhausted: on to the unknown ones.
    std::size_t pass_over(std::size_t at) {
        if (nodes_[at].is_call) return nodes_[at].next;
        note_stuck(at);
        return nodes_[unknown_head].next;
    }

    std::size_t turn_round() {
        const Taken last = path_.back();
        path_.pop_back();
        state_ = last.state;
        taken_ = last.taken;
        spent_ = last.spent;
        if (nodes_[last.call].partner != 0) {
            put_back(nodes_[last.call].partner);
            ++open_;
        }
        put_back(last.call);
        nodes_[last.call].is_taken = false;
        return nodes_[last.call].next;
    }

    // The search that came furthest says best what is wrong.
    void note_stuck(std::size_t at) {
        if (stuck_ != nullptr && open_ >= stuck_open_) return;
        stuck_ = steps_[nodes_[at].step].record;
        stuck_open_ = open_;
        last_ = path_.empty() ? nullptr : steps_[nodes_[path_.back().call].step].record;
    }

    [[nodiscard]] std::string explain() const {
        ASSERT(stuck_ != nullptr);
        return fmt::format("no order of the operations explains: {}; the best one ends with: {}",
                           to_string(*stuck_),
                           last_ != nullptr ? to_string(*last_) : "the absent key");
    }

    std::vector<Step> steps_;
    std::vector<SetHash> keys_;
    std::unordered_map<std::string, std::uint32_t> values_;
    std::unordered_map<std::string, std::uint32_t> group_keys_;  // to their places
    std::vector<ListNode> nodes_;
    std::vector<std::size_t> unread_puts_;  // calls of interchangeable operations, in order
    std::vector<std::size_t> erases_;
    std::size_t open_ = 0;  // operations with a return that have not taken effect
    std::vector<Taken> path_;
    GroupStates groups_;
    Register state_;
    SetHash taken_;
    Spent spent_;
    std::unordered_map<Seen, std::vector<Spent>, SeenHash> seen_;
    const OperationRecord* stuck_ = nullptr;
    const OperationRecord* last_ = nullptr;
    std::size_t stuck_open_ = 0;
};

}  // namespace

HistoryVerdict search_order(const Records& records, const CheckBudget& budget) {
    return KeySearch(records).run(budget);
}

}  // namespace grapevine
