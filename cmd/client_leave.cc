// client --leave: one node goes, when others hold what it holds.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ranges>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/counted.h"
#include "base/print.h"
#include "client/messages.h"
#include "client_verbs.h"
#include "coordinator/report.h"
#include "ring/ring.h"
#include "runtime/admin.h"
#include "runtime/clock.h"

namespace grapevine {

namespace {

constexpr Duration poll_timeout = 1s;
// A cluster that lives is heard again long before.
constexpr Duration silence_max = 10s;
constexpr Duration report_pause = 1s;
// Until anybody tells of a ring; the rest of the time is for what moves.
constexpr Duration first_answer_max = 5s;

// Once a second, and only where it became less.
class Progress {
public:
    void look(const Ring& ring, const Member& leaver) {
        const std::size_t left = partitions_of(ring, leaver.id);
        const Time now = boot_time();
        if (left == said_ || now < said_at_ + report_pause) return;
        said_ = left;
        said_at_ = now;
        print_out("{}: {} to move\n", leaver.name, counted(left, "partition"));
        std::fflush(stdout);
    }

private:
    std::size_t said_ = 0;
    Time said_at_ = Time::min();
};

// Not the leaver alone, which may be the only one that the command line names.
std::vector<Address> whom_to_ask(const ClientOptions& options, const Ring& ring, NodeId leaver) {
    std::vector<Address> peers = options.seeds;
    for (const Member& member : ring.members) {
        if (member.is_up() && member.id != leaver) peers.push_back(member.address);
    }
    return peers;
}

// "3 copies of a key are wanted, and 2 nodes stay": empty where nodes stay for all copies.
std::string too_few(const Ring& ring, NodeId leaver) {
    const auto stay = static_cast<std::size_t>(std::ranges::count_if(
        ring.members, [&](const Member& member) { return member.stays() && member.id != leaver; }));
    if (stay >= ring.copies_wanted) return {};
    return fmt::format("{} of a key are wanted, and {} {}",
                       counted(ring.copies_wanted, "copy", "copies"), counted(stay, "node"),
                       stay == 1 ? "stays" : "stay");
}

// "it holds 15.7 MiB, and those that stay have room for 4.8 MiB below --max-memory": empty where
// there is room, as far as is known.
std::string too_full(const Ring& ring, const Member& leaver, const Statuses& statuses) {
    const auto own = statuses.find(leaver.id);
    if (own == statuses.end()) return {};
    std::uint64_t room = 0;
    for (const Member& member : ring.members) {
        if (!member.stores() || !member.stays() || member.id == leaver.id) continue;
        const auto status = statuses.find(member.id);
        if (status == statuses.end() || status->second.memory_max == 0) return {};
        const std::uint64_t held = status->second.memory_bytes;
        room += status->second.memory_max - std::min(status->second.memory_max, held);
    }
    if (own->second.memory_bytes <= room) return {};
    return fmt::format("it holds {}, and those that stay have room for {} below --max-memory",
                       mebibytes(own->second.memory_bytes), mebibytes(room));
}

int tell_that_it_left(const Ring& ring, const Member& leaver) {
    const std::size_t stay = ring.storage_count();
    const bool has_all_copies = copies_possible(ring) >= ring.copies_wanted;
    print_out("{} (pid {}) has left: {} {}; {}{}\n", leaver.name, leaver.pid, counted(stay, "node"),
              stay == 1 ? "stays" : "stay", has_all_copies ? "" : describe_copies(ring) + "; ",
              survives(ring));
    return static_cast<int>(Exit::done);
}

int tell_that_it_died(const Ring& ring, const Member& leaver, std::string_view what) {
    const std::size_t down = down_since(ring, ring.epoch).size();
    return complain(
        Exit::unknown,
        fmt::format("{} (pid {}) ended before all was moved that it holds: {}; {}{}", leaver.name,
                    leaver.pid, what,
                    down > 0 ? counted(down, "partition") + " wait for it to return; " : "",
                    describe_copies(ring)));
}

// And not of somebody whose name ends so.
bool says(std::string_view what, std::string_view words) {
    const std::size_t at = what.find(words);
    return at == 0 || (at != std::string_view::npos && what[at - 1] == ' ');
}

// It is out: because it left, or evicted like anybody who dies.
int tell_that_it_is_out(const Ring& ring, const Member& leaver) {
    const std::string left = leaver.name + std::string(left_words);
    const std::string died = leaver.name + " is out (";
    const Histories histories = fetch_history(ring, poll_timeout);
    for (const RingEvent& event : histories.events | std::views::reverse) {
        if (says(event.what, left)) break;
        if (!says(event.what, died)) continue;
        return tell_that_it_died(ring, leaver, event.what);
    }
    return tell_that_it_left(ring, leaver);
}

}  // namespace

int leave(const ClientOptions& options, const std::string& name) {
    const Time deadline = boot_time() + options.timeout;
    auto ring = fetch_ring(options.seeds, std::min<Duration>(options.timeout, first_answer_max));
    if (!ring) return complain(Exit::unchanged, ring.error().message);
    const Member* found = (*ring)->member_named(name);
    if (found == nullptr) return complain_of_nobody(**ring, name);
    const Member leaver = *found;
    if (!leaver.stores()) {
        return complain(Exit::usage,
                        fmt::format("{} holds nothing that could move: end its process (pid {})",
                                    name, leaver.pid));
    }
    if (!somebody_stays(**ring, leaver.id)) {
        return complain(Exit::unchanged,
                        fmt::format("no other node stays that could hold what {} holds: nothing "
                                    "was changed",
                                    name));
    }
    if (const std::string why = too_few(**ring, leaver.id); !why.empty()) {
        print_out("keys have fewer copies when {} is out: {}\n", name, why);
    }
    if (const std::string why = too_few_zones(**ring, leaver.id);
        !why.empty() && too_few_zones(**ring).empty()) {
        print_out("when {} is out {}\n", name, why);
    }
    const Statuses statuses =
        fetch_status(**ring, std::min<Duration>(options.timeout, poll_timeout));
    if (const std::string why = too_full(**ring, leaver, statuses); !why.empty()) {
        print_out("nothing can be added when {} is out: {}\n", name, why);
    }
    std::fflush(stdout);
    const auto said = ask_all({leaver.address}, LeaveRequest{}, options.timeout).front();
    if (!said) return complain(Exit::unknown, said.error().message);
    if (const auto* error = std::get_if<ErrorReply>(&*said)) {
        return complain(Exit::unchanged, fmt::format("{}: {}", name, error->message));
    }
    const std::vector<Address> peers = whom_to_ask(options, **ring, leaver.id);
    Progress progress;
    Time heard_at = boot_time();
    while (boot_time() < deadline) {
        const Duration left = deadline - boot_time();
        if (const auto now = fetch_ring(peers, std::min<Duration>(left, poll_timeout))) {
            ring = now;
            heard_at = boot_time();
            const Member* const member = (*ring)->member(leaver.id);
            if (member == nullptr) return tell_that_it_is_out(**ring, leaver);
            if (!member->is_up()) return tell_that_it_died(**ring, leaver, "it is down");
            progress.look(**ring, leaver);
        } else if (boot_time() > heard_at + silence_max) {
            return complain(Exit::unknown,
                            fmt::format("no other member has answered for {} s: whether {} goes on "
                                        "leaving is not known",
                                        to_ms(silence_max) / 1000, name));
        }
        pause();
    }
    return complain(Exit::unknown, fmt::format("{} is not out yet, and goes on leaving: {}", name,
                                               why_it_stays(**ring, leaver.id)));
}

}  // namespace grapevine
