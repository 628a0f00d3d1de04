#pragma once
// The programs of a connection, by partition: commands on one partition are executed in their
// order, those on different ones side by side. While one program of a partition is under way, the
// commands that follow on it gather for the next: its *lane*. A program consists of commands that
// change something, or of such that do not (what a write answers is remembered with its id), or is
// one transaction.
//
// Nobody knows beforehand how large replies are: reads go a few commands at a time and in few lanes
// at first, in more while what comes back is small, in fewer where it is large. What turns out to
// be too much for one program is done again a command at a time, ahead of what follows.
//
// Pure. A session has one, which bounds what it adds by parts() and bytes().

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "resp/front.h"
#include "resp/program_writer.h"
#include "resp/run.h"
#include "resp/task.h"

namespace grapevine::resp {

// Whose command it is.
struct PartOf {
    std::uint64_t owed;  // the number of a reply (resp/owed_replies.h)
    std::size_t part;    // as its task calls it
};

class Lanes {
public:
    explicit Lanes(const FrontLimits& limits);

    // A command, behind all those of its partition.
    void add(const PartOf& part, const Target& target, bool writes, Args args);
    // A step of a command that takes several, a program of its own: the first one behind all those
    // of its partition, the others before them.
    void add_step(const PartOf& part, const Target& target, bool first, Args args);
    // A transaction, likewise.
    void add_atomic(const PartOf& part, const Target& target,
                    std::span<const std::vector<std::string>> commands, bool writes,
                    std::shared_ptr<const WatchSet> watched);

    // A command on a partition as a whole, likewise.
    void add_program(const PartOf& part, PartitionId partition, bool writes,
                     std::shared_ptr<const std::string> program);

    struct Launch {
        std::vector<Run> runs;  // to be executed now; at most one at a time of each partition
        // Transactions that are as if what they watch had changed: its version is not known.
        std::vector<PartOf> hopeless;
    };
    // only: of lanes on which a part of that reply waits.
    [[nodiscard]] Launch launch(std::optional<std::uint64_t> only = {});

    // A command of the program that has ended.
    struct Answer {
        PartOf part;
        // Nothing: the program failed (failure_text), or what came is no reply.
        std::optional<std::string_view> reply;
    };
    // The program that is under way in that partition has ended so. `result` has to stay while
    // answers are used. Commands of it that were not executed are not among them: they are waiting
    // again.
    [[nodiscard]] std::vector<Answer> finish(PartitionId partition, const RunResult& result);

    // A command on that partition has no answer yet.
    [[nodiscard]] bool is_busy(PartitionId partition) const {
        return !lanes_.empty() && lanes_.contains(partition.value);
    }
    // Commands that have no answer yet, and what is kept of them.
    [[nodiscard]] std::size_t parts() const { return parts_; }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    // A program that gathers, or waits.
    struct Batch {
        bool writes = false;
        bool atomic = false;
        bool alone = false;  // nothing is added to it
        bool has_key = true;
        std::string key;
        ProgramWriter program;
        std::shared_ptr<const std::string> made;  // instead of it
        std::vector<PartOf> parts;
        std::shared_ptr<const WatchSet> watched;

        [[nodiscard]] std::size_t memory_bytes() const;
        [[nodiscard]] std::string finish() const;
    };
    struct Lane {
        bool under_way = false;
        bool dirty = false;          // in dirty_
        std::vector<PartOf> flying;  // of the program that is under way
        std::size_t flying_bytes = 0;
        bool flying_writes = false;
        std::string flying_program;  // where it has several commands
        std::deque<Batch> waiting;

        [[nodiscard]] bool waits_for(std::uint64_t owed) const;
    };

    Batch& open_batch(const Target& target, bool writes);
    void join(Batch& batch, const PartOf& part);
    Batch& batch_for(const Target& target, bool writes, std::size_t size);
    void touch(PartitionId partition, Lane& lane);
    Run send_off(PartitionId partition, Lane& lane);
    void drop_hopeless(Lane& lane, std::vector<PartOf>& dropped);
    void split(Lane& lane, std::size_t from);
    // How many of the commands that are under way were executed.
    [[nodiscard]] static std::size_t executed(const Lane& lane, const RunResult& result);
    void learn_size(const RunResult& result, std::size_t commands);

    const FrontLimits& limits_;
    std::unordered_map<std::uint32_t, Lane> lanes_;  // by partition
    std::vector<PartitionId> dirty_;                 // that may have something to launch
    std::size_t parts_ = 0;
    std::size_t bytes_ = 0;     // of programs and parts, those under way included
    std::size_t commands_max_;  // of a program that reads
    std::size_t lanes_max_;     // under way at once
    std::size_t under_way_ = 0;
};

}  // namespace grapevine::resp
