#pragma once
// What a lane says on its connection, and how it understands the answers: a protocol's part of the
// load. One Dialect for each connection. Nothing here takes memory for an operation.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "bench/flights.h"

namespace grapevine::bench {

struct Command {
    std::uint64_t sequence = 0;  // counts the connection's operations, from 1
    std::uint64_t floor = 0;     // of the oldest put that was not answered, or its own
    bool put = false;            // otherwise a get
    std::uint16_t slot = 0;
    std::string_view key;
};

// Who has asked. Each operation is answered once, or again.
class Asker {
public:
    // Null: no such operation is under way.
    [[nodiscard]] virtual const Flight* asked(std::uint64_t sequence) const = 0;
    // An empty `defect`: as it should be. Otherwise what is wrong, in words.
    virtual void answered(std::uint64_t sequence, std::string_view defect) = 0;
    // It was not executed: it will be said again, under the same number.
    virtual void repeat(std::uint64_t sequence) = 0;

protected:
    ~Asker() = default;
};

class Dialect {
public:
    virtual ~Dialect() = default;

    // What a connection begins with.
    virtual void greet(std::string&) {}
    virtual void say(std::string& out, const Command& command) = 0;
    // The next bytes that came, cut anywhere. The error: they are no answers, hang up.
    virtual Result<void> hear(std::string_view bytes, Asker& asker) = 0;
};
using MakeDialect = std::function<std::unique_ptr<Dialect>()>;

// Bytes of an answer of which the rest has not come.
class Carry {
public:
    // What was kept, and these: valid until keep().
    std::string_view join(std::string_view bytes) {
        if (rest_.empty()) return bytes;
        return rest_ += bytes;
    }
    // The end of what join() gave, which was not understood yet.
    void keep(std::string_view rest) {
        if (rest_.empty()) {
            rest_ = rest;
        } else {
            rest_.erase(0, rest_.size() - rest.size());
        }
    }

private:
    std::string rest_;
};

}  // namespace grapevine::bench
