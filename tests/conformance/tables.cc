#include "conformance/tables.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "conformance/cases.h"
#include "conformance/compare.h"

namespace grapevine::conformance {

namespace {

class Comparison {
public:
    Comparison(Reference& reference, Peer& subject, Protocol protocol)
        : reference_(reference), subject_(subject), protocol_(protocol) {}

    void run(const Case& compared) {
        reference_.ask({"FLUSHALL"}, protocol_);
        subject_.ask({"FLUSHALL"}, protocol_);
        for (const Step& step : compared.steps) {
            INFO(compared.name << ", RESP" << static_cast<int>(protocol_) << ": " << step.line);
            run(step);
        }
    }

private:
    void run(const Step& step) {
        if (step.mark == Mark::wait) {
            std::this_thread::sleep_for(std::chrono::milliseconds(step.number));
            return;
        }
        if (step.node_only && !subject_.is_node()) return;
        const std::string reply = subject_.ask(step.args, protocol_);
        const std::string& told = protocol_ == Protocol::resp2 ? step.resp2 : step.resp3;
        if (step.mark == Mark::added) {
            CHECK(readable(reply) == readable(told));
            return;
        }
        const std::string wanted = reference_.ask(step.args, protocol_);
        INFO("the reference: " << readable(wanted));
        INFO("replied: " << readable(reply));
        if (step.mark == Mark::near) {
            CHECK(are_near(reply, wanted, step.number));
        } else if (step.mark == Mark::any_order) {
            CHECK(readable(in_order(reply)) == readable(in_order(wanted)));
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

void compare_tables(const std::string& folder, Reference& reference, Peer& subject) {
    const auto cases = read_cases(folder);
    std::size_t steps = 0;
    for (const Case& compared : cases) steps += compared.steps.size();
    REQUIRE(steps > 1000);  // or the tables were not found
    for (const Protocol protocol : {Protocol::resp2, Protocol::resp3}) {
        Comparison comparison(reference, subject, protocol);
        for (const Case& compared : cases) comparison.run(compared);
    }
}

}  // namespace grapevine::conformance
