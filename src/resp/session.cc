#include "resp/session.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"
#include "command/execute.h"
#include "resp/key_slots.h"
#include "resp/local.h"
#include "resp/merges.h"

namespace grapevine::resp {

namespace {

constexpr std::string_view cross_slot = "CROSSSLOT Keys in request don't hash to the same slot";
constexpr std::string_view no_ring = "LOADING Grapevine is joining its cluster";
constexpr std::string_view not_in_multi = "ERR Command not allowed inside a transaction";
constexpr std::string_view too_large =
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
constexpr std::string_view too_much = "ERR too many arguments, or too large together";

// Of an argument that a transaction queues, beside its bytes.
constexpr std::size_t argument_weight = 32;

// What a transaction does not queue.
bool passes_transaction(const command::CommandInfo& info) {
    constexpr std::string_view names[] = {"exec", "discard", "multi", "watch", "quit", "reset"};
    return std::ranges::find(names, info.name) != std::end(names);
}

bool is_watch(const command::CommandInfo& info) {
    static const command::CommandInfo* const watch = command::find_command("watch");
    return &info == watch;
}

bool is_keyed(const command::CommandInfo& info) {
    return info.has_keys() && info.runs_on_primary() && !is_watch(info);
}

// A browser was made to talk to this port: what it says is not obeyed.
bool is_cross_protocol(Args args) {
    return is_word(args[0], "POST") || is_word(args[0], "HOST:");
}

std::size_t bytes_of(Args args) {
    std::size_t bytes = 0;
    for (const std::string_view arg : args) bytes += arg.size();
    return bytes;
}

// How the replies of a command that may lie in several partitions are put together.
std::optional<Merging> merging_of(const command::CommandInfo& info) {
    constexpr std::string_view sums[] = {"del", "exists", "unlink", "touch"};
    if (std::ranges::find(sums, info.name) != std::end(sums)) return Merging::sum;
    if (info.name == "mget") return Merging::scatter;
    if (info.name == "mset") return Merging::ok;
    return std::nullopt;
}

constexpr std::size_t looked_ahead_max = 16;  // commands

// A share of the command for each partition, in the order of first keys.
std::vector<Share> shares_of(const Front& front, const command::CommandInfo& info, Args args) {
    std::vector<Share> shares;
    std::unordered_map<std::uint32_t, std::size_t> known;  // by partition
    std::size_t place = 0;
    command::for_each_key(info, args, [&](std::size_t at) {
        const PartitionId partition = front.partition_of(slot_of_key(args[at]));
        const auto [found, added] = known.try_emplace(partition.value, shares.size());
        if (added) {
            shares.push_back({.target = {partition, args[at], true}, .args = {}});
            shares.back().args.emplace_back(args[0]);
        }
        Share& share = shares[found->second];
        for (std::size_t i = 0; i < info.keys.step && at + i < args.size(); ++i) {
            share.args.emplace_back(args[at + i]);
        }
        share.places.push_back(place++);
    });
    return shares;
}

}  // namespace

Session::Session(Front& front, std::uint64_t id, Address peer, Time now)
    : front_(front), parser_(front.limits().parser), owed_(front.counters), lanes_(front.limits()) {
    about.id = id;
    about.peer = peer;
    about.opened = about.last = now;
    front_.sessions[id] = this;
    ++front_.counters.connections;
}

Session::~Session() {
    front_.sessions.erase(about.id);
}

// ------------------------------------------------------------------------- bytes to commands

void Session::feed(std::string_view bytes) {
    // Who sends one at a time has nothing that could be looked ahead to.
    until_look_ = std::max<std::size_t>(until_look_, 1);
    about.input_bytes += bytes.size();
    front_.counters.input_bytes += bytes.size();
    parser_.feed(bytes);
}

bool Session::is_full() const {
    const FrontLimits& limits = front_.limits();
    return owed_.size() >= limits.replies_max || lanes_.parts() >= limits.parts_max ||
           lanes_.bytes() + owed_.bytes() >= limits.bytes_max ||
           (pending_exec_ && owed_.is_owed(*pending_exec_));
}

std::size_t Session::input_bytes() const {
    return parser_.memory_bytes() + (transaction_ != nullptr ? transaction_->bytes : 0);
}

bool Session::step(Time now) {
    if (closing_ || killed_ || held_ || is_full()) return false;
    if (until_look_ == 0) until_look_ = std::max<std::size_t>(look_ahead(), 1);
    --until_look_;
    switch (parser_.next()) {
        case RequestParser::Got::nothing:
            return false;
        case RequestParser::Got::command:
            handle(now, parser_.args());
            break;
        case RequestParser::Got::too_large:
            flag_transaction();
            reply_error(too_large);
            break;
        case RequestParser::Got::too_much:
            flag_transaction();
            reply_error(too_much);
            break;
        case RequestParser::Got::error:
            reply_error("ERR " + parser_.error());
            closing_ = true;
            break;
    }
    if (replies_ == Replies::skip_this) replies_ = Replies::on;
    if (replies_ == Replies::skip_next) replies_ = Replies::skip_this;
    return true;
}

std::size_t Session::look_ahead() const {
    if (!front_.prefetch()) return 0;
    std::array<std::string_view, looked_ahead_max> keys;
    const std::size_t count = parser_.look_ahead(keys);
    if (count > 1) front_.prefetch()(std::span(keys).first(count));
    return count;
}

void Session::kill() {
    killed_ = true;
    front_.killed.push_back(about.id);
}

void Session::reset() {
    forget_transaction();
    about.protocol = Protocol::resp2;
    about.name.clear();
    about.no_evict = about.no_touch = about.readonly = false;
    replies_ = Replies::on;
    awareness = {};
}

// ------------------------------------------------------------------------- who answers

void Session::handle(Time now, Args args) {
    ++front_.counters.commands;
    if (now >= front_.rates.look_at) front_.look_at_rates(now);
    ++about.commands;
    about.last = now;
    if (is_cross_protocol(args)) {
        killed_ = true;
        return;
    }
    const auto checked = command::check_command(args);
    if (!checked) return refuse(args, checked.error());
    const command::CommandInfo& info = **checked;
    about.last_command = info.name;
    if (transaction_ != nullptr && !passes_transaction(info)) return queue(now, info, args);
    answer(now, info, args);
}

// What is no command. An EXEC with arguments ends its transaction all the same.
void Session::refuse(Args args, const std::string& error) {
    flag_transaction();
    if (transaction_ == nullptr || !is_word(args[0], "EXEC")) return reply_error(error);
    forget_transaction();
    constexpr std::size_t code_size = 4;  // "ERR "
    reply_error("EXECABORT Transaction discarded because of: " + error.substr(code_size));
}

void Session::answer(Time now, const command::CommandInfo& info, Args args) {
    const bool needs_ring = info.runs_on_primary() || info.has_keys();
    if (needs_ring && (front_.ring() == nullptr || !front_.ring()->genesis)) {
        return reply_error(no_ring);
    }
    if (is_keyed(info)) return run_keyed(now, info, args);
    Reply made(about.protocol);
    Call call{*this, front_, now, args, made};
    if (info.runs_on_every_partition()) {
        call.task = keyspace_task(call, info);
        has_written_ = has_written_ || info.has(command::flag::write);
    } else if (const LocalHandler handler = find_local(info)) {
        handler(call);
    } else {
        made.error("ERR this command is not offered here");
    }
    if (call.task != nullptr) return start(std::move(call.task));
    if (made.bytes().starts_with('-')) ++front_.counters.errors;
    reply(made);
}

// ------------------------------------------------------------------------- commands with keys

void Session::run_keyed(Time now, const command::CommandInfo& info, Args args) {
    const KeySlots slots = slots_of(info, args);
    has_written_ = has_written_ || info.has(command::flag::write);
    if (slots.too_long) return reply_error(command::key_too_long());
    awareness.note_asked(front_, slots.first);
    if (!slots.differ) {
        if (const auto moved = redirection(now, slots.first)) return reply_error(*moved);
        return run_on_one(now, {front_.partition_of(slots.first), slots.first_key, true}, info,
                          args);
    }
    const auto merging = merging_of(info);
    if (!merging) return reply_error(cross_slot);
    if ((args.size() - 1) % info.keys.step != 0) {
        return reply_error("ERR wrong number of arguments for '" + std::string(info.name) +
                           "' command");
    }
    auto shares = shares_of(front_, info, args);
    if (shares.size() == 1) return run_on_one(now, shares.front().target, info, args);
    start(std::make_unique<MergeTask>(*merging, info.has(command::flag::write), std::move(shares)));
}

void Session::run_on_one(Time now, const Target& target, const command::CommandInfo& info,
                         Args args) {
    const bool writes = info.has(command::flag::write);
    if (execute_at_once(now, target, writes, args)) return;
    adding_to_ = owed_.owe(form());
    add(0, target, writes, args);
}

// A write so executed has to be told soon, or not at all: never behind what others still owe.
bool Session::execute_at_once(Time now, const Target& target, bool writes, Args args) {
    const FrontLimits& limits = front_.limits();
    const bool may = front_.at_once() && front_.is_own(target.partition) &&
                     !lanes_.is_busy(target.partition) && (!writes || owed_.empty()) &&
                     owed_.output_size() < limits.at_once_output;
    if (!may || (writes && bytes_of(args) > limits.at_once_write)) return false;
    Reply made(Protocol::resp3);
    const auto until = front_.at_once()(now, target.key, writes, args, made);
    if (!until) return false;
    owed_.append(form(), made.bytes());
    if (!form().muted) tell_until_ = std::min(tell_until_, *until);
    return true;
}

bool Session::answers_moved() const {
    const Redirect redirect = front_.config().redirect;
    return redirect == Redirect::moved || (redirect == Redirect::automatic && awareness.is_shown());
}

std::optional<std::string> Session::redirection(Time now, std::uint32_t slot) {
    if (!answers_moved()) return std::nullopt;
    const Member* const member = front_.elsewhere(now, front_.partition_of(slot));
    if (member == nullptr) return std::nullopt;
    ++front_.counters.moved;
    return "MOVED " + std::to_string(slot) + " " + to_string(member->address);
}

// ------------------------------------------------------------------------- replies

void Session::reply(const Reply& made) {
    if (replies_ == Replies::on) owed_.append(made.bytes());
}

void Session::reply_error(std::string_view text) {
    ++front_.counters.errors;
    Reply made(about.protocol);
    made.error(text);
    reply(made);
}

void Session::start(std::unique_ptr<Task> task) {
    Task& begun = *task;
    adding_to_ = owed_.owe(form(), std::move(task));
    begun.begin(*this);
    owed_.weigh(adding_to_);
}

void Session::deliver(const PartOf& part, std::string_view resp3, NodeId by) {
    adding_to_ = part.owed;
    owed_.answered(*this, part, resp3, by);
}

// ------------------------------------------------------------------------- transactions

int Session::queued_commands() const {
    return transaction_ == nullptr ? -1 : static_cast<int>(transaction_->commands.size());
}

void Session::begin_transaction() {
    transaction_ = std::make_unique<Transaction>();
}

void Session::flag_transaction() {
    if (transaction_ != nullptr) transaction_->broken = true;
}

void Session::forget_transaction() {
    transaction_.reset();
    watched_ = std::make_shared<WatchSet>();
}

void Session::queue(Time now, const command::CommandInfo& info, Args args) {
    const auto refuse = [&](std::string_view text) {
        flag_transaction();
        reply_error(text);
    };
    if (info.has(command::flag::no_multi) || info.runs_on_every_partition() ||
        info.name == "client|reply") {
        return refuse(not_in_multi);
    }
    if (is_keyed(info)) {
        const KeySlots slots = slots_of(info, args);
        if (slots.too_long) return refuse(command::key_too_long());
        if (slots.differ) return refuse(cross_slot);
        if (const auto moved = redirection(now, slots.first)) return refuse(*moved);
    }
    std::vector<std::string> copy(args.begin(), args.end());
    for (const std::string& arg : copy) transaction_->bytes += arg.size() + argument_weight;
    if (transaction_->bytes > front_.limits().queued_max) {
        return refuse("ERR the transaction is too large");
    }
    transaction_->commands.push_back(std::move(copy));
    Reply made(about.protocol);
    made.simple("QUEUED");
    reply(made);
}

// ------------------------------------------------------------------------- programs

void Session::add(std::size_t part, const Target& target, bool writes, Args args) {
    lanes_.add({adding_to_, part}, target, writes, args);
}

void Session::add_step(std::size_t part, const Target& target, bool first, Args args) {
    lanes_.add_step({adding_to_, part}, target, first, args);
}

void Session::add_atomic(std::size_t part, const Target& target,
                         std::span<const std::vector<std::string>> commands, bool writes,
                         std::shared_ptr<const WatchSet> watched) {
    lanes_.add_atomic({adding_to_, part}, target, commands, writes, std::move(watched));
}

void Session::add_program(std::size_t part, PartitionId partition, bool writes,
                          std::shared_ptr<const std::string> program) {
    lanes_.add_program({adding_to_, part}, partition, writes, std::move(program));
}

std::vector<Run> Session::take_runs() {
    if (held_) return {};
    const bool is_large = owed_.bytes() >= front_.limits().bytes_max;
    Lanes::Launch launch = lanes_.launch(is_large ? std::optional(owed_.first()) : std::nullopt);
    for (const PartOf& part : launch.hopeless) deliver(part, "_\r\n", {});
    return std::move(launch.runs);
}

void Session::finished(PartitionId partition, RunResult&& result) {
    const auto answers = lanes_.finish(partition, result);
    Reply failure(Protocol::resp3);
    failure.error(failure_text(result));
    for (const Lanes::Answer& answer : answers) {
        deliver(answer.part, answer.reply.value_or(failure.bytes()), result.by);
    }
}

}  // namespace grapevine::resp
