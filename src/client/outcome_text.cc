#include "client/outcome_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "base/limits.h"

namespace grapevine {

namespace {

constexpr std::string_view read_first =
    "the write may or may not have taken effect: read the key before writing it again";

std::string span_text(Duration span) {
    return fmt::format("{} ms", std::chrono::ceil<std::chrono::milliseconds>(span).count());
}

std::string seeds_text(const std::vector<Address>& seeds) {
    std::vector<std::string> texts;
    for (const Address seed : seeds) texts.push_back(to_string(seed));
    return fmt::format("{}", fmt::join(texts, ", "));
}

// "server3 (127.0.0.1:7003), the primary, did not answer"
std::string trouble_text(const Pending& pending, const Circumstances& circumstances) {
    const std::string primary =
        circumstances.primary.empty() ? "the primary" : circumstances.primary + ", the primary,";
    switch (pending.trouble) {
        case Trouble::no_ring:
            return fmt::format("no ring could be had from {}", seeds_text(circumstances.seeds));
        case Trouble::no_storage:
            return "the cluster has no storage nodes yet";
        case Trouble::down:
            return "no copy of the partition came up";
        case Trouble::unreachable:
            return primary + " could not be reached";
        case Trouble::none:
        case Trouble::silent:
            return primary + " did not answer";
        case Trouble::not_primary:
            return "no member that was asked was the primary";
        case Trouble::no_lease:
            return primary + " had no lease";
        case Trouble::unavailable:
            return primary + " found no copy up";
        case Trouble::busy:
            return primary + " was busy";
        case Trouble::bad_stamp:
            return primary + " refused the request as too old";
        case Trouble::full:
            return primary + ", or another holder of the key, had no memory left";
        case Trouble::below_floor:
            return primary + " refused the request as answered before";
    }
    return primary + " did not answer";
}

std::string_view advice(Trouble trouble) {
    switch (trouble) {
        case Trouble::no_ring:
            return "start the cluster, or name the address of a member that is up";
        case Trouble::no_storage:
            return "start storage nodes, then try again";
        default:
            return "try again";
    }
}

// Of a read that goes without saying.
std::string_view unchanged(const Pending& pending) {
    return pending.is_write() ? "nothing was changed; " : "";
}

std::string deadline_defect(const Operation& operation) {
    if (operation.deadline > Duration{} && operation.deadline <= deadline_max) return {};
    return fmt::format("a deadline of {} is not possible; choose one of up to {}",
                       span_text(operation.deadline), span_text(deadline_max));
}

std::string program_defect(const Operation& operation) {
    if (operation.value.size() > program_size_max) {
        return fmt::format("the program has {} bytes; a program has at most {}",
                           operation.value.size(), program_size_max);
    }
    if (operation.condition != Condition::none) return "a program takes no condition";
    if (operation.slot < -1 || operation.slot >= static_cast<std::int32_t>(slot_count)) {
        return fmt::format("there is no slot {}", operation.slot);
    }
    return deadline_defect(operation);
}

}  // namespace

std::string operation_defect(const Operation& operation) {
    if (operation.key.size() > key_size_max) {
        return fmt::format("the key has {} bytes; a key has at most {}", operation.key.size(),
                           key_size_max);
    }
    if (is_program(operation.kind)) return program_defect(operation);
    if (operation.slot != -1) return "only a program names a slot";
    if (operation.value.size() > value_size_max) {
        return fmt::format("the value has {} bytes; a value has at most {}", operation.value.size(),
                           value_size_max);
    }
    if (std::string deadline = deadline_defect(operation); !deadline.empty()) return deadline;
    if (operation.kind == OperationKind::get && operation.condition != Condition::none) {
        return "a read takes no condition; leave it out";
    }
    if (operation.kind == OperationKind::erase && operation.condition == Condition::absent) {
        return "deleting a key only if it is absent does nothing; leave the condition out";
    }
    return {};
}

Outcome without_answer(OutcomeKind kind, std::string detail) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.detail = std::move(detail);
    return outcome;
}

std::string explain_no_answer(const Pending& pending, const Circumstances& circumstances) {
    const std::string said =
        circumstances.last_error.empty() ? "" : fmt::format(" ({})", circumstances.last_error);
    const std::string what = trouble_text(pending, circumstances) + " within " +
                             span_text(pending.operation.deadline) + said;
    if (pending.uncertain()) return fmt::format("{}; {}", what, read_first);
    return fmt::format("{}; {}{}", what, unchanged(pending), advice(pending.trouble));
}

std::string explain_down(const Pending& pending, const Entry& entry, const Ring& ring,
                         Epoch epoch) {
    std::vector<std::string> names;
    for (const NodeId id : entry.copies) {
        if (const Member* const member = ring.member(id)) names.push_back(member->name);
    }
    return fmt::format(
        "no copy of the key's partition is up in ring {}; {}try again when {} is back "
        "(client --status tells more)",
        epoch, unchanged(pending),
        names.empty() ? "one of its holders" : fmt::format("{}", fmt::join(names, " or ")));
}

Outcome full(const std::string& primary) {
    Outcome outcome = without_answer(
        OutcomeKind::unavailable,
        fmt::format("{}, or another holder of the key, has no memory left for it; nothing was "
                    "changed; delete keys, start more nodes, or give "
                    "them more with --max-memory",
                    primary));
    outcome.full = true;
    return outcome;
}

std::string explain_unknown_refusal(const Pending& pending, Status refusal) {
    const std::string_view why = refusal == Status::bad_stamp     ? "it is too long ago"
                                 : refusal == Status::below_floor ? "it counts as answered"
                                                                  : "it was refused";
    return fmt::format(
        "an earlier one of {} attempts was not answered, and the last cannot tell: {};"
        " {}",
        pending.attempts, why, read_first);
}

}  // namespace grapevine
