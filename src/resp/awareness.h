#pragma once
// Whether the client of a connection knows clusters, by what it says or by evidence: where this
// node is primary of a share p of the slots, a client without knowledge asks for n distinct
// partitions that all are here with the chance p^n. At less than 5^-8, and eight of them, it is
// believed to know. One foreign key ends the judgement, and so does being told of keys (SCAN,
// KEYS). Pure; a session has one.

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "resp/front.h"

namespace grapevine::resp {

class Awareness {
public:
    [[nodiscard]] bool is_shown() const { return state_ == State::yes; }

    // The client has said what only those say who know clusters.
    void note_shown() { state_ = State::yes; }
    // It was told of keys of the whole cluster, and will ask for these in the order in which they
    // came: that is not chance, and tells nothing any more.
    void note_told() {
        if (state_ == State::perhaps) state_ = State::no;
    }
    // It asks for a key of that slot.
    void note_asked(const Front& front, std::uint32_t slot);

private:
    enum class State : std::uint8_t { perhaps, yes, no };
    static constexpr std::uint64_t certain = std::uint64_t{1} << 48;

    State state_ = State::perhaps;
    std::uint64_t chance_ = certain;      // that a client without knowledge asked for what it asked
    std::vector<PartitionId> asked_for_;  // so far, each once, while that is judged
};

}  // namespace grapevine::resp
