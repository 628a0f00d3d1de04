#pragma once
// One connection of a Redis client: takes bytes apart into commands, answers what this node answers
// by itself, and makes programs of the rest, which the host has executed by the primaries of their
// partitions. Pure.
//
//   bytes --> RequestParser --> handle() --+--> answered here (resp/local.h) --+
//                                          +--> Task, of several parts --+     +--> OwedReplies
//                                          +--> one command -------------+--> Lanes --> programs
//
// Replies leave in the order of commands (resp/owed_replies.h). Commands on one partition are
// executed in their order, those on different ones side by side (resp/lanes.h).
//
// Bounds: step() does nothing while more is owed than Front's limits say; the host does not read
// meanwhile. Where replies that cannot leave yet are that much, only the commands are executed for
// whose reply they wait. What has been written is the host's business: while that piles up it says
// hold(), and no command is handled or executed.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/ids.h"
#include "base/time.h"
#include "command/table.h"
#include "resp/awareness.h"
#include "resp/front.h"
#include "resp/lanes.h"
#include "resp/owed_replies.h"
#include "resp/request_parser.h"
#include "resp/run.h"
#include "resp/task.h"

namespace grapevine::resp {

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

    // What was written is not read by the client: there is enough of it. Handling commands and
    // taking runs go on when that is over.
    void hold(bool held) { held_ = held; }
    [[nodiscard]] bool is_held() const { return held_; }

    // To be executed now; at most one at a time of each partition.
    [[nodiscard]] std::vector<Run> take_runs();
    // Of the one that is under way in that partition.
    void finished(PartitionId partition, RunResult&& result);

    // The next piece of what is to be written (resp/pieces.h).
    [[nodiscard]] std::string take_output() {
        std::string piece = owed_.take_output();
        if (owed_.output_size() == 0) tell_until_ = never;
        return piece;
    }
    // From then on what is to be written must not be: this node may not be the primary any more of
    // what it was told to have written, and nobody else may know of it. The client learns nothing.
    [[nodiscard]] Time tell_until() const { return tell_until_; }
    [[nodiscard]] std::size_t output_size() const { return owed_.output_size(); }
    // Nothing is read any more; over once all that is owed is written.
    [[nodiscard]] bool is_closing() const { return closing_; }
    [[nodiscard]] bool is_over() const { return closing_ && owed_.empty(); }
    // At once, whatever is owed.
    [[nodiscard]] bool is_killed() const { return killed_; }

    // What is kept of what was said and not handled, and for what is owed; about.
    [[nodiscard]] std::size_t input_bytes() const;
    [[nodiscard]] std::size_t owed_bytes() const {
        return lanes_.bytes() + owed_.bytes() + owed_.output_size();
    }
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
    Awareness awareness;
    // It is answered with MOVED, by what this node is told to do and what the client has shown.
    [[nodiscard]] bool answers_moved() const;
    [[nodiscard]] std::size_t query_bytes() const { return parser_.buffered(); }
    // -1: no transaction is open.
    [[nodiscard]] int queued_commands() const;
    [[nodiscard]] std::size_t watched_keys() const { return watched_->keys.size(); }
    void kill();
    void close_after_reply() { closing_ = true; }
    // CLIENT REPLY
    enum class Replies : std::uint8_t { on, off, skip_this, skip_next };
    void set_replies(Replies replies) { replies_ = replies; }
    // No reply to the next command; where there are none at all it stays so.
    void skip_next_reply() {
        if (replies_ != Replies::off) replies_ = Replies::skip_next;
    }
    // RESET, and what MULTI and WATCH leave behind.
    void reset();
    void forget_transaction();
    [[nodiscard]] bool is_in_transaction() const { return transaction_ != nullptr; }
    void begin_transaction();
    void flag_transaction();
    // EXEC: the task or, where nothing has to be asked, the reply.
    std::unique_ptr<Task> execute(Time now, Reply& reply);
    [[nodiscard]] Front& front() { return front_; }
    // A command of a transaction that this node answers by itself: the reply, in about.protocol as
    // it is after it.
    std::string execute_here(Time now, const std::vector<std::string>& command);
    // WATCH; null: the reply is an error.
    std::unique_ptr<Task> watch(Args args, Reply& reply);

private:
    struct Transaction {
        std::vector<std::vector<std::string>> commands;
        std::size_t bytes = 0;
        bool broken = false;
    };

    void handle(Time now, Args args);
    void refuse(Args args, const std::string& error);
    void queue(Time now, const command::CommandInfo& info, Args args);
    void answer(Time now, const command::CommandInfo& info, Args args);
    void run_keyed(Time now, const command::CommandInfo& info, Args args);
    void run_on_one(Time now, const Target& target, const command::CommandInfo& info, Args args);
    // False: it is to be made a program.
    bool execute_at_once(Time now, const Target& target, bool writes, Args args);
    // "MOVED ..." where that is the answer.
    std::optional<std::string> redirection(Time now, std::uint32_t slot);

    void reply(const Reply& made);
    void reply_error(std::string_view text);
    void start(std::unique_ptr<Task> task);
    [[nodiscard]] OwedReplies::Form form() const {
        return {.protocol = about.protocol, .muted = replies_ != Replies::on};
    }
    void deliver(const PartOf& part, std::string_view resp3, NodeId by);

    // Of the reply adding_to_.
    void add(std::size_t part, const Target& target, bool writes, Args args) override;
    void add_step(std::size_t part, const Target& target, bool first, Args args) override;
    void add_atomic(std::size_t part, const Target& target,
                    std::span<const std::vector<std::string>> commands, bool writes,
                    std::shared_ptr<const WatchSet> watched) override;
    void add_program(std::size_t part, PartitionId partition, bool writes,
                     std::shared_ptr<const std::string> program) override;

    Front& front_;
    // Tells the node of the keys of the next commands; of how many commands.
    [[nodiscard]] std::size_t look_ahead() const;

    RequestParser parser_;
    std::size_t until_look_ = 0;  // commands
    OwedReplies owed_;
    Lanes lanes_;
    Time tell_until_ = never;      // of what is to be written, not of what is owed
    std::uint64_t adding_to_ = 0;  // the number of the reply whose parts are being added
    std::unique_ptr<Transaction> transaction_;
    std::shared_ptr<WatchSet> watched_ = std::make_shared<WatchSet>();
    Replies replies_ = Replies::on;
    // An EXEC that has something to execute here when its program was executed; what follows is
    // handled after that.
    std::optional<std::uint64_t> pending_exec_;
    bool held_ = false;
    bool closing_ = false;
    bool killed_ = false;
    bool has_written_ = false;
};

}  // namespace grapevine::resp
