// client --force-ring: a cluster that lost its quorum for good is founded anew from what survives,
// by somebody who was told what may be lost.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/counted.h"
#include "base/print.h"
#include "client/messages.h"
#include "client_verbs.h"
#include "coordinator/force.h"
#include "coordinator/report.h"
#include "ring/ring.h"
#include "runtime/admin.h"
#include "runtime/output.h"

namespace grapevine {

namespace {

constexpr Duration founding_timeout = force_ring_within + 2s;
// Each time that somebody who is asked knows a newer ring, which may have other members.
constexpr int surveys_max = 5;

struct Survey {
    RingPtr ring;
    Statuses answered;
    std::vector<StatusReply> outside;  // of those that wait to be let in
};

// Asks all members, those that are down too.
Statuses ask_members(const Ring& ring, Duration timeout, std::vector<Address>& ahead) {
    std::vector<Address> addresses;
    for (const Member& member : ring.members) addresses.push_back(member.address);
    const auto answers = ask_all(addresses, StatusRequest{}, timeout);
    Statuses answered;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const auto* status = answers[i] ? std::get_if<StatusReply>(&*answers[i]) : nullptr;
        if (status == nullptr) continue;
        answered[status->id] = *status;
        if (status->epoch > ring.epoch) ahead.push_back(addresses[i]);
    }
    return answered;
}

// Whoever asks one of these to be let into the ring.
std::vector<StatusReply> ask_outside(const Statuses& answered, Duration timeout) {
    std::set<Address> places;
    for (const auto& [id, status] : answered) {
        places.insert(status.waiting.begin(), status.waiting.end());
    }
    // For a sentence alone: nobody waits long for that.
    timeout = std::min<Duration>(timeout, 1s);
    std::vector<StatusReply> outside;
    for (const auto& answer : ask_all({places.begin(), places.end()}, StatusRequest{}, timeout)) {
        const auto* status = answer ? std::get_if<StatusReply>(&*answer) : nullptr;
        if (status != nullptr) outside.push_back(*status);
    }
    return outside;
}

Result<Survey> look_around(const ClientOptions& options) {
    auto ring = ring_of(options);
    for (int i = 0; ring && i < surveys_max; ++i) {
        std::vector<Address> ahead;
        Statuses answered = ask_members(**ring, options.timeout, ahead);
        if (ahead.empty()) {
            auto outside = ask_outside(answered, options.timeout);
            return Survey{*ring, std::move(answered), std::move(outside)};
        }
        ring = fetch_ring(ahead, options.timeout);
    }
    if (!ring) return std::unexpected(ring.error());
    return fail("the ring changes all the time: the cluster goes on by itself");
}

bool wants_it_founded() {
    print_out("found a new cluster from the survivors? type yes: ");
    std::fflush(stdout);
    std::string answer;
    return std::getline(std::cin, answer) && answer == "yes";
}

ClusterId draw_cluster() {
    std::random_device device;
    ClusterId id;
    while (!id) id.value = (std::uint64_t{device()} << 32) | device();
    return id;
}

// What the survivors answered.
struct Verdicts {
    std::size_t founded = 0;
    Epoch epoch;
    bool may_come = false;          // somebody consented, or was not heard
    bool objected = false;          // somebody said no
    std::set<std::string> awaited;  // who has not consented, as those say who have
    std::vector<std::string> why;   // it is not so everywhere
};

Verdicts ask_survivors(const Survey& survey, const ForcePlan& plan) {
    std::vector<Address> addresses;
    for (const NodeId id : plan.founding.survivors) {
        addresses.push_back(survey.ring->member(id)->address);
    }
    const ForceRing request{survey.ring->cluster, plan.founding};
    Verdicts verdicts;
    const auto answers = ask_all(addresses, request, founding_timeout);
    for (const auto& answer : answers) {
        if (!answer) {
            verdicts.may_come = true;
            verdicts.why.push_back(answer.error().message);
        } else if (const auto* error = std::get_if<ErrorReply>(&*answer)) {
            verdicts.objected = true;
            verdicts.why.push_back(error->message);
        } else if (const auto* reply = std::get_if<ForceRingReply>(&*answer)) {
            if (reply->founded) {
                ++verdicts.founded;
                verdicts.epoch = reply->epoch;
                continue;
            }
            verdicts.may_come = true;
            for (const NodeId id : reply->awaited) {
                verdicts.awaited.insert(name_in(*survey.ring, id));
            }
        }
    }
    return verdicts;
}

// Members hear whom they heard within the last lease, so those that have just died stand in the way
// for so long: then the same is asked for again, above what was.
Verdicts found(const ClientOptions& options, const Survey& survey, ForcePlan& plan) {
    constexpr int asked_most = 3;
    constexpr Duration pause = 300ms;
    plan.founding.ballot.cluster = draw_cluster();
    Verdicts verdicts = ask_survivors(survey, plan);
    for (int asked = 1; asked < asked_most && verdicts.founded == 0 && verdicts.objected; ++asked) {
        std::this_thread::sleep_for(pause);
        const auto again = look_around(options);
        if (!again) break;
        ForcePlan next = plan_force(*again->ring, again->answered, again->outside);
        const bool is_same = next.refusal.empty() && again->ring->epoch == survey.ring->epoch &&
                             next.founding.survivors == plan.founding.survivors;
        if (!is_same) break;  // it is for a person to look at
        plan = std::move(next);
        plan.founding.ballot.cluster = draw_cluster();
        verdicts = ask_survivors(survey, plan);
    }
    return verdicts;
}

int tell_what_was_founded(const Survey& survey, const ForcePlan& plan, const Verdicts& verdicts) {
    print_out("founded cluster {:016x}: ring {}, {}; {} restarted empty\n",
              plan.founding.ballot.cluster.value, verdicts.epoch,
              counted(plan.founding.survivors.size(), "member"),
              counted(plan.survival.restarted, "partition"));
    for (const std::string& why : verdicts.why) print_out("not there yet: {}\n", why);
    const bool has_coordinator = std::ranges::any_of(
        plan.founding.survivors, [&](NodeId id) { return !survey.ring->member(id)->stores(); });
    const Member* one = survey.ring->member(plan.founding.survivors.front());
    print_out("start others with: kvnode --seed {}\n", one->address);
    if (!has_coordinator) {
        print_out("for a coordinator again: coordinator --seed {}\n", one->address);
    }
    return static_cast<int>(Exit::done);
}

}  // namespace

int force_ring(const ClientOptions& options, bool is_sure) {
    const auto survey = look_around(options);
    if (!survey) return complain(Exit::unchanged, survey.error().message);
    ForcePlan plan = plan_force(*survey->ring, survey->answered, survey->outside);
    if (!plan.refusal.empty()) {
        return complain(Exit::unchanged, "nothing was changed: " + plan.refusal);
    }
    print_out("{}", describe(*survey->ring, plan));
    if (!is_sure && isatty(STDIN_FILENO) == 0) {
        return complain(Exit::usage,
                        "nobody is there to confirm it: nothing was changed; see --yes");
    }
    if (!is_sure && !wants_it_founded()) return complain(Exit::unchanged, "nothing was changed");
    const Verdicts verdicts = found(options, *survey, plan);
    if (verdicts.founded > 0) return tell_what_was_founded(*survey, plan, verdicts);
    std::vector<std::string> why = verdicts.why;
    if (!verdicts.awaited.empty()) {
        why.push_back(fmt::format("awaited: {}", fmt::join(verdicts.awaited, ", ")));
    }
    const std::string reasons = fmt::format("{}", fmt::join(why, "; "));
    if (!verdicts.may_come) return complain(Exit::unchanged, "nothing was founded: " + reasons);
    return complain(Exit::unknown,
                    fmt::format("not all survivors have consented{}: the cluster is founded "
                                "when they do, unless a majority comes back before; ask again to "
                                "found it without those that are gone",
                                reasons.empty() ? "" : " (" + reasons + ")"));
}

}  // namespace grapevine
