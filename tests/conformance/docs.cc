// What COMMAND DOCS tells of arguments, for every command and subcommand that both have.

#include <algorithm>
#include <catch2/catch.hpp>
#include <iostream>
#include <optional>
#include <set>

#include "conformance/cases.h"
#include "conformance/tables.h"

namespace grapevine::conformance {

namespace {

using Lines = std::multiset<std::string>;

// Where the arguments are others, on purpose: those of either, as lines_of() tells them.
struct Difference {
    std::string name;
    Lines less;  // the reference alone has these
    Lines more;
    std::string why;  // for people
};

const std::vector<Difference> differences = {
    {"set",
     {},
     {"condition/ifeq-value type=string token=IFEQ since=8.4.0",
      "condition/ifne-value type=string token=IFNE since=8.4.0",
      "condition/ifdeq-digest type=string token=IFDEQ since=8.4.0",
      "condition/ifdne-digest type=string token=IFDNE since=8.4.0"},
     "conditions of Redis 8.4"},
    {"client|kill",
     {},
     {"filter/new-format/maxage type=integer token=MAXAGE since=7.4.0 flags=optional"},
     "a filter of Redis 7.4"},
    {"client|tracking",
     {"status type=oneof", "status/on type=pure-token token=ON",
      "status/off type=pure-token token=OFF",
      "client-id type=integer token=REDIRECT flags=optional",
      "prefix type=string token=PREFIX flags=optional multiple multiple_token",
      "bcast type=pure-token token=BCAST flags=optional",
      "optin type=pure-token token=OPTIN flags=optional",
      "optout type=pure-token token=OPTOUT flags=optional",
      "noloop type=pure-token token=NOLOOP flags=optional"},
     {"off type=pure-token token=OFF"},
     "ON is refused"},
    {"command|getkeys",
     {},
     {"command type=string", "arg type=string flags=multiple"},
     "Redis 7.0 takes them and does not tell"},
    {"command|getkeysandflags",
     {},
     {"command type=string", "arg type=string flags=multiple"},
     "Redis 7.0 takes them and does not tell"},
};

const Difference* difference_of(const std::string& name) {
    const auto found = std::ranges::find(differences, name, &Difference::name);
    return found == differences.end() ? nullptr : &*found;
}

// The value of a field of a map, in RESP2 of an array of names and values.
std::optional<std::string_view> field_of(std::string_view map, std::string_view name) {
    if (!command::take_aggregate(map)) return {};
    while (const auto key = command::take_reply(map)) {
        const auto value = command::take_reply(map);
        if (command::bulk_of(*key) == name) return value;
    }
    return {};
}

// Of aggregates, their elements with spaces between them.
std::string words_of(std::string_view reply) {
    if (const auto bulk = command::bulk_of(reply)) return std::string(*bulk);
    std::string_view rest = reply;
    if (!command::take_aggregate(rest)) {
        return std::string(reply.substr(1, reply.find('\r') - 1));
    }
    std::string words;
    while (const auto element = command::take_reply(rest)) {
        words += (words.empty() ? "" : " ") + words_of(*element);
    }
    return words;
}

// A line for each argument: the names that lead to it, and the values of its other fields.
void add_lines(Lines& lines, const std::string& path, std::string_view arguments) {
    if (!command::take_aggregate(arguments)) return;
    while (const auto argument = command::take_reply(arguments)) {
        std::string line = path + words_of(field_of(*argument, "name").value_or("$4\r\nnone\r\n"));
        if (const auto parts = field_of(*argument, "arguments"))
            add_lines(lines, line + "/", *parts);
        for (const char* field :
             {"type", "key_spec_index", "token", "since", "deprecated_since", "flags"}) {
            const auto value = field_of(*argument, field);
            if (value) line += std::string(" ") + field + "=" + words_of(*value);
        }
        lines.insert(line);
    }
}

Lines lines_of(std::string_view arguments) {
    Lines lines;
    add_lines(lines, "", arguments);
    return lines;
}

std::set<std::string> names_of(Peer& peer) {
    const std::string reply = peer.ask({"COMMAND", "LIST"}, Protocol::resp2);
    std::string_view rest = reply;
    std::set<std::string> names;
    if (!command::take_aggregate(rest)) return names;
    while (const auto name = command::take_reply(rest)) names.insert(words_of(*name));
    return names;
}

std::string docs_of(Peer& peer, const std::string& name, Protocol protocol) {
    const std::string reply = peer.ask({"COMMAND", "DOCS", name}, protocol);
    return std::string(field_of(reply, name).value_or(""));
}

// Without any, "".
std::string arguments_of(Peer& peer, const std::string& name, Protocol protocol) {
    return std::string(field_of(docs_of(peer, name, protocol), "arguments").value_or(""));
}

void check_arguments(const std::string& name, const std::string& replied,
                     const std::string& wanted) {
    const Difference* difference = difference_of(name);
    if (difference == nullptr) {
        CHECK(readable(replied) == readable(wanted));
        return;
    }
    Lines lines = lines_of(wanted);
    for (const std::string& less : difference->less) CHECK(lines.erase(less) == 1);
    lines.insert(difference->more.begin(), difference->more.end());
    CHECK(lines_of(replied) == lines);
}

// Each with the docs that it has where it alone is asked for; how many there are.
std::size_t check_docs(Peer& peer, std::string_view docs, Protocol protocol) {
    std::size_t count = 0;
    if (!command::take_aggregate(docs)) return count;
    while (const auto key = command::take_reply(docs)) {
        const auto told = command::take_reply(docs);
        const std::string name = words_of(*key);
        INFO(name);
        REQUIRE(told);
        CHECK(readable(*told) == readable(docs_of(peer, name, protocol)));
        ++count;
        if (const auto more = field_of(*told, "subcommands")) {
            count += check_docs(peer, *more, protocol);
        }
    }
    return count;
}

}  // namespace

void compare_docs(Reference& reference, Peer& subject) {
    if (!reference.is_version("7.0")) {
        std::cout << "SKIPPED: the differences of arguments are those from Redis 7.0\n";
        return;
    }
    const auto names = names_of(subject);
    const auto known = names_of(reference);
    for (const Difference& difference : differences) CHECK(names.contains(difference.name));
    for (const Protocol protocol : {Protocol::resp2, Protocol::resp3}) {
        INFO("RESP" << static_cast<int>(protocol));
        std::size_t compared = 0;
        for (const std::string& name : names) {
            if (!known.contains(name)) continue;
            INFO(name);
            check_arguments(name, arguments_of(subject, name, protocol),
                            arguments_of(reference, name, protocol));
            ++compared;
        }
        CHECK(compared > 130);
        const std::string all = subject.ask({"COMMAND", "DOCS"}, protocol);
        CHECK(check_docs(subject, all, protocol) == names.size());
    }
}

}  // namespace grapevine::conformance
