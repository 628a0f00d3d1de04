#include <utility>

#include "wire/rule_tools.h"
#include "wire/rules.h"

namespace grapevine::wire {

namespace {

// -1: none.
bool is_stamp(std::int64_t stamp_ms) {
    return stamp_ms >= -1 && stamp_ms <= stamp_ms_max;
}

std::string defect_of_condition(const Request& request) {
    if (!is_known(request.kind, OperationKind::query)) return "a request is of an unknown kind";
    if (!is_known(request.condition, Condition::version)) return "a condition is unknown";
    if (request.condition == Condition::absent && request.kind != OperationKind::put) {
        return "only a put can be conditional on absence";
    }
    if (is_program(request.kind) && request.condition != Condition::none) {
        return "a program has no condition";
    }
    return {};
}

std::string defect_of_slot(const Request& request) {
    if (!is_program(request.kind)) return "only a program names a slot";
    const bool exists = request.slot >= 0 && std::cmp_less(request.slot, slot_count);
    return exists ? "" : fmt::format("there is no slot {}", request.slot);
}

std::string defect_of_bytes(const Request& request) {
    if (!is_program(request.kind)) return defect_of_value(request.value);
    if (request.value.size() <= program_size_max) return {};
    return fmt::format("a program of {} bytes is over the limit of {}", request.value.size(),
                       program_size_max);
}

}  // namespace

std::string defect(const Request& message) {
    if (!message.client) return "a request comes from no client";
    if (message.sequence == 0) return "a request has no sequence number";
    if (message.floor > message.sequence) return "a request's floor is above its own number";
    if (!is_stamp(message.stamp_ms)) return "a request's stamp is out of range";
    if (message.deadline_ms > deadline_max / 1ms) {
        return fmt::format("a deadline of {} ms is over the limit of {}", message.deadline_ms,
                           deadline_max / 1ms);
    }
    if (std::string condition = defect_of_condition(message); !condition.empty()) return condition;
    if (message.slot != -1) {
        if (std::string slot = defect_of_slot(message); !slot.empty()) return slot;
    }
    if (std::string key = defect_of_key(message.key); !key.empty()) return key;
    return defect_of_bytes(message);
}

std::string defect(const RingPoll&) {
    return {};
}

std::string defect(const StatusRequest&) {
    return {};
}

std::string defect(const StopRequest&) {
    return {};
}

std::string defect(const Reply& message) {
    if (!is_known(message.status, Status::full)) return "a reply's status is unknown";
    if (!is_stamp(message.stamp_ms)) return "a reply's stamp is out of range";
    if (message.value.size() <= outcome_size_max) return {};
    return fmt::format("a reply of {} bytes is over the limit of {}", message.value.size(),
                       outcome_size_max);
}

std::string defect(const RingReply& message) {
    return defect(message.ring);
}

std::string defect(const StatusReply& message) {
    if (message.to_send.size() > members_max || message.suspected.size() > members_max) {
        return "a status speaks of more members than there can be";
    }
    if (message.waiting.size() > members_waiting_max) return "too many processes that wait";
    if (message.coordinators_before.size() > coordinators_before_max) {
        return "a status speaks of too many coordinators";
    }
    return defect_of_name(message.name);
}

std::string defect(const StopReply&) {
    return {};
}

std::string defect(const AcceptLoss& message) {
    return message.epoch ? "" : "a loss is accepted in no ring";
}

std::string defect(const AcceptLossReply&) {
    return {};
}

std::string defect(const LeaveRequest&) {
    return {};
}

std::string defect(const LeaveReply&) {
    return {};
}

std::string defect(const HistoryRequest&) {
    return {};
}

std::string defect(const HistoryReply& message) {
    if (message.events.size() > history_size_max) return "a history is too long";
    return first_defect(message.events, [](const RingEvent& event) -> std::string {
        if (!event.epoch) return "an event made no ring";
        if (event.last_epoch && event.last_epoch <= event.epoch) return "an event ends too early";
        if (event.what.size() > sentence_size_max) return "an event's sentence is too long";
        if (event.ago_ms > static_cast<std::uint64_t>(stamp_ms_max)) return "an event is too old";
        for (const std::int64_t span :
             {event.detected_ms, event.agreed_ms, event.active_ms, event.repaired_ms}) {
            if (!is_stamp(span)) return "an event's span is out of range";
        }
        return {};
    });
}

std::string defect(const ForceRing& message) {
    return message.parent ? defect(message.founding) : "a cluster is founded from none";
}

std::string defect(const ForceRingReply& message) {
    return message.awaited.size() > members_max ? "too many members" : "";
}

std::string defect(const ErrorReply&) {
    return {};
}

std::string defect(const ClientMessage& message) {
    return std::visit([](const auto& body) { return defect(body); }, message);
}

std::string defect(const ServerMessage& message) {
    return std::visit([](const auto& body) { return defect(body); }, message);
}

}  // namespace grapevine::wire
