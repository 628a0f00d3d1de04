#pragma once
// What is fuzzed: functions that take any bytes, give them to a decoder or a parser, and ASSERT
// what must hold of what comes out. Two drivers call them: libFuzzer (libfuzzer.cc, by ./run fuzz),
// which looks for inputs that reach new code, and mutations of good messages in the ordinary tests
// (fuzz_test.cc), which need no other compiler.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace grapevine {
class Samples;  // tests/wire/samples.h
}

namespace grapevine::fuzz {

struct Target {
    std::string_view name;  // also of its executable, fuzz_NAME, and of its corpus
    // Returns, or aborts with a sentence. Depends on nothing but the bytes.
    void (*run)(std::string_view bytes);
    // Good inputs to begin with.
    std::vector<std::string> (*seeds)(Samples& samples);
    std::size_t size_max;  // bytes of an input
};

// One file each, named as the target is.
extern const Target datagram;
extern const Target stream;
extern const Target envelope;
extern const Target client_message;
extern const Target server_message;
extern const Target hello;
extern const Target refusal;
extern const Target saved;
extern const Target slot;
extern const Target words;
extern const Target trace;
extern const Target fault;
extern const Target program;
extern const Target reply;
extern const Target redis;

std::span<const Target* const> all_targets();
// Aborts where there is none of that name.
const Target& target_named(std::string_view name);

}  // namespace grapevine::fuzz
