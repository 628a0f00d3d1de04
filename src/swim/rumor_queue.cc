#include "swim/rumor_queue.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "base/assert.h"
#include "swim/precedence.h"

namespace grapevine {

std::uint32_t RumorQueue::send_limit(std::uint32_t lambda, std::size_t members) {
    // ceil(log2(n + 1)) is the number of bits in n.
    return lambda * std::max(1U, static_cast<std::uint32_t>(std::bit_width(members)));
}

void RumorQueue::set_limit(std::uint32_t limit) {
    limit_ = limit;
    drop_exhausted();
}

void RumorQueue::add(const Rumor& rumor, bool urgent) {
    const auto outdated = [&](const Entry& entry) {
        return entry.rumor.member == rumor.member &&
               (supersedes(rumor, entry.rumor) || entry.rumor.observer == rumor.observer);
    };
    std::erase_if(entries_, outdated);
    entries_.push_back({.rumor = rumor, .sends = 0, .age = ++added_, .urgent = urgent});
}

void RumorQueue::forget(NodeId member) {
    std::erase_if(entries_, [&](const Entry& entry) {
        return entry.rumor.member == member || entry.rumor.observer == member;
    });
}

std::vector<Rumor> RumorQueue::take_urgent() {
    std::vector<Rumor> urgent;
    for (Entry& entry : entries_) {
        if (entry.urgent) urgent.push_back(entry.rumor);
        entry.urgent = false;
    }
    return urgent;
}

void RumorQueue::fill(std::vector<Rumor>& packet, std::size_t max) {
    std::ranges::sort(entries_, [](const Entry& a, const Entry& b) {
        return std::tie(a.sends, b.age) < std::tie(b.sends, a.age);
    });
    for (Entry& entry : entries_) {
        if (packet.size() >= max) break;
        if (std::ranges::count(packet, entry.rumor) > 0) continue;
        packet.push_back(entry.rumor);
        ++entry.sends;
    }
    drop_exhausted();
}

// An urgent one stays until it was handed out, however often it was on packets before.
void RumorQueue::drop_exhausted() {
    std::erase_if(entries_,
                  [&](const Entry& entry) { return entry.sends >= limit_ && !entry.urgent; });
}

void RumorQueue::invariants() const {
    for (const Entry& entry : entries_) {
        ASSERT(well_formed(entry.rumor), "member {}", entry.rumor.member);
        ASSERT(entry.sends < limit_ || entry.urgent, "{} sends", entry.sends);
        for (const Entry& other : entries_) {
            if (&entry == &other || entry.rumor.member != other.rumor.member) continue;
            ASSERT(rank(entry.rumor) == rank(other.rumor), "member {}", entry.rumor.member);
            ASSERT(entry.rumor.observer != other.rumor.observer, "member {}", entry.rumor.member);
        }
    }
}

}  // namespace grapevine
