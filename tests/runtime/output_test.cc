#include "runtime/output.h"

#include <catch2/catch.hpp>
#include <string>

namespace grapevine {
namespace {

Operation get_of(const std::string& key) {
    Operation operation;
    operation.key = key;
    return operation;
}

Outcome answered(OutcomeKind kind, const std::string& value = {}) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.value = value;
    outcome.server_name = "server3";
    outcome.version = {.epoch = Epoch{17}, .counter = 3};
    return outcome;
}

}  // namespace

TEST_CASE("what prints stays as it is, everything else is escaped") {
    CHECK(escape("plain text, \"quotes\" and \\") == "plain text, \"quotes\" and \\");
    CHECK(escape("a\nb\rc\td") == "a\\nb\\rc\\td");
    CHECK(escape(std::string("\0\x1b\x7f", 3)) == "\\x00\\x1b\\x7f");
    CHECK(escape("\xc5\xbelu\xc5\xa5") == "\xc5\xbelu\xc5\xa5");  // two bytes each
    CHECK(escape("\xe2\x82\xac \xf0\x9f\x8d\x87") == "\xe2\x82\xac \xf0\x9f\x8d\x87");
}

TEST_CASE("broken UTF-8 is escaped byte by byte") {
    CHECK(escape("\xff\xfe") == "\\xff\\xfe");
    CHECK(escape("\xc5") == "\\xc5");                             // cut short
    CHECK(escape("\xc5x") == "\\xc5x");                           // not continued
    CHECK(escape("\xc0\xaf") == "\\xc0\\xaf");                    // overlong, two bytes
    CHECK(escape("\xe0\x80\xaf") == "\\xe0\\x80\\xaf");           // overlong, three bytes
    CHECK(escape("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // a surrogate
    CHECK(escape("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // past the last character
    CHECK(escape("\xc2\x85") == "\\xc2\\x85");                    // a control character
}

TEST_CASE("lines of outcomes are exact") {
    Operation put = get_of("key1");
    put.kind = OperationKind::put;
    CHECK(output_line(put, answered(OutcomeKind::ok), false) == "OK, server3");
    CHECK(output_line(put, answered(OutcomeKind::ok), true) == "OK, server3, 17.3");
    const Operation get = get_of("key1");
    CHECK(output_line(get, answered(OutcomeKind::ok, "value1"), false) == "key1, value1, server3");
    CHECK(output_line(get, answered(OutcomeKind::ok, ""), true) == "key1, , server3, 17.3");
    CHECK(output_line(get_of("a\n"), answered(OutcomeKind::ok, "b\x01"), false) ==
          "a\\n, b\\x01, server3");
    CHECK(output_line(get, answered(OutcomeKind::not_found), false) == "not found");
}

TEST_CASE("exit codes tell apart what a script must do next") {
    CHECK(exit_code(OutcomeKind::ok) == Exit::done);
    CHECK(exit_code(OutcomeKind::not_found) == Exit::negative);
    CHECK(exit_code(OutcomeKind::condition_failed) == Exit::negative);
    CHECK(exit_code(OutcomeKind::invalid) == Exit::usage);
    CHECK(exit_code(OutcomeKind::unavailable) == Exit::unchanged);
    CHECK(exit_code(OutcomeKind::overloaded) == Exit::unchanged);
    CHECK(exit_code(OutcomeKind::ended) == Exit::unchanged);
    CHECK(exit_code(OutcomeKind::unknown) == Exit::unknown);
}

TEST_CASE("every outcome but ok is explained") {
    const Operation get = get_of("key\n1");
    CHECK(explanation(get, answered(OutcomeKind::ok)).empty());
    for (const OutcomeKind kind :
         {OutcomeKind::not_found, OutcomeKind::condition_failed, OutcomeKind::invalid,
          OutcomeKind::unavailable, OutcomeKind::unknown, OutcomeKind::overloaded,
          OutcomeKind::ended}) {
        const std::string text = explanation(get, answered(kind));
        CHECK_FALSE(text.empty());
        CHECK(text.find('\n') == std::string::npos);
    }
    CHECK(explanation(get, answered(OutcomeKind::condition_failed)).find("17.3") !=
          std::string::npos);
}

TEST_CASE("what may have been lost is said to be") {
    Outcome outcome = answered(OutcomeKind::not_found);
    CHECK(explanation(get_of("k"), outcome) ==
          "k is not found: it was never written, or deleted since");
    outcome.restarted = true;
    CHECK(explanation(get_of("k"), outcome) ==
          "k is not found: it was never written, deleted since, or lost: its partition has "
          "restarted empty");
}

TEST_CASE("what there is no memory for is told from what is unavailable") {
    Outcome outcome = answered(OutcomeKind::unavailable);
    CHECK(output_line(get_of("k"), outcome, false) == "unavailable");
    outcome.full = true;
    outcome.detail = "server1 has no memory left for it";
    CHECK(output_line(get_of("k"), outcome, false) == "full");
    CHECK(explanation(get_of("k"), outcome) == "k cannot grow: server1 has no memory left for it");
}

TEST_CASE("why nothing was answered is said once") {
    Outcome outcome;
    outcome.kind = OutcomeKind::unavailable;
    outcome.detail = "no copy of it is up; try again";
    CHECK(explanation(get_of("k"), outcome) == "k is unavailable: no copy of it is up; try again");
    outcome.kind = OutcomeKind::ended;
    outcome.detail = "another cluster is there";
    CHECK(explanation(get_of("k"), outcome) == "k was not read: another cluster is there");
}

}  // namespace grapevine
