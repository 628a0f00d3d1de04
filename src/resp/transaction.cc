// MULTI, EXEC, DISCARD, WATCH, UNWATCH. A transaction is one atomic program of one slot. What a
// node answers by itself (PING in a transaction, say) is answered when EXEC comes, and takes its
// place among the replies.

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "resp/local.h"
#include "resp/merges.h"

namespace grapevine::resp {

// The commands of a transaction that its program consists of.
struct SessionKeyed {
    std::vector<std::vector<std::string>> commands;
    bool writes = false;
    bool differ = false;                // their slots
    std::optional<std::uint32_t> slot;  // of the first key
    std::string key;                    // that one

    void take_key(std::string_view name) {
        const std::uint32_t its = slot_of_key(name);
        if (!slot) {
            slot = its;
            key = name;
        }
        differ = differ || its != *slot;
    }
};

namespace {

using Keyed = SessionKeyed;

constexpr std::string_view cross_slot_keys =
    "CROSSSLOT Keys in request don't hash to the same slot";

class ExecTask final : public Task {
public:
    // local: the replies that are there already, as they are sent; nothing: the program's.
    ExecTask(PartitionId partition, Keyed keyed, std::vector<std::optional<std::string>> local,
             std::shared_ptr<const WatchSet> watched)
        : partition_(partition),
          keyed_(std::move(keyed)),
          local_(std::move(local)),
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

    void write(Reply& reply) override {
        std::string_view rest = replies_;
        if (rest.starts_with('-')) return append_reply(reply, rest);
        if (!command::take_aggregate(rest)) return reply.null_array();
        reply.array(local_.size());
        for (const auto& made : local_) {
            if (made) {
                reply.raw(*made);
            } else if (const auto one = command::take_reply(rest)) {
                append_reply(reply, *one);
            } else {
                reply.error("ERR a node answered what is no reply");
            }
        }
    }

private:
    PartitionId partition_;
    Keyed keyed_;
    std::vector<std::optional<std::string>> local_;
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
          left_(keys_.size()) {}

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
        const auto key = std::ranges::find(set_->keys, keys_[part], &WatchSet::Key::key);
        if (key == set_->keys.end() || std::exchange(key->known, true)) return;
        key->version = {Epoch{*epoch}, *counter};
    }

    [[nodiscard]] bool is_done() const override { return left_ == 0; }

    void write(Reply& reply) override {
        if (!error_.empty()) return append_reply(reply, error_);
        if (set_->failed) return reply.error("ERR a node answered what is no reply");
        reply.ok();
    }

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
        const bool added =
            std::ranges::find(watched_->keys, key, &WatchSet::Key::key) == watched_->keys.end();
        if (added) watched_->keys.push_back({.key = std::string(key), .version = {}});
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
    SessionKeyed keyed;
    std::vector<std::optional<std::string>> local;
    for (auto& command : transaction->commands) {
        local.push_back(execute_one(now, command, keyed));
    }
    for (const WatchSet::Key& key : watched->keys) keyed.take_key(key.key);
    if (keyed.differ) {
        reply.error(cross_slot_keys);
        return nullptr;
    }
    if (!keyed.slot) {
        reply.array(local.size());
        for (const auto& made : local) reply.raw(*made);
        return nullptr;
    }
    const PartitionId partition = front_.partition_of(*keyed.slot);
    return std::make_unique<ExecTask>(partition, std::move(keyed), std::move(local), watched);
}

// The reply, or nothing where it is the program's.
std::optional<std::string> Session::execute_one(Time now, std::vector<std::string>& command,
                                                SessionKeyed& keyed) {
    const std::vector<std::string_view> args(command.begin(), command.end());
    const auto checked = command::check_command(args);
    if (const auto& info = **checked; info.has_keys() && info.runs_on_primary()) {
        command::for_each_key(info, args, [&](std::size_t at) { keyed.take_key(args[at]); });
        if (!keyed.slot) keyed.take_key(args[1]);
        keyed.writes = keyed.writes || info.has(command::flag::write);
        keyed.commands.push_back(std::move(command));
        return std::nullopt;
    }
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
