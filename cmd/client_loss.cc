// client --accept-loss: what is gone for good is given up, by somebody who was told what it is.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "base/counted.h"
#include "client_verbs.h"
#include "runtime/admin.h"
#include "runtime/output.h"

namespace grapevine {

namespace {

// A member gives up waiting for a ring after 5 s, and says so.
constexpr Duration answer_timeout = 7s;

// Names of those that would bring what is down back, if they returned with their state.
std::string awaited(const Ring& ring) {
    std::set<std::string> names;
    for (const Member& member : ring.members) {
        if (!member.is_up()) names.insert(member.name);
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

bool is_confirmed(std::size_t down) {
    fmt::print("restart {} empty? type yes: ", counted(down, "partition"));
    std::fflush(stdout);
    std::string answer;
    return std::getline(std::cin, answer) && answer == "yes";
}

// The first that is in the ring and answers. Another is asked only where nobody said anything: that
// the same is given up twice does no harm.
Result<AcceptLossReply> ask_members(const Ring& ring) {
    std::string why = "no member answers";
    for (const Member& member : ring.members) {
        if (!member.is_up()) continue;
        const auto answer =
            ask_all({member.address}, AcceptLoss{ring.epoch}, answer_timeout).front();
        if (!answer) {
            why = answer.error().message;
        } else if (const auto* reply = std::get_if<AcceptLossReply>(&*answer)) {
            return *reply;
        } else if (const auto* error = std::get_if<ErrorReply>(&*answer)) {
            why = error->message;
        }
    }
    return fail("{}", why);
}

}  // namespace

int accept_loss(const ClientOptions& options, bool is_sure) {
    const auto ring = fetch_ring(options.seeds, options.timeout);
    if (!ring) return complain(Exit::unchanged, ring.error().message);
    const auto down =
        static_cast<std::size_t>(std::ranges::count_if((*ring)->table, [&](const Entry& entry) {
            return (*ring)->genesis && (*ring)->is_down(entry);
        }));
    if (down == 0) {
        fmt::print("no partition is down: there is nothing to give up\n");
        return static_cast<int>(Exit::done);
    }
    fmt::print(
        "{} of {} {} down, to come back with what was in {} if these return: {}.\n"
        "Giving up makes empty for good: whoever returns later discards its copies.\n",
        down, counted((*ring)->partitions(), "partition"), down == 1 ? "is" : "are",
        down == 1 ? "it" : "them", awaited(**ring));
    if (!is_sure && isatty(STDIN_FILENO) == 0) {
        return complain(Exit::usage,
                        "nobody is there to confirm it: nothing was changed; see --yes");
    }
    if (!is_sure && !is_confirmed(down)) return complain(Exit::unchanged, "nothing was changed");
    const auto reply = ask_members(**ring);
    if (!reply) {
        return complain(Exit::unknown,
                        fmt::format("it is not known whether they were given up ({}); "
                                    "--ring shows what is unavailable",
                                    reply.error().message));
    }
    fmt::print("{} restarted empty\n", counted(reply->restarted, "partition"));
    if (reply->left == 0) return static_cast<int>(Exit::done);
    return complain(
        Exit::unchanged,
        fmt::format(
            "{} down still: no node is there to hold {}, or too few voters are up to decide",
            counted(reply->left, "partition"), reply->left == 1 ? "it" : "them"));
}

}  // namespace grapevine
