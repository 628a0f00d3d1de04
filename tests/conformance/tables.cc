#include "conformance/tables.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <set>
#include <thread>

#include "command/table.h"
#include "conformance/cases.h"
#include "conformance/compare.h"

namespace grapevine::conformance {

namespace {

// The arguments with a tag in front of every key.
std::vector<std::string> tagged(std::vector<std::string> args, const std::string& tag) {
    if (args.empty() || tag.empty()) return args;
    const std::vector<std::string_view> views(args.begin(), args.end());
    const auto info = command::check_command(views);
    std::vector<std::size_t> keys;
    if (info) (void)command::for_each_key(**info, views, [&](auto at) { keys.push_back(at); });
    for (const std::size_t at : keys) args[at].insert(0, tag);
    return args;
}

// The keys of all replies until the cursor is 0, each once; or the reply that is none of a scan.
std::string scan_to_end(Peer& peer, std::vector<std::string> args, Protocol protocol) {
    std::set<std::string> keys;
    do {
        const std::string reply = peer.ask(args, protocol);
        std::string_view rest = reply;
        if (command::take_aggregate(rest) != 2) return reply;
        args.at(1) = command::bulk_of(command::take_reply(rest).value_or("")).value_or("none");
        if (!command::take_aggregate(rest)) return reply;
        while (const auto key = command::take_reply(rest)) keys.emplace(*key);
    } while (args[1] != "0");
    std::string all;
    for (const std::string& key : keys) all += key;
    return all;
}

class Comparison {
public:
    Comparison(Reference& reference, Peer& subject, Protocol protocol)
        : reference_(reference), subject_(subject), protocol_(protocol) {}

    void run(const Case& compared) {
        begin(reference_);
        begin(subject_);
        for (const Step& step : compared.steps) {
            INFO(compared.name << ", RESP" << static_cast<int>(protocol_) << ": " << step.line);
            run(step, tagged(step.args, compared.tag));
        }
    }

private:
    // A case may have chosen another protocol.
    void begin(Peer& peer) {
        if (peer.is_node())
            peer.ask({"HELLO", protocol_ == Protocol::resp2 ? "2" : "3"}, protocol_);
        peer.ask({"FLUSHALL"}, protocol_);
    }

    void run(const Step& step, const std::vector<std::string>& args) {
        if (step.mark == Mark::wait) {
            std::this_thread::sleep_for(std::chrono::milliseconds(step.number));
            return;
        }
        if (step.node_only && !subject_.is_node()) return;
        if (step.mark == Mark::scan) {
            CHECK(readable(scan_to_end(subject_, args, protocol_)) ==
                  readable(scan_to_end(reference_, args, protocol_)));
            return;
        }
        const std::string reply = subject_.ask(args, protocol_);
        const std::string& told = protocol_ == Protocol::resp2 ? step.resp2 : step.resp3;
        if (step.mark == Mark::added) {
            CHECK(readable(reply) == readable(told));
            return;
        }
        const std::string wanted = reference_.ask(args, protocol_);
        INFO("the reference: " << readable(wanted));
        INFO("replied: " << readable(reply));
        if (step.mark == Mark::near) {
            CHECK(are_near(reply, wanted, step.number));
        } else if (step.mark == Mark::any_order) {
            CHECK(readable(in_order(reply)) == readable(in_order(wanted)));
        } else if (step.mark == Mark::kinds) {
            CHECK(readable(kinds_in(reply)) == readable(kinds_in(wanted)));
        } else if (step.mark == Mark::begins) {
            CHECK(readable(first_in(reply)) == readable(first_in(wanted)));
            // Or it need not be marked.
            CHECK(readable(reply) != readable(wanted));
        } else if (step.mark == Mark::lines) {
            auto lines = lines_in(wanted);
            CHECK_FALSE(lines.empty());
            for (const std::string& less : step.less) CHECK(lines.erase(less) == 1);
            lines.insert(step.more.begin(), step.more.end());
            CHECK(lines_in(reply) == lines);
        } else if (step.mark == Mark::differs) {
            CHECK(readable(reply) == readable(told));
            // Or it need not be marked.
            CHECK(readable(reply) != readable(wanted));
        } else {
            CHECK(readable(reply) == readable(wanted));
        }
    }

    Reference& reference_;
    Peer& subject_;
    Protocol protocol_;
};

}  // namespace

void compare_tables(const std::string& folder, std::size_t steps_min, Reference& reference,
                    Peer& subject) {
    const auto cases = read_cases(folder);
    std::size_t steps = 0;
    for (const Case& compared : cases) steps += compared.steps.size();
    REQUIRE(steps >= steps_min);
    for (const Protocol protocol : {Protocol::resp2, Protocol::resp3}) {
        Comparison comparison(reference, subject, protocol);
        for (const Case& compared : cases) comparison.run(compared);
    }
}

}  // namespace grapevine::conformance
