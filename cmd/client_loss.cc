// client --accept-loss: what is gone for good is given up, by somebody who was told what it is.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <variant>

#include "base/counted.h"
#include "base/print.h"
#include "base/time.h"
#include "client/messages.h"
#include "client_verbs.h"
#include "coordinator/health.h"
#include "coordinator/report.h"
#include "ring/ring.h"
#include "runtime/admin.h"
#include "runtime/output.h"

namespace grapevine {

namespace {

constexpr Duration answer_timeout = accept_loss_within + 2s;

bool is_confirmed(std::size_t down) {
    print_out("restart {} empty? type yes: ", counted(down, "partition"));
    std::fflush(stdout);
    std::string answer;
    return std::getline(std::cin, answer) && answer == "yes";
}

struct LossAnswer {
    std::optional<AcceptLossReply> reply;
    std::string why;          // there is none
    bool is_unknown = false;  // somebody did not answer: it may have been done
};

// The first that is in the ring and gives a count. The next is asked after silence or an error:
// that the same is given up twice does no harm.
LossAnswer ask_members(const Ring& ring) {
    LossAnswer answer{.reply = {}, .why = "no member is up"};
    for (const Member& member : ring.members) {
        if (!member.is_up()) continue;
        const auto said = ask_all({member.address}, AcceptLoss{ring.epoch}, answer_timeout).front();
        if (!said) {
            answer.is_unknown = true;
            answer.why = said.error().message;
        } else if (const auto* reply = std::get_if<AcceptLossReply>(&*said)) {
            answer.reply = *reply;
            return answer;
        } else if (const auto* error = std::get_if<ErrorReply>(&*said)) {
            answer.why = error->message;
        }
    }
    return answer;
}

int tell(const AcceptLossReply& reply, std::size_t down) {
    print_out("{} restarted empty\n", counted(reply.restarted, "partition"));
    const std::size_t meant = std::size_t{reply.restarted} + reply.left;
    if (meant < down) {
        print_out("{} up by now: a copy came back, or they were given up before\n",
                  down - meant == 1 ? "1 is" : fmt::format("{} are", down - meant));
    }
    if (reply.left == 0) return static_cast<int>(Exit::done);
    // Voters that were told may decide it as soon as they are enough again.
    return complain(
        Exit::unknown,
        fmt::format("{} down still, and may restart empty later: no node is there to hold {}, or "
                    "too few voters are up to decide",
                    counted(reply.left, "partition"), reply.left == 1 ? "it" : "them"));
}

}  // namespace

int accept_loss(const ClientOptions& options, bool is_sure) {
    const auto ring = ring_of(options);
    if (!ring) return complain(Exit::unchanged, ring.error().message);
    const std::size_t down = down_since(**ring, (*ring)->epoch).size();
    const Statuses answered = fetch_status(**ring, std::min<Duration>(options.timeout, 1s));
    const VoteCount votes = votes_answering(**ring, answered);
    if (down == 0 && !votes.is_majority()) {
        return complain(Exit::unchanged,
                        "no partition is down, as far as the ring says that is known here; but " +
                            describe_lost_majority(**ring, answered));
    }
    if (down == 0) {
        print_out("no partition is down: there is nothing to give up\n");
        return static_cast<int>(Exit::done);
    }
    print_out(
        "{} of {} {} down. What was in {} is in the memory of these processes alone: {}.\n"
        "It is back if they answer again, after a cut or a pause; not if they are started anew.\n"
        "Giving up makes empty for good: whoever returns later discards its copies.\n",
        down, counted((*ring)->partitions(), "partition"), down == 1 ? "is" : "are",
        down == 1 ? "it" : "them", awaited(**ring));
    if (!is_sure && isatty(STDIN_FILENO) == 0) {
        return complain(Exit::usage,
                        "nobody is there to confirm it: nothing was changed; see --yes");
    }
    if (!is_sure && !is_confirmed(down)) return complain(Exit::unchanged, "nothing was changed");
    const LossAnswer answer = ask_members(**ring);
    if (answer.reply) return tell(*answer.reply, down);
    if (!answer.is_unknown) return complain(Exit::unchanged, "nothing was changed: " + answer.why);
    return complain(Exit::unknown, fmt::format("it is not known whether they were given up ({}); "
                                               "--ring shows what is unavailable",
                                               answer.why));
}

}  // namespace grapevine
