#pragma once
// The tasks of commands over several partitions whose replies are put together. All of them: the
// first error that a part answers is the reply.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "resp/task.h"

namespace grapevine::resp {

// One part of a command: some of its keys.
struct Share {
    Target target;
    std::vector<std::string> args;      // a whole command
    std::vector<std::size_t> places{};  // MGET: where its keys stand in the reply
};

enum class Merging : std::uint8_t {
    sum,      // integers: DEL, EXISTS, UNLINK, TOUCH, DBSIZE
    ok,       // MSET
    scatter,  // arrays, each element at its place: MGET
    join,     // arrays, one behind the other: KEYS
    alone,    // one share, whose reply it is
};

class MergeTask final : public Task {
public:
    MergeTask(Merging merging, bool writes, std::vector<Share> shares);

    void begin(Parts& parts) override;
    void answered(Parts& parts, std::size_t part, std::string_view reply, NodeId by) override;
    [[nodiscard]] bool is_done() const override { return left_ == 0; }
    void write(Reply& reply) override;

private:
    void take_array(std::size_t part, std::string_view reply);

    Merging merging_;
    bool writes_;
    std::vector<Share> shares_;
    std::size_t left_;
    std::int64_t sum_ = 0;
    std::size_t places_ = 0;
    std::vector<std::string> elements_;  // RESP3; scatter: by place; alone: the reply
    std::string error_;                  // the first, with its '-' and its end
};

// Appends a RESP3 reply in the protocol of `reply`. What is no reply becomes an error.
void append_reply(Reply& reply, std::string_view resp3);

}  // namespace grapevine::resp
