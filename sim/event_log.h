#pragma once
// Everything that happened, as one number: each event is hashed onto those before (XXH3), so two
// runs are the same exactly where their hashes are. The lines themselves are kept only where
// somebody wants to read them.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/time.h"

namespace grapevine::sim {

enum class EventKind : std::uint64_t {
    datagram,       // arrived
    datagram_lost,  // by the draw, by a cut, or nobody listens
    dial,           // succeeded
    dial_failed,
    bytes,  // arrived on a link
    ended,  // a link, as seen by `to`
    turn,   // of a process
    fault,
    log,  // a process said something
};

struct EventRecord {
    EventKind kind;
    Address from;
    Address to;
    std::string_view bytes;
};

class EventLog {
public:
    using Sink = std::function<void(const std::string& line)>;

    // Null: nobody reads.
    void set_sink(Sink sink) { sink_ = std::move(sink); }

    void record(Time now, const EventRecord& event);

    [[nodiscard]] std::uint64_t hash() const { return hash_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }

private:
    std::uint64_t hash_ = 0;
    std::uint64_t events_ = 0;
    Sink sink_;
};

// "12.000345 s", for people.
std::string seconds(Time time);

}  // namespace grapevine::sim
