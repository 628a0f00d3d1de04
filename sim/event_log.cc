#include "sim/event_log.h"

#include <fmt/format.h>

#include <array>
#include <bit>

#include "base/hash.h"

namespace grapevine::sim {

namespace {

std::string_view name_of(EventKind kind) {
    switch (kind) {
        case EventKind::datagram:
            return "datagram";
        case EventKind::datagram_lost:
            return "datagram lost";
        case EventKind::dial:
            return "dial";
        case EventKind::dial_failed:
            return "dial failed";
        case EventKind::bytes:
            return "bytes";
        case EventKind::ended:
            return "ended";
        case EventKind::turn:
            return "turn";
        case EventKind::fault:
            return "fault";
        case EventKind::log:
            return "log";
    }
    return "?";
}

std::uint64_t packed(Address address) {
    return std::uint64_t{address.ip} << 16 | address.port;
}

}  // namespace

void EventLog::record(Time now, const EventRecord& event) {
    ++events_;
    const std::array<std::uint64_t, 5> words{
        static_cast<std::uint64_t>(to_us(now)), static_cast<std::uint64_t>(event.kind),
        packed(event.from), packed(event.to), hash64(event.bytes)};
    static_assert(std::endian::native == std::endian::little, "the hash is of the bytes");
    hash_ = hash64({reinterpret_cast<const char*>(words.data()), sizeof words}, hash_);
    if (!sink_) return;
    const bool is_text = event.kind == EventKind::fault || event.kind == EventKind::log;
    sink_(fmt::format("{} {} {} > {} {}", seconds(now), name_of(event.kind), event.from, event.to,
                      is_text ? std::string(event.bytes)
                              : fmt::format("{} bytes {:016x}", event.bytes.size(), words[4])));
}

std::string seconds(Time time) {
    return fmt::format("{}.{:06} s", to_us(time) / 1'000'000, to_us(time) % 1'000'000);
}

}  // namespace grapevine::sim
