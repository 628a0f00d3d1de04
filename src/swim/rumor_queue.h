#pragma once
// The rumors that this node still has to spread (SWIM, section 4.1): each is put on at most `limit`
// packets, those that were sent least often first, the newest of them first.
//
// About one member there are only rumors of one rank (swim/precedence.h): news replaces what it
// supersedes. Of that rank there is one rumor per observer; who adds decides how many observers are
// worth it (swim/suspicion.h), so the queue is bounded by the number of members.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "swim/messages.h"

namespace grapevine {

class RumorQueue {
public:
    // lambda * ceil(log2(members + 1)), at least lambda.
    static std::uint32_t send_limit(std::uint32_t lambda, std::size_t members);

    void set_limit(std::uint32_t limit);

    // Urgent ones are also handed out once by take_urgent(); what is done with them then does not
    // count.
    void add(const Rumor& rumor, bool urgent);
    void forget(NodeId member);

    std::vector<Rumor> take_urgent();

    // Appends to the packet, until it holds `max`, what it does not hold yet.
    void fill(std::vector<Rumor>& packet, std::size_t max);

    [[nodiscard]] bool empty() const { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    void invariants() const;

private:
    struct Entry {
        Rumor rumor;
        std::uint32_t sends = 0;
        std::uint64_t age = 0;  // higher is newer
        bool urgent = false;
    };

    void drop_exhausted();

    std::vector<Entry> entries_;
    std::uint32_t limit_ = 1;
    std::uint64_t added_ = 0;
};

}  // namespace grapevine
