#include "client_verbs.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>
#include <span>
#include <thread>
#include <utility>

#include "base/counted.h"
#include "base/hash.h"
#include "base/print.h"
#include "coordinator/health.h"
#include "coordinator/report.h"
#include "options.h"
#include "runtime/admin.h"
#include "runtime/client_host.h"
#include "runtime/clock.h"
#include "runtime/line_source.h"
#include "runtime/loop.h"
#include "runtime/notes.h"
#include "runtime/output.h"
#include "runtime/script.h"

namespace grapevine {

namespace {

constexpr Duration status_timeout = 1s;
constexpr Duration poll_pause = 50ms;

ClientConfig client_config(const ClientOptions& options) {
    ClientConfig config;
    config.seeds = options.seeds;
    return config;
}

StatusReply status_at(const Result<ServerMessage>& answer) {
    const auto* status = answer ? std::get_if<StatusReply>(&*answer) : nullptr;
    return status == nullptr ? StatusReply{} : *status;
}

void print_note(const std::string& text) {
    print_err("client: {}\n", text);
}

ClientHost::Events client_events(const ClientOptions& options, Notes& notes) {
    ClientHost::Events events;
    if (options.verbose) events.note = [&](const std::string& text) { notes.add(text); };
    return events;
}

void print_outcome(const ClientOptions& options, const Operation& operation,
                   const Outcome& outcome) {
    if (options.raw && operation.kind == OperationKind::get) {
        std::fwrite(outcome.value.data(), 1, outcome.value.size(), stdout);
    } else {
        print_out("{}\n", output_line(operation, outcome, options.show_version));
    }
}

// Runs all lines of `fd`, `report` for each of them in order. An error of the input, or empty.
std::string run_lines(const ClientOptions& options, int fd, Script::Report report) {
    Loop loop;
    Notes notes(print_note);
    ClientHost client(loop, client_config(options), client_events(options, notes));
    std::string input_error;
    bool ended = false;
    LineSource* input = nullptr;
    Script* lines = nullptr;
    // Reading goes on, or the program ends, as lines are done.
    Turn turn(loop, [&] {
        if (ended && lines->idle()) {
            std::fflush(stdout);
            loop.stop();
        } else if (!ended && lines->wants_more()) {
            input->resume();
        }
    });
    Script script(client, options.timeout, [&](const Script::Line& line) {
        report(line);
        turn.again();
    });
    lines = &script;
    LineSource source(loop, fd,
                      {.line =
                           [&](std::string_view text) {
                               script.add(text);
                               if (!script.wants_more()) input->pause();
                           },
                       .end =
                           [&](const std::string& error) {
                               input_error = error;
                               ended = true;
                               turn.again();
                           }});
    input = &source;
    loop.run();
    return input_error;
}

}  // namespace

Result<RingPtr> ring_of(const ClientOptions& options) {
    return fetch_ring(options.seeds, options.timeout);
}

void pause() {
    std::this_thread::sleep_for(std::chrono::microseconds(to_us(poll_pause)));
}

int complain(Exit code, const std::string& sentence) {
    return exit_with(code, "client", sentence);
}

int complain_of_nobody(const Ring& ring, const std::string& name) {
    const bool is_down = std::ranges::any_of(
        ring.members, [&](const Member& m) { return m.name == name && !m.is_up(); });
    if (is_down) {
        return complain(Exit::negative,
                        fmt::format("{} is down, and listed because partitions wait for what it "
                                    "holds; --accept-loss gives that up",
                                    name));
    }
    return complain(Exit::negative,
                    fmt::format("{} is not in the ring; --ring shows who is", name));
}

void find_members(ClientOptions& options) {
    auto members = members_instead(options.seeds, options.timeout);
    if (members.empty()) return;
    print_note(fmt::format(
        "{} {} not answer; going on with {} of the cluster that had its coordinator there "
        "(--coordinator {} asks one at once)",
        fmt::join(options.seeds, ", "), options.seeds.size() == 1 ? "does" : "do",
        counted(members.size(), "member"), members.front()));
    options.seeds = std::move(members);
}

void tell_of_left_behind(const ClientOptions& options, const Ring& ring) {
    if (ring.ancestors.empty()) return;
    const auto answers = ask_all(options.seeds, StatusRequest{},
                                 std::min<Duration>(options.timeout, status_timeout));
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const StatusReply status = status_at(answers[i]);
        // Survivors may not have adopted it yet.
        const bool is_behind = find_ancestor(ring.ancestors, status.cluster) != nullptr &&
                               ring.member(status.id) == nullptr;
        if (!is_behind) continue;
        print_note(fmt::format(
            "{} at {} was left behind when its cluster was founded anew: it is not in this one and "
            "serves nothing; end its process",
            status.name, options.seeds[i]));
    }
}

int run_operation(const ClientOptions& options, Operation operation) {
    Outcome outcome;
    {
        Loop loop;
        Notes notes(print_note);
        ClientHost client(loop, client_config(options), client_events(options, notes));
        operation.deadline = options.timeout;
        client.submit(operation, [&](const Outcome& result) {
            outcome = result;
            loop.stop();
        });
        loop.run();
    }
    if (outcome.kind != OutcomeKind::ok) {
        return complain(exit_code(outcome.kind), explanation(operation, outcome));
    }
    print_outcome(options, operation, outcome);
    return static_cast<int>(Exit::done);
}

namespace {

// What became of the operations of a stream. "Not found" and a false condition are answers.
struct Tally {
    std::size_t operations = 0;
    std::size_t not_found = 0;
    std::size_t false_conditions = 0;
    std::size_t failed = 0;

    void add(OutcomeKind kind) {
        ++operations;
        if (kind == OutcomeKind::ok) return;
        ++(kind == OutcomeKind::not_found          ? not_found
           : kind == OutcomeKind::condition_failed ? false_conditions
                                                   : failed);
    }

    // Empty: all were done.
    [[nodiscard]] std::string sentence(bool explained) const {
        std::vector<std::string> parts;
        if (not_found > 0) parts.push_back(fmt::format("{} not found", not_found));
        if (false_conditions > 0) {
            parts.push_back(counted(false_conditions, "condition") + " false");
        }
        if (failed > 0) {
            parts.push_back(fmt::format("{} {} not done{}", failed, failed == 1 ? "was" : "were",
                                        explained ? "" : "; --verbose says why, each"));
        }
        if (parts.empty()) return {};
        return fmt::format("of {} {}", counted(operations, "operation"), fmt::join(parts, ", "));
    }
};

}  // namespace

int run_stream(const ClientOptions& options) {
    int worst = 0;
    Tally tally;
    const std::string error = run_lines(options, STDIN_FILENO, [&](const Script::Line& line) {
        if (!line.trace) {
            print_out("invalid\n");
            worst = std::max(
                worst, complain(Exit::usage, fmt::format("line {}: {}", line.number, line.error)));
            return;
        }
        const Operation& operation = line.trace->operation;
        tally.add(line.outcome.kind);
        print_out("{}\n", output_line(operation, line.outcome, options.show_version));
        if (line.outcome.kind == OutcomeKind::ok) return;
        worst = std::max(worst, static_cast<int>(exit_code(line.outcome.kind)));
        if (options.verbose) {
            print_err("client: line {}: {}\n", line.number, explanation(operation, line.outcome));
        }
    });
    if (!error.empty()) return complain(Exit::usage, "reading operations: " + error);
    const std::string summary = tally.sentence(options.verbose);
    if (!summary.empty()) print_note(summary);
    return worst;
}

int run_trace(const ClientOptions& options, const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return complain(Exit::usage, fmt::format("{}: {}", path, std::strerror(errno)));
    std::size_t operations = 0;
    std::size_t differ = 0;
    std::size_t unreadable = 0;
    const std::string error = run_lines(options, fd, [&](const Script::Line& line) {
        if (!line.trace) {
            ++unreadable;
            print_err("client: {}:{}: {}\n", path, line.number, line.error);
            return;
        }
        ++operations;
        const std::string difference = mismatch(*line.trace, line.outcome);
        if (difference.empty()) return;
        ++differ;
        print_out("{}:{}: {}: {}\n", path, line.number, escape(line.trace->operation.key),
                  difference);
    });
    close(fd);
    if (!error.empty()) return complain(Exit::usage, fmt::format("{}: {}", path, error));
    print_out("{}, {} as expected, {}\n", counted(operations, "operation"), operations - differ,
              counted(differ, "mismatch", "mismatches"));
    if (unreadable > 0) {
        return complain(Exit::usage, fmt::format("{} of {} could not be read",
                                                 counted(unreadable, "line"), path));
    }
    if (differ > 0) return complain(Exit::negative, "the trace did not go as expected");
    return static_cast<int>(Exit::done);
}

int show_where(const ClientOptions& options, const std::string& key) {
    const auto ring = ring_of(options);
    if (!ring) return complain(Exit::unchanged, ring.error().message);
    const PartitionId partition = partition_of_key(key, (*ring)->partitions());
    const Entry& entry = (*ring)->entry(partition);
    std::vector<std::string> holders;
    for (const NodeId id : entry.copies) {
        holders.push_back(name_in(**ring, id) + (id == entry.primary() ? " (primary)" : ""));
    }
    for (const Fill& fill : entry.fills) holders.push_back(name_in(**ring, fill.id) + " (filling)");
    print_out("{}: slot {}, partition {}, epoch {}: {}\n", escape(key), slot_of_key(key), partition,
              (*ring)->epoch, fmt::join(holders, ", "));
    if ((*ring)->is_down(entry)) {
        return complain(
            Exit::unchanged,
            "no copy of it is up; it is served again if one of these was only cut off or "
            "stood still and answers again, not if they were ended");
    }
    return static_cast<int>(Exit::done);
}

int show_pid(const ClientOptions& options, const std::string& name) {
    const auto ring = ring_of(options);
    if (!ring) return complain(Exit::unchanged, ring.error().message);
    const Member* member = (*ring)->member_named(name);
    if (member == nullptr) return complain_of_nobody(**ring, name);
    // It may not be the process that the ring let in.
    const auto answers = ask_all({member->address}, StatusRequest{},
                                 std::min<Duration>(options.timeout, status_timeout));
    const StatusReply status = status_at(answers.front());
    print_out("{}\n", pid_of(*member, status));
    return static_cast<int>(Exit::done);
}

int wait_until_settled(const ClientOptions& options) {
    const Time deadline = boot_time() + options.timeout;
    std::string missing = "no ring was found";
    for (; boot_time() < deadline; pause()) {
        const auto ring = fetch_ring(options.seeds, deadline - boot_time());
        if (!ring) return complain(Exit::unchanged, ring.error().message);
        missing = unsettled(**ring, fetch_status(**ring, status_timeout));
        if (!missing.empty()) continue;
        print_out("{}; epoch {}; {}\n", describe_copies(**ring), (*ring)->epoch, survives(**ring));
        return static_cast<int>(Exit::done);
    }
    return complain(Exit::unchanged,
                    fmt::format("not yet: {}; wait longer with --timeout", missing));
}

namespace {

// A process to stop: a member, or one that waits to be let in.
struct Stopping {
    Address address;
    NodeId id;        // zero: it has not said
    std::string who;  // for people
    std::uint32_t pid = 0;
    bool answered = false;
    bool stays = true;
};

// Asks each until it is gone.
void wait_until_gone(std::vector<Stopping>& all, Duration timeout) {
    std::vector<Stopping*> left;
    for (Stopping& each : all) left.push_back(&each);
    for (const Time deadline = boot_time() + timeout; boot_time() < deadline; pause()) {
        std::vector<Address> addresses;
        for (const Stopping* each : left) addresses.push_back(each->address);
        const auto answers = ask_all(addresses, StatusRequest{}, status_timeout);
        for (std::size_t i = 0; i < left.size(); ++i) {
            // Another process may have its port by now.
            const NodeId id = status_at(answers[i]).id;
            left[i]->stays = id && (!left[i]->id || id == left[i]->id);
        }
        std::erase_if(left, [](const Stopping* each) { return !each->stays; });
        if (left.empty()) break;
    }
}

// The members of the ring, whoever asks these to be let in, and whoever was named by its address.
std::vector<Stopping> all_to_stop(const Ring& ring, const std::vector<Address>& seeds) {
    std::vector<Stopping> all;
    std::vector<Address> addresses;
    for (const Member* member : members_in_order(ring)) {
        if (!member->is_up()) continue;
        all.push_back({.address = member->address, .id = member->id, .who = member->name});
        addresses.push_back(member->address);
    }
    addresses.insert(addresses.end(), seeds.begin(), seeds.end());
    const auto answers = ask_all(addresses, StatusRequest{}, status_timeout);
    std::map<Address, NodeId> others;
    // Who was left behind in an earlier cluster holds what a person may want to look at.
    const auto look_at = [&](Address address, const StatusReply& status) {
        const bool is_of_it = !status.cluster || status.cluster == ring.cluster;
        if (status.id && is_of_it && !ring.is_up(status.id)) others[address] = status.id;
    };
    std::set<Address> waiting;  // as they say: who listens there may be another
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const StatusReply status = status_at(answers[i]);
        if (i < all.size()) all[i].pid = pid_of(*ring.member(all[i].id), status);
        waiting.insert(status.waiting.begin(), status.waiting.end());
        look_at(addresses[i], status);
    }
    const std::vector<Address> asked(waiting.begin(), waiting.end());
    const auto said = ask_all(asked, StatusRequest{}, status_timeout);
    for (std::size_t i = 0; i < asked.size(); ++i) look_at(asked[i], status_at(said[i]));
    for (const Stopping& member : all) others.erase(member.address);
    for (const auto& [address, id] : others) {
        all.push_back({.address = address,
                       .id = id,
                       .who = fmt::format("a process at {} that is no member", address)});
    }
    return all;
}

// Who was asked may be left behind, or know no later ring yet.
RingPtr latest(RingPtr ring) {
    constexpr int rounds_max = 3;
    for (int round = 0; round < rounds_max; ++round) {
        const std::vector<Address> members = addresses_of_up(*ring);
        const auto answers = ask_all(members, StatusRequest{}, status_timeout);
        std::vector<Address> ahead;
        for (std::size_t i = 0; i < members.size(); ++i) {
            if (status_at(answers[i]).epoch > ring->epoch) ahead.push_back(members[i]);
        }
        if (ahead.empty()) break;
        const auto later = fetch_ring(ahead, status_timeout);
        if (!later || (*later)->epoch <= ring->epoch) break;
        ring = *later;
    }
    return ring;
}

Result<RingPtr> ring_to_stop(const ClientOptions& options) {
    auto ring = fetch_ring(options.seeds, std::min<Duration>(options.timeout, 1s));
    if (ring) return ring;
    auto found = search_ring(options.seeds, status_timeout);
    if (!found) {
        return fail("{}; {}; to stop a cluster that runs elsewhere, name one of its members",
                    ring.error().message, found.error().message);
    }
    print_err("client: {} does not answer; found its members\n", options.seeds.front());
    return found;
}

void ask_to_stop(std::span<Stopping> some) {
    if (some.empty()) return;
    std::vector<Address> addresses;
    for (const Stopping& each : some) addresses.push_back(each.address);
    const auto answers = ask_all(addresses, StopRequest{}, status_timeout);
    for (std::size_t i = 0; i < some.size(); ++i) some[i].answered = answers[i].has_value();
}

}  // namespace

int stop_cluster(const ClientOptions& options) {
    auto ring = ring_to_stop(options);
    if (!ring) return complain(Exit::unchanged, ring.error().message);
    ring = latest(*ring);
    std::vector<Stopping> all = all_to_stop(**ring, options.seeds);
    // A coordinator ends those that it has launched, so they would not come to answer.
    const Member* const coordinator = (*ring)->coordinator();
    const auto first = std::ranges::stable_partition(all, [&](const Stopping& each) {
        return coordinator == nullptr || each.id != coordinator->id;
    });
    ask_to_stop({all.begin(), first.begin()});
    ask_to_stop(first);
    wait_until_gone(all, std::max<Duration>(options.timeout, 5s));
    for (const Stopping& each : all) {
        const std::string pid = each.pid == 0 ? "" : fmt::format(" (pid {})", each.pid);
        print_out("{}{} {}\n", each.who, pid,
                  each.stays      ? "does not stop"
                  : each.answered ? "stopped"
                                  : "did not answer: it has ended, or cannot be reached from here");
    }
    tell_of_left_behind(options, **ring);
    if ((*ring)->parent()) {
        print_out(
            "This cluster was founded anew from {:016x}. Nodes that were left behind in that one, "
            "or in one before it, are not stopped by this: where one still runs it serves "
            "nothing; end its process\n",
            (*ring)->parent().value);
    }
    if (std::ranges::any_of(all, &Stopping::stays)) {
        return complain(Exit::unknown, "some do not stop; end them with kill -9 and the pid above");
    }
    if (std::ranges::none_of(all, &Stopping::answered)) {
        return complain(Exit::unknown, "nobody answered, so nobody was stopped by this");
    }
    return static_cast<int>(Exit::done);
}

}  // namespace grapevine
