#pragma once
// The task of commands over several partitions whose replies are put together. The first error that
// a part answers is the reply, and so is an error where the replies together are too large: all of
// them are in memory before the first is written.

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

inline constexpr std::size_t merged_max = 256UZ * 1024 * 1024;

class MergeTask final : public Task {
public:
    MergeTask(Merging merging, bool writes, std::vector<Share> shares);
    // The same command on each of these partitions as a whole.
    MergeTask(Merging merging, bool writes, std::vector<PartitionId> partitions, Args args);

    void begin(Parts& parts) override;
    void answered(Parts& parts, std::size_t part, std::string_view reply, NodeId by) override;
    [[nodiscard]] bool is_done() const override { return left_ == 0; }
    // The head of an array, or the whole reply of what is none; take_reply() adds the elements.
    void write(Reply& reply) override;
    [[nodiscard]] Pieces take_reply(Protocol protocol) override;
    [[nodiscard]] std::size_t memory_bytes() const override;

private:
    void take(std::size_t part, std::string_view reply);
    void take_array(std::size_t part, std::string_view reply);
    void fail(std::string_view reply);

    Merging merging_;
    bool writes_;
    std::vector<Share> shares_;
    std::vector<PartitionId> partitions_;         // instead of shares_
    std::shared_ptr<const std::string> program_;  // of each of these
    std::size_t argument_bytes_ = 0;              // of shares_
    std::size_t left_;                            // parts without a reply
    std::int64_t sum_ = 0;
    std::size_t places_ = 0;
    std::vector<std::string> elements_;  // RESP3; scatter: by place; alone: the reply
    std::size_t element_bytes_ = 0;
    std::string error_;  // the first, with its '-' and its end
};

// Whether that is how the protocol writes the RESP3 reply too.
bool is_written_so(Protocol protocol, std::string_view resp3);
// Appends a RESP3 reply in the protocol of `reply`. What has to be written anew for that and is no
// reply becomes an error.
void append_reply(Reply& reply, std::string_view resp3);
void append_reply(Pieces& pieces, Protocol protocol, std::string_view resp3);

}  // namespace grapevine::resp
