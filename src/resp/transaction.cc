// MULTI, EXEC, DISCARD, WATCH, UNWATCH. A transaction is one atomic program of one slot. What a
// node answers by itself (PING in a transaction, say) is executed when the program was, so that
// nothing is where a watched key has changed, and takes its place among the replies.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/limits.h"
#include "command/execute.h"
#include "resp/local.h"
#include "resp/merges.h"

namespace grapevine::resp {

namespace {

// The commands of a transaction that its program consists of.
struct Keyed {
    std::vector<std::vector<std::string>> commands;
    bool writes = false;
    bool differ = false;                // their slots
    std::optional<std::uint32_t> slot;  // of the first key
    std::string key;                    // that one

    // False: it is none, and is left as it was.
    bool take(std::vector<std::string>& command) {
        const std::vector<std::string_view> args(command.begin(), command.end());
        const command::CommandInfo& info = **command::check_command(args);
        if (!info.has_keys() || !info.runs_on_primary()) return false;
        command::for_each_key(info, args, [&](std::size_t at) { take_key(args[at]); });
        if (!slot) take_key(args[1]);
        writes = writes || info.has(command::flag::write);
        commands.push_back(std::move(command));
        return true;
    }

    void take_key(std::string_view name) {
        const std::uint32_t its = slot_of_key(name);
        if (!slot) {
            slot = its;
            key = name;
        }
        differ = differ || its != *slot;
    }
};

constexpr std::string_view cross_slot_keys =
    "CROSSSLOT Keys in request don't hash to the same slot";

// Commands of a transaction that a node answers by itself; nothing: one of its program.
using Here = std::vector<std::optional<std::vector<std::string>>>;
constexpr std::ptrdiff_t here_max = 128;
// What they answer together; lists of thousands of connections take milliseconds each.
constexpr std::size_t here_bytes_max = 4 << 20;

class HereBudget {
public:
    explicit HereBudget(Front& front) : facts_(front) {}

    std::string execute(Session& session, Time now, const std::vector<std::string>& command) {
        if (left_ == 0 && tells_much(command)) {
            return "-ERR the replies of the transaction are too large\r\n";
        }
        std::string reply = session.execute_here(now, command);
        left_ -= std::min(left_, reply.size());
        return reply;
    }

private:
    static bool tells_much(const std::vector<std::string>& command) {
        constexpr std::string_view names[] = {"CLIENT", "CLUSTER", "COMMAND", "CONFIG", "INFO"};
        const auto is_it = [&](std::string_view name) { return is_word(command.front(), name); };
        // CLIENT SETNAME and the like change this connection.
        const bool changes = is_it("CLIENT") && command.size() > 1 && !is_word(command[1], "LIST");
        return !changes && std::ranges::any_of(names, is_it);
    }

    Front::HeldFacts facts_;
    std::size_t left_ = here_bytes_max;
};

class ExecTask final : public Task {
public:
    ExecTask(Session& session, Time now, PartitionId partition, Keyed keyed, Here here,
             std::shared_ptr<const WatchSet> watched)
        : session_(session),
          now_(now),
          partition_(partition),
          keyed_(std::move(keyed)),
          here_(std::move(here)),
          watched_(std::move(watched)) {}

    void begin(Parts& parts) override {
        parts.add_atomic(0, {partition_, keyed_.key, true}, keyed_.commands, keyed_.writes,
                         watched_);
        keyed_.commands = {};
    }

    void answered(Parts&, std::size_t, std::string_view reply, NodeId) override {
        replies_ = reply;
        done_ = true;
    }

    [[nodiscard]] bool is_done() const override { return done_; }

    // Where HELLO is among the commands, the replies behind it are in its protocol, as at Redis.
    void write(Reply& reply) override {
        std::string_view rest = replies_;
        if (rest.starts_with('-')) return append_reply(reply, rest);
        if (!command::take_aggregate(rest)) return reply.null_array();
        reply.array(here_.size());
        Protocol protocol = reply.protocol();
        HereBudget budget(session_.front());
        for (const auto& command : here_) {
            if (command) {
                reply.raw(budget.execute(session_, now_, *command));
                protocol = session_.about.protocol;
                continue;
            }
            Reply one(protocol);
            if (const auto part = command::take_reply(rest)) {
                append_reply(one, *part);
            } else {
                one.error("ERR a node answered what is no reply");
            }
            reply.raw(one.bytes());
        }
    }

    [[nodiscard]] std::size_t memory_bytes() const override {
        return sizeof *this + here_.size() * sizeof(Here::value_type) + keyed_.key.size() +
               replies_.size();
    }

private:
    Session& session_;
    Time now_;
    PartitionId partition_;
    Keyed keyed_;
    Here here_;
    std::shared_ptr<const WatchSet> watched_;
    std::string replies_;
    bool done_ = false;
};

class WatchTask final : public Task {
public:
    WatchTask(PartitionId partition, Args keys, std::shared_ptr<WatchSet> set)
        : partition_(partition),
          keys_(keys.begin(), keys.end()),
          set_(std::move(set)),
          left_(keys_.size()) {
        for (const std::string& key : keys_) key_bytes_ += sizeof(std::string) + key.size();
    }

    void begin(Parts& parts) override {
        for (std::size_t part = 0; part < keys_.size(); ++part) {
            const std::string_view args[] = {"GRAPEVINE.VERSION", keys_[part]};
            parts.add(part, {partition_, keys_[part], true}, false, args);
        }
    }

    // An epoch and a counter.
    void answered(Parts&, std::size_t part, std::string_view reply, NodeId) override {
        --left_;
        if (reply.starts_with('-')) error_ = reply;
        const bool good = command::take_aggregate(reply) == 2;
        const auto epoch = good ? next_number(reply) : std::nullopt;
        const auto counter = good ? next_number(reply) : std::nullopt;
        if (!epoch || !counter) {
            set_->failed = true;
            return;
        }
        // The version when a key was first watched counts.
        WatchSet::Watched& watched = set_->keys.at(keys_[part]);
        if (!std::exchange(watched.known, true)) watched.version = {Epoch{*epoch}, *counter};
    }

    [[nodiscard]] bool is_done() const override { return left_ == 0; }

    void write(Reply& reply) override {
        if (!error_.empty()) return append_reply(reply, error_);
        if (set_->failed) return reply.error("ERR a node answered what is no reply");
        reply.ok();
    }

    [[nodiscard]] std::size_t memory_bytes() const override { return sizeof *this + key_bytes_; }

private:
    static std::optional<std::uint64_t> next_number(std::string_view& replies) {
        const auto one = command::take_reply(replies);
        const auto number = one ? command::integer_of(*one) : std::nullopt;
        if (!number) return std::nullopt;
        return static_cast<std::uint64_t>(*number);
    }

    PartitionId partition_;
    std::vector<std::string> keys_;
    std::shared_ptr<WatchSet> set_;
    std::size_t key_bytes_ = 0;
    std::size_t left_;
    std::string error_;
};

void multi(Call& call) {
    if (call.session.is_in_transaction())
        return call.reply.error("ERR MULTI calls can not be nested");
    call.session.begin_transaction();
    call.reply.ok();
}

void discard(Call& call) {
    if (!call.session.is_in_transaction()) return call.reply.error("ERR DISCARD without MULTI");
    call.session.forget_transaction();
    call.reply.ok();
}

void exec(Call& call) {
    call.task = call.session.execute(call.now, call.reply);
}

void watch(Call& call) {
    if (call.session.is_in_transaction()) {
        return call.reply.error("ERR WATCH inside MULTI is not allowed");
    }
    call.task = call.session.watch(call.args, call.reply);
}

void unwatch(Call& call) {
    if (!call.session.is_in_transaction()) call.session.forget_transaction();
    call.reply.ok();
}

constexpr LocalCommand commands_of_transactions[] = {
    {"multi", multi}, {"exec", exec}, {"discard", discard}, {"watch", watch}, {"unwatch", unwatch},
};

}  // namespace

std::span<const LocalCommand> transaction_commands() {
    return commands_of_transactions;
}

std::unique_ptr<Task> Session::watch(Args args, Reply& reply) {
    const std::uint32_t slot = slot_of_key(args[1]);
    for (const std::string_view key : args.subspan(2)) {
        if (slot_of_key(key) == slot) continue;
        reply.error(cross_slot_keys);
        return nullptr;
    }
    for (const std::string_view key : args.subspan(1)) {
        if (key.size() > key_size_max) {
            reply.error(command::key_too_long());
            return nullptr;
        }
        if (watched_->keys.size() >= front_.limits().watched_max && !watched_->keys.contains(key)) {
            reply.error("ERR too many keys are watched");
            return nullptr;
        }
        watched_->keys.try_emplace(std::string(key));
    }
    return std::make_unique<WatchTask>(front_.partition_of(slot), args.subspan(1), watched_);
}

std::unique_ptr<Task> Session::execute(Time now, Reply& reply) {
    if (transaction_ == nullptr) {
        reply.error("ERR EXEC without MULTI");
        return nullptr;
    }
    const auto transaction = std::move(transaction_);
    const std::shared_ptr<const WatchSet> watched =
        std::exchange(watched_, std::make_shared<WatchSet>());
    if (transaction->broken) {
        reply.error("EXECABORT Transaction discarded because of previous errors.");
        return nullptr;
    }
    Keyed keyed;
    Here here;
    bool all_keyed = true;
    for (auto& command : transaction->commands) {
        const bool is_keyed = keyed.take(command);
        here.push_back(is_keyed ? std::nullopt : std::optional(std::move(command)));
        all_keyed = all_keyed && is_keyed;
    }
    // They are all executed in one turn, and nothing else meanwhile.
    if (std::ranges::count_if(here, [](const auto& command) { return command.has_value(); }) >
        here_max) {
        reply.error(
            fmt::format("ERR more than {} commands without keys in a transaction", here_max));
        return nullptr;
    }
    for (const auto& [key, of] : watched->keys) keyed.take_key(key);
    if (keyed.differ) {
        reply.error(cross_slot_keys);
        return nullptr;
    }
    if (!keyed.slot) {
        reply.array(here.size());
        HereBudget budget(front_);
        for (const auto& command : here) reply.raw(budget.execute(*this, now, *command));
        return nullptr;
    }
    if (!all_keyed) pending_exec_ = owed_.next();
    const PartitionId partition = front_.partition_of(*keyed.slot);
    return std::make_unique<ExecTask>(*this, now, partition, std::move(keyed), std::move(here),
                                      watched);
}

std::string Session::execute_here(Time now, const std::vector<std::string>& command) {
    const std::vector<std::string_view> args(command.begin(), command.end());
    const auto checked = command::check_command(args);
    Reply made(about.protocol);
    Call call{*this, front_, now, args, made};
    if (const LocalHandler handler = find_local(**checked)) handler(call);
    if (call.task != nullptr || made.size() == 0) {
        Reply refused(about.protocol);
        refused.error("ERR Command not allowed inside a transaction");
        return refused.take();
    }
    return made.take();
}

}  // namespace grapevine::resp
