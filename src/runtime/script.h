#pragma once
// Runs lines of operations (runtime/trace.h), many at a time, and reports them in input order.
// A write waits until the operations before it on its key are done, and a read until the writes
// are, so their effects are in input order too.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/time.h"
#include "runtime/client_host.h"
#include "runtime/trace.h"

namespace grapevine {

class Script {
public:
    struct Line {
        std::size_t number = 0;          // in the input, from 1
        std::optional<TraceLine> trace;  // none: it could not be read, `error` says why
        std::string error;
        Outcome outcome;
    };
    using Report = std::function<void(const Line&)>;

    Script(ClientHost& client, Duration deadline, Report report);

    void add(std::string_view text);

    // Whoever reads the input pauses while this is false.
    [[nodiscard]] bool wants_more() const;
    [[nodiscard]] bool idle() const { return lines_.empty(); }

private:
    struct Slot {
        Line line;
        bool done = false;
    };

    // Of one key: operations that are under way.
    struct Users {
        std::size_t readers = 0;
        bool writer = false;
    };

    void submit_waiting();
    bool take_key(const Operation& operation);
    void give_key_back(const Operation& operation);
    void completed(std::uint64_t index, const Outcome& outcome);
    void report_done();

    ClientHost& client_;
    Duration deadline_;
    Report report_;
    std::deque<Slot> lines_;   // not reported yet, in input order
    std::uint64_t first_ = 0;  // index of lines_.front() since the beginning
    std::uint64_t next_ = 0;   // index of the first that is not submitted
    std::size_t line_number_ = 0;
    std::size_t bytes_ = 0;
    std::unordered_map<std::string, Users> users_;  // of keys, while there are any
};

}  // namespace grapevine
