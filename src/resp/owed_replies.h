#pragma once
// The replies that a connection owes, in the order of its commands, and the bytes that are to be
// written: a reply leaves when all before it have. Pure; a session has one, which bounds what it
// owes by size() and bytes().

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/ids.h"
#include "resp/front.h"
#include "resp/lanes.h"
#include "resp/pieces.h"
#include "resp/task.h"

namespace grapevine::resp {

class OwedReplies {
public:
    // `counters` hears of errors.
    explicit OwedReplies(Counters& counters) : counters_(counters) {}

    struct Form {
        Protocol protocol = Protocol::resp2;
        bool muted = false;  // nothing is written of it
    };
    // A reply that follows: its number, counted from the first of the connection. Without a task it
    // is what its one part says.
    std::uint64_t owe(const Form& form, std::unique_ptr<Task> task = nullptr);
    // A reply that is there, as it is sent.
    void append(std::string_view reply);
    // The same of what was executed at once, in RESP3.
    void append(const Form& form, std::string_view resp3);

    // What a part says, in RESP3. A task may add more parts.
    void answered(Parts& parts, const PartOf& part, std::string_view resp3, NodeId by);

    [[nodiscard]] bool empty() const { return owed_.empty(); }
    [[nodiscard]] std::size_t size() const { return owed_.size(); }
    // What is kept for them: replies that wait for those before them, and tasks; about.
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    // Of the one that comes next, where any is owed.
    [[nodiscard]] std::uint64_t first() const { return first_; }
    // Of the one that is owed next.
    [[nodiscard]] std::uint64_t next() const { return first_ + owed_.size(); }
    [[nodiscard]] bool is_owed(std::uint64_t number) const {
        return number >= first_ && number < next();
    }
    // The memory of its task has changed.
    void weigh(std::uint64_t number);
    // The next piece of it (resp/pieces.h).
    [[nodiscard]] std::string take_output() { return output_.take(); }
    [[nodiscard]] std::size_t output_size() const { return output_.size(); }

private:
    struct Owed {
        Form form;
        bool ready = false;
        Pieces reply;                // in that protocol, once it is ready
        std::unique_ptr<Task> task;  // null: what its one part says
        std::size_t weight = 0;      // in bytes_
    };

    [[nodiscard]] Owed& at(std::uint64_t number) {
        return owed_[static_cast<std::size_t>(number - first_)];
    }
    void weigh(Owed& owed);

    void complete(Owed& owed, std::string_view resp3);
    void complete_task(Owed& owed);
    void flush_ready();

    Counters& counters_;
    std::deque<Owed> owed_;
    std::uint64_t first_ = 0;  // the number of owed_.front()
    std::size_t bytes_ = 0;
    Pieces output_;
};

}  // namespace grapevine::resp
