#pragma once
// What a client asked and what it was told: one record for each operation of a run. Whoever drives
// clients keeps a History; the checker (history/linearizability.h) judges it.

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"

namespace grapevine {

enum class RecordKind : std::uint8_t {
    get,
    put,
    erase,
    run,    // a program on the keys of a group (OperationRecord::key names the group)
    query,  // one that changes nothing
};

constexpr bool is_program(RecordKind kind) {
    return kind >= RecordKind::run;
}

enum class RecordCondition : std::uint8_t {
    none,
    absent,   // the key is not there
    version,  // its version equals OperationRecord::expected
};

enum class RecordOutcome : std::uint8_t {
    done,       // get: `value` was read; put: it was written; erase: the key was there and is gone
    absent,     // get, erase: the key was not there
    refused,    // the condition was false; `version` was there, {0, 0}: nothing was
    no_effect,  // it failed, and the client was promised that it never takes effect
    unknown,    // it may have taken effect, may take it later, or never
};

struct OperationRecord {
    std::uint64_t client = 0;
    Time called;
    Time returned = never;  // of an unknown one it does not matter
    RecordKind kind = RecordKind::get;
    RecordCondition condition = RecordCondition::none;
    Version expected;
    std::string key;
    std::string value;    // put: what to write; get: what was read; programs: what they answered
    std::string program;  // run, query: its bytes
    Duration expires_after{};  // put: so long after it the key may be gone; zero: it stays
    Version version;           // as told with the outcome; {0, 0}: not told
    RecordOutcome outcome = RecordOutcome::unknown;
    std::uint64_t sequence = 0;  // of the request, as its client counts; 0: not told
};

using History = std::vector<OperationRecord>;

// "put k=v (3.7) by client 2, 1.000200 s to 1.000900 s: done".
std::string to_string(const OperationRecord& record);

}  // namespace grapevine
