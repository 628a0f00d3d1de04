// What is offered against the reference, in the same run. The subject is the library that a primary
// executes commands with (node_test.cc has a node), or, with
//
//     GRAPEVINE_CONFORMANCE_PORT=7000 build/release/bin/conformance_test
//
// the node at a port of this machine, whose keys are deleted. Random commands are drawn from the
// seed 1, or from GRAPEVINE_CONFORMANCE_SEED.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

#include "conformance/tables.h"

using namespace grapevine;
using namespace grapevine::conformance;

namespace {

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
    const char* said = std::getenv(variable);
    return said == nullptr ? otherwise : std::strtoull(said, nullptr, 10);
}

std::unique_ptr<Peer> the_subject() {
    const std::uint64_t port = number_in("GRAPEVINE_CONFORMANCE_PORT", 0);
    if (port == 0) return std::make_unique<Executor>();
    return std::make_unique<Node>(static_cast<std::uint16_t>(port));
}

std::uint64_t the_seed() {
    return number_in("GRAPEVINE_CONFORMANCE_SEED", 1);
}

std::unique_ptr<Reference> the_reference() {
    auto reference = Reference::start();
    if (reference == nullptr) std::cout << "SKIPPED: redis-server is not installed\n";
    return reference;
}

}  // namespace

TEST_CASE("commands are answered as the reference answers them", "[conformance]") {
    if (const auto reference = the_reference()) {
        compare_tables(GRAPEVINE_CASES, 1000, *reference, *the_subject());
    }
}

TEST_CASE("arguments of commands are told as the reference tells them", "[conformance]") {
    if (const auto reference = the_reference()) compare_docs(*reference, *the_subject());
}

TEST_CASE("random commands are answered as the reference answers them", "[conformance]") {
    if (const auto reference = the_reference()) {
        compare_random_commands(the_seed(), *reference, *the_subject());
    }
}

TEST_CASE("random patterns match what the reference says they match", "[conformance]") {
    if (const auto reference = the_reference()) {
        compare_random_patterns(the_seed(), *reference, *the_subject());
    }
}
