// Every target with mutations of its seeds, a few hundred milliseconds each. Where one fails, Catch
// tells the target and the number of the input;
//
//     GRAPEVINE_FUZZ_INPUT=NUMBER build/release/bin/fuzz_test "TEST CASE"
//
// runs that input alone.

#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>

#include "fuzz/mutator.h"
#include "fuzz/target.h"
#include "wire/samples.h"
#include "wire/wire.h"

using namespace grapevine;

#ifdef GRAPEVINE_SANITIZED
// So that Catch hears of it.
extern "C" const char* __asan_default_options() {
    return "abort_on_error=1";
}
extern "C" const char* __ubsan_default_options() {
    return "abort_on_error=1:print_stacktrace=1";
}
#endif

namespace {

// Sanitized and unoptimised code is that much slower.
#ifdef GRAPEVINE_SANITIZED
constexpr std::uint64_t slowness = 10;
#else
constexpr std::uint64_t slowness = 1;
#endif

void fuzz_target(const fuzz::Target& target, std::uint64_t inputs) {
    Samples samples(1);
    const fuzz::Mutator mutator(target.seeds(samples), target.size_max);
    if (const char* number = std::getenv("GRAPEVINE_FUZZ_INPUT")) {
        target.run(mutator.input(std::strtoull(number, nullptr, 10)));
        return;
    }
    for (std::uint64_t number = 0; number < inputs / slowness; ++number) {
        INFO(target.name << ": GRAPEVINE_FUZZ_INPUT=" << number << " runs this input alone");
        target.run(mutator.input(number));
    }
}

}  // namespace

TEST_CASE("datagrams of any bytes", "[fuzz]") {
    fuzz_target(fuzz::datagram, 20'000);
}

TEST_CASE("streams of any bytes", "[fuzz]") {
    fuzz_target(fuzz::stream, 1'000);
}

TEST_CASE("envelopes of any bytes", "[fuzz]") {
    fuzz_target(fuzz::envelope, 20'000);
}

TEST_CASE("client messages of any bytes", "[fuzz]") {
    fuzz_target(fuzz::client_message, 20'000);
}

TEST_CASE("server messages of any bytes", "[fuzz]") {
    fuzz_target(fuzz::server_message, 20'000);
}

TEST_CASE("hellos of any bytes", "[fuzz]") {
    fuzz_target(fuzz::hello, 20'000);
}

TEST_CASE("refusals of any bytes", "[fuzz]") {
    fuzz_target(fuzz::refusal, 20'000);
}

TEST_CASE("saved states of any bytes", "[fuzz]") {
    fuzz_target(fuzz::saved, 5'000);
}

TEST_CASE("keys of any bytes", "[fuzz]") {
    fuzz_target(fuzz::slot, 20'000);
}

TEST_CASE("words of any bytes", "[fuzz]") {
    fuzz_target(fuzz::words, 20'000);
}

TEST_CASE("trace lines of any bytes", "[fuzz]") {
    fuzz_target(fuzz::trace, 20'000);
}

TEST_CASE("faults of any bytes", "[fuzz]") {
    fuzz_target(fuzz::fault, 10'000);
}

TEST_CASE("programs of any bytes", "[fuzz]") {
    fuzz_target(fuzz::program, 20'000);
}

TEST_CASE("replies of any bytes", "[fuzz]") {
    fuzz_target(fuzz::reply, 20'000);
}

TEST_CASE("Redis clients that say any bytes", "[fuzz]") {
    fuzz_target(fuzz::redis, 20'000);
}

TEST_CASE("the mutations of messages are different, broken and good", "[fuzz]") {
    Samples samples(1);
    const fuzz::Mutator mutator(fuzz::envelope.seeds(samples), fuzz::envelope.size_max);
    std::set<std::string> inputs;
    int good = 0;
    for (std::uint64_t number = 0; number < 1000; ++number) {
        std::string frame;
        const std::string input = mutator.input(number);
        CHECK(input == mutator.input(number));
        CHECK(input.size() <= fuzz::envelope.size_max);
        inputs.insert(input);
        if (input.empty()) continue;
        append_frame(frame, FrameKind::peer, input);
        if (decode_envelope(std::string_view(frame).substr(frame_header_size))) ++good;
    }
    // Some 90 seeds stand for the fifth that is not changed at all.
    CHECK(inputs.size() > 800);
    // Of the changed ones some still decode, and are what the targets are there for.
    CHECK(good > 250);
    CHECK(good < 800);
}
