#pragma once
// The first invariant that broke in a run: which, when, and what was seen. The run stops there.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sim/event_queue.h"

namespace grapevine::sim {

enum class Rule : std::uint8_t {
    one_ring,        // a ring of one epoch has one content
    well_formed,     // a ring that somebody adopts keeps the rules of ring_defect(), and one that
                     // somebody proposes is a legal step
    epochs_grow,     // the epochs that one state adopts only grow
    one_server,      // at any moment at most one node may serve a partition
    primary_serves,  // a node answers only for partitions that it is the primary of in its ring
    removed_serves,  // a removed member serves no more once its lease has run out
    decodes,         // what members send each other decodes
    order,           // all holders commit the same operations in the same order
    at_most_once,    // a request takes effect once
    acknowledged,    // an acknowledged write is committed, and is where its partition is served
    room,            // only what adds is refused for memory, and only where it is short
    expiry,          // what expires is not read after its time, and nothing else expires
    flushed,         // what was there when a flush began is not when it has ended
    available,       // with a copy and a quorum up and connected, a partition is served
    false_eviction,  // nobody is evicted who was only slow or lossy within the limits
    rest,            // no fill is opened and ended again and again, nor ring after ring
    copies_equal,    // when the faults have ended, all copies are the same, and right
    placement,       // and the table is the desired one
    memory,          // and what is remembered of idle clients is forgotten
    linearizable,    // some order of the operations explains every answer
    decided,         // the checker came to a verdict
    other,
};

// One word or two, as a failure's class: "one server".
std::string_view to_string(Rule rule);

class Defect {
public:
    explicit Defect(const EventQueue& queue) : queue_(queue) {}

    // Only the first is kept.
    void report(Rule rule, const std::string& sentence);

    [[nodiscard]] bool is_found() const { return !sentence_.empty(); }
    [[nodiscard]] Rule rule() const { return rule_; }
    [[nodiscard]] const std::string& sentence() const { return sentence_; }  // empty: none

private:
    const EventQueue& queue_;
    Rule rule_ = Rule::other;
    std::string sentence_;
};

}  // namespace grapevine::sim
