#include "wire/rule_tools.h"
#include "wire/rules.h"

namespace grapevine::wire {

namespace {

std::string defect(const Rumor& rumor) {
    if (!rumor.member) return "a rumor is about nobody";
    if (!is_known(rumor.liveness, Liveness::dead)) return "a rumor's liveness is unknown";
    if (!is_known(rumor.evidence, Evidence::gone)) return "a rumor's evidence is unknown";
    return {};
}

std::string defect_of_rumors(const std::vector<Rumor>& rumors, std::size_t max) {
    if (rumors.size() > max) {
        return fmt::format("{} rumors are over the limit of {}", rumors.size(), max);
    }
    return first_defect(rumors, [](const Rumor& rumor) { return defect(rumor); });
}

}  // namespace

std::string defect(const SwimMessage& message) {
    if (const auto* request = std::get_if<PingRequest>(&message.body);
        request != nullptr && !request->target) {
        return "a ping request has no target";
    }
    if (const auto* ack = std::get_if<Ack>(&message.body); ack != nullptr && !ack->member) {
        return "an ack is of nobody";
    }
    return defect_of_rumors(message.rumors, rumors_per_packet_max);
}

std::string defect(const SwimSync& message) {
    return defect_of_rumors(message.rumors, members_max);
}

}  // namespace grapevine::wire
