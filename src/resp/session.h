#pragma once
// One connection of a Redis client: takes bytes apart into commands, answers what this node answers
// by itself, and makes programs of the rest, which the host has executed by the primaries of their
// partitions. Pure.
//
// Replies leave in the order of commands. Commands on one partition are executed in their order,
// those on different ones side by side: while one program of a partition is under way, the commands
// that follow on it gather for the next. A program consists of commands that change something, or
// of such that do not, or is one transaction.
//
// Bounds: step() does nothing while more is owed than Front's limits say; the host does not read
// meanwhile. What has been written it looks at itself.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/ids.h"
#include "base/time.h"
#include "command/table.h"
#include "resp/front.h"
#include "resp/program_writer.h"
#include "resp/request_parser.h"
#include "resp/task.h"

namespace grapevine::resp {

// A program for the primary of a partition.
struct Run {
    PartitionId partition;
    std::string key;  // routes; without has_key: the partition is meant as a whole
    bool has_key = true;
    bool writes = false;
    std::string program;
};

enum class RunStatus : std::uint8_t {
    ok,
    unavailable,  // nothing was changed
    unknown,      // it may have been executed, or not
    overloaded,   // nothing was changed; again later
    full,         // no memory is left; nothing was changed
    refused,      // for the reason that `detail` tells; nothing was changed
};

struct RunResult {
    RunStatus status = RunStatus::ok;
    std::string replies;  // RESP3, one for each command
    std::string detail;
    NodeId by;  // who executed it; zero: nobody
};

struct SessionKeyed;  // transaction.cc

class Session final : private Parts {
public:
    Session(Front& front, std::uint64_t id, Address peer, Time now);
    ~Session() override;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void feed(std::string_view bytes);
    // Handles one command. False: none is whole, or it has to wait (is_full), or is_closing().
    bool step(Time now);
    // More is owed than the limits allow: nothing is to be read.
    [[nodiscard]] bool is_full() const;

    // To be executed now; at most one at a time of each partition.
    [[nodiscard]] std::vector<Run> take_runs();
    // Of the one that is under way in that partition.
    void finished(PartitionId partition, RunResult&& result);

    // To be written, in order.
    [[nodiscard]] std::string take_output() { return std::exchange(output_, {}); }
    [[nodiscard]] std::size_t output_size() const { return output_.size(); }
    // Nothing is read any more; over once all that is owed is written.
    [[nodiscard]] bool is_closing() const { return closing_; }
    [[nodiscard]] bool is_over() const { return closing_ && owed_.empty(); }
    // At once, whatever is owed.
    [[nodiscard]] bool is_killed() const { return killed_; }

    [[nodiscard]] std::size_t memory_bytes() const;
    // It has sent something that changes data.
    [[nodiscard]] bool has_written() const { return has_written_; }

    // For the commands about connections.
    struct About {
        std::uint64_t id = 0;
        Address peer;
        Time opened;
        Time last;  // command
        std::string name;
        std::string library;
        std::string library_version;
        std::string_view last_command;  // of the table
        Protocol protocol = Protocol::resp2;
        bool no_evict = false;
        bool no_touch = false;
        bool readonly = false;
        std::uint64_t commands = 0;
        std::uint64_t input_bytes = 0;
        std::uint64_t output_bytes = 0;
    };
    About about;
    [[nodiscard]] std::size_t query_bytes() const { return parser_.buffered(); }
    // -1: no transaction is open.
    [[nodiscard]] int queued_commands() const;
    [[nodiscard]] std::size_t watched_keys() const { return watched_->keys.size(); }
    void kill();
    void close_after_reply() { closing_ = true; }
    // CLIENT REPLY
    enum class Replies : std::uint8_t { on, off, skip_this, skip_next };
    void set_replies(Replies replies) { replies_ = replies; }
    // The client has shown that it knows clusters.
    void note_aware() { aware_ = Aware::yes; }
    // It was told of keys of the whole cluster, and will ask for these in the order in which they
    // came: that is not chance, and tells nothing any more.
    void note_told() {
        if (aware_ == Aware::perhaps) aware_ = Aware::no;
    }
    [[nodiscard]] bool answers_moved() const;
    // RESET, and what MULTI and WATCH leave behind.
    void reset();
    void forget_transaction();
    [[nodiscard]] bool is_in_transaction() const { return transaction_ != nullptr; }
    void begin_transaction();
    void flag_transaction();
    // EXEC: the task or, where nothing has to be asked, the reply.
    std::unique_ptr<Task> execute(Time now, Reply& reply);
    // WATCH; null: the reply is an error.
    std::unique_ptr<Task> watch(Args args, Reply& reply);

private:
    enum class Aware : std::uint8_t { perhaps, yes, no };

    // A reply that is owed.
    struct Owed {
        bool ready = false;
        bool muted = false;
        Protocol protocol = Protocol::resp2;
        std::string bytes;           // in that protocol, once it is ready
        std::unique_ptr<Task> task;  // null: what its one part says
    };
    struct PartOf {
        std::uint64_t owed;  // counted from the first reply of the connection
        std::size_t part;
    };
    // A program that gathers, or waits.
    struct Batch {
        bool writes = false;
        bool atomic = false;
        bool alone = false;  // nothing is added to it
        bool has_key = true;
        std::string key;
        ProgramWriter program;
        std::vector<PartOf> parts;
        std::shared_ptr<const WatchSet> watched;
    };
    struct Lane {
        bool under_way = false;
        bool dirty = false;          // in dirty_
        std::vector<PartOf> flying;  // of the program that is under way
        std::size_t flying_bytes = 0;
        bool flying_writes = false;
        std::string flying_program;  // where it has several commands
        std::deque<Batch> waiting;
    };
    struct Transaction {
        std::vector<std::vector<std::string>> commands;
        std::size_t bytes = 0;
        bool broken = false;
    };

    void handle(Time now, Args args);
    void refuse(Args args, const std::string& error);
    bool is_cross_protocol(Args args);
    void queue(Time now, const command::CommandInfo& info, Args args);
    void answer(Time now, const command::CommandInfo& info, Args args);

    // Commands of primaries.
    void run_keyed(Time now, const command::CommandInfo& info, Args args);
    void run_on_one(const Target& target, const command::CommandInfo& info, Args args);
    // The slot of all keys; nothing where they differ. False: the keys cannot be told.
    struct Slots {
        bool good = true;
        bool differ = false;
        std::uint32_t first = 0;
        std::string_view first_key;
    };
    static Slots slots_of(const command::CommandInfo& info, Args args);
    // "MOVED ..." where that is the answer.
    std::optional<std::string> redirection(Time now, std::uint32_t slot);
    void learn_awareness(std::uint32_t slot);

    // Replies.
    void reply(const Reply& made);
    void reply_error(std::string_view text);
    void start(std::unique_ptr<Task> task);
    Owed& owe(bool ready);
    void deliver(const PartOf& part, std::string_view resp3, NodeId by);
    void complete(Owed& owed, std::string_view resp3);
    void flush_ready();
    void append_output(Protocol protocol, std::string_view resp3);
    bool is_muted();

    std::optional<std::string> execute_one(Time now, std::vector<std::string>& command,
                                           SessionKeyed& keyed);

    // Programs.
    void add(std::size_t part, const Target& target, bool writes, Args args) override;
    void add_step(std::size_t part, const Target& target, bool first, Args args) override;
    void add_atomic(std::size_t part, const Target& target,
                    std::span<const std::vector<std::string>> commands, bool writes,
                    std::shared_ptr<const WatchSet> watched) override;
    Batch& batch_for(const Target& target, bool writes, std::size_t size);
    void touch(PartitionId partition, Lane& lane);
    Run launch(PartitionId partition, Lane& lane);
    void split(Lane& lane, std::size_t from);
    // How many of the commands that are under way were executed.
    [[nodiscard]] static std::size_t executed(const Lane& lane, const RunResult& result);
    void learn_size(const RunResult& result, std::size_t commands);

    Front& front_;
    RequestParser parser_;
    std::string output_;
    std::deque<Owed> owed_;
    std::uint64_t first_owed_ = 0;  // the number of owed_.front()
    std::uint64_t adding_to_ = 0;   // the number of the reply whose parts are being added
    std::unordered_map<std::uint32_t, Lane> lanes_;  // by partition
    std::vector<PartitionId> dirty_;                 // lanes that may have something to launch
    std::size_t parts_ = 0;                          // that have no reply yet
    std::size_t waiting_bytes_ = 0;                  // of programs, those under way included
    std::size_t commands_max_;  // of a program that reads: nobody knows how large replies are
    std::size_t lanes_max_;     // under way at once, likewise
    std::size_t lanes_under_way_ = 0;
    std::unique_ptr<Transaction> transaction_;
    std::shared_ptr<WatchSet> watched_ = std::make_shared<WatchSet>();
    Replies replies_ = Replies::on;
    Aware aware_ = Aware::perhaps;
    std::uint64_t chance_;                // that a client without knowledge asked for what it asked
    std::vector<PartitionId> asked_for_;  // so far, each once, while that is judged
    bool closing_ = false;
    bool killed_ = false;
    bool has_written_ = false;
};

}  // namespace grapevine::resp
