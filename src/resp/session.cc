#include "resp/session.h"

#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"
#include "command/execute.h"
#include "resp/local.h"
#include "resp/merges.h"

namespace grapevine::resp {

namespace {

constexpr std::string_view cross_slot = "CROSSSLOT Keys in request don't hash to the same slot";
constexpr std::string_view no_ring = "LOADING Grapevine is joining its cluster";
constexpr std::string_view not_in_multi = "ERR Command not allowed inside a transaction";
constexpr std::string_view too_large =
    "ERR string exceeds maximum allowed size (proto-max-bulk-len)";

// Where a program's replies were larger, the next ones that read have half as many commands.
constexpr std::size_t large_replies = 1024UZ * 1024;

// That a client asked by chance only for what this node is primary of: as if it asked for eight
// partitions in a cluster of five. (Neighbouring slots are of one partition.)
constexpr std::uint64_t chance_one = std::uint64_t{1} << 48;
constexpr std::uint64_t chance_least = chance_one / 390'625;
constexpr std::size_t partitions_least = 8;
constexpr std::size_t partitions_most = 64;

// Nobody knows how large the first answers will be.
constexpr std::size_t commands_at_first = 8;
constexpr std::size_t lanes_at_first = 32;
constexpr std::size_t lanes_least = 4;
constexpr std::size_t lanes_more = 4;  // for each answer that was not large

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

std::string failure_text(const RunResult& result) {
    switch (result.status) {
        case RunStatus::ok:
            return "ERR a node answered what is no reply";
        case RunStatus::unavailable:
            return "CLUSTERDOWN Hash slot not served";
        case RunStatus::unknown:
            return "UNKNOWN no answer came in time: what was asked may have been done, or not";
        case RunStatus::overloaded:
            return "TRYAGAIN too much is under way: nothing was changed";
        case RunStatus::full:
            return "OOM command not allowed when used memory > 'maxmemory'.";
        case RunStatus::refused:
            return "ERR " + result.detail;
    }
    return {};
}

// How the replies of a command that may lie in several partitions are put together.
std::optional<Merging> merging_of(const command::CommandInfo& info) {
    constexpr std::string_view sums[] = {"del", "exists", "unlink", "touch"};
    if (std::ranges::find(sums, info.name) != std::end(sums)) return Merging::sum;
    if (info.name == "mget") return Merging::scatter;
    if (info.name == "mset") return Merging::ok;
    return std::nullopt;
}

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
    : front_(front),
      parser_(front.limits().parser),
      commands_max_(std::min(commands_at_first, front.limits().commands_per_program)),
      lanes_max_(lanes_at_first),
      chance_(chance_one) {
    about.id = id;
    about.peer = peer;
    about.opened = about.last = now;
    front_.sessions[id] = this;
    ++front_.counters.connections;
}

Session::~Session() {
    front_.sessions.erase(about.id);
}

void Session::feed(std::string_view bytes) {
    about.input_bytes += bytes.size();
    front_.counters.input_bytes += bytes.size();
    parser_.feed(bytes);
}

void Session::kill() {
    killed_ = true;
    front_.killed.push_back(about.id);
}

bool Session::is_full() const {
    const FrontLimits& limits = front_.limits();
    return owed_.size() >= limits.replies_max || parts_ >= limits.parts_max ||
           waiting_bytes_ >= limits.bytes_max;
}

bool Session::step(Time now) {
    if (closing_ || killed_ || is_full()) return false;
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
        case RequestParser::Got::error:
            reply_error("ERR " + parser_.error());
            closing_ = true;
            break;
    }
    if (replies_ == Replies::skip_this) replies_ = Replies::on;
    if (replies_ == Replies::skip_next) replies_ = Replies::skip_this;
    return true;
}

// A browser was made to talk to this port: what it says is not obeyed.
bool Session::is_cross_protocol(Args args) {
    return is_word(args[0], "POST") || is_word(args[0], "HOST:");
}

// What is no command. An EXEC with arguments ends its transaction all the same.
void Session::refuse(Args args, const std::string& error) {
    flag_transaction();
    if (transaction_ == nullptr || !is_word(args[0], "EXEC")) return reply_error(error);
    forget_transaction();
    constexpr std::size_t code_size = 4;  // "ERR "
    reply_error("EXECABORT Transaction discarded because of: " + error.substr(code_size));
}

void Session::handle(Time now, Args args) {
    ++front_.counters.commands;
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

// ------------------------------------------------------------------------- keys

Session::Slots Session::slots_of(const command::CommandInfo& info, Args args) {
    Slots slots;
    bool first = true;
    slots.good = command::for_each_key(info, args, [&](std::size_t at) {
        const std::uint32_t slot = slot_of_key(args[at]);
        if (first) {
            slots.first = slot;
            slots.first_key = args[at];
        }
        slots.differ = slots.differ || slot != slots.first;
        first = false;
    });
    if (first) {
        // The number of keys makes no sense: the command says so wherever it runs.
        slots.first_key = args[1];
        slots.first = slot_of_key(args[1]);
    }
    return slots;
}

void Session::run_keyed(Time now, const command::CommandInfo& info, Args args) {
    const Slots slots = slots_of(info, args);
    has_written_ = has_written_ || info.has(command::flag::write);
    learn_awareness(slots.first);
    if (!slots.differ) {
        if (const auto moved = redirection(now, slots.first)) return reply_error(*moved);
        return run_on_one({front_.partition_of(slots.first), slots.first_key, true}, info, args);
    }
    const auto merging = merging_of(info);
    if (!merging) return reply_error(cross_slot);
    if ((args.size() - 1) % info.keys.step != 0) {
        return reply_error("ERR wrong number of arguments for '" + std::string(info.name) +
                           "' command");
    }
    auto shares = shares_of(front_, info, args);
    if (shares.size() == 1) return run_on_one(shares.front().target, info, args);
    start(std::make_unique<MergeTask>(*merging, info.has(command::flag::write), std::move(shares)));
}

void Session::run_on_one(const Target& target, const command::CommandInfo& info, Args args) {
    owe(false);
    add(0, target, info.has(command::flag::write), args);
}

bool Session::answers_moved() const {
    const Redirect redirect = front_.config().redirect;
    return redirect == Redirect::moved || (redirect == Redirect::automatic && aware_ == Aware::yes);
}

std::optional<std::string> Session::redirection(Time now, std::uint32_t slot) {
    if (!answers_moved()) return std::nullopt;
    const Member* const member = front_.elsewhere(now, front_.partition_of(slot));
    if (member == nullptr) return std::nullopt;
    ++front_.counters.moved;
    return "MOVED " + std::to_string(slot) + " " + to_string(member->address);
}

void Session::learn_awareness(std::uint32_t slot) {
    const std::uint32_t own = front_.own_slots();
    if (aware_ != Aware::perhaps || own == slot_count) return;
    const PartitionId partition = front_.partition_of(slot);
    if (!front_.is_own(partition) || asked_for_.size() >= partitions_most) {
        aware_ = Aware::no;
        asked_for_ = {};
        return;
    }
    if (std::ranges::find(asked_for_, partition) != asked_for_.end()) return;
    asked_for_.push_back(partition);
    chance_ = chance_ / slot_count * own;
    if (asked_for_.size() < partitions_least || chance_ > chance_least) return;
    aware_ = Aware::yes;
    asked_for_ = {};
}

// ------------------------------------------------------------------------- replies

bool Session::is_muted() {
    return replies_ != Replies::on;
}

Session::Owed& Session::owe(bool ready) {
    adding_to_ = first_owed_ + owed_.size();
    return owed_.emplace_back(Owed{.ready = ready,
                                   .muted = is_muted(),
                                   .protocol = about.protocol,
                                   .bytes = {},
                                   .task = nullptr});
}

void Session::reply(const Reply& made) {
    if (is_muted()) return;
    if (owed_.empty()) {
        output_ += made.bytes();
    } else {
        owe(true).bytes = made.bytes();
    }
}

void Session::reply_error(std::string_view text) {
    ++front_.counters.errors;
    Reply made(about.protocol);
    made.error(text);
    reply(made);
}

void Session::start(std::unique_ptr<Task> task) {
    Task& begun = *task;
    owe(false).task = std::move(task);
    begun.begin(*this);
}

void Session::append_output(Protocol protocol, std::string_view resp3) {
    // These look the same in both.
    constexpr std::string_view alike = "+-:$";
    const bool as_it_is = protocol == Protocol::resp3 || alike.find(resp3[0]) != alike.npos;
    if (as_it_is) {
        output_ += resp3;
        return;
    }
    Reply made(protocol);
    append_reply(made, resp3);
    output_ += made.bytes();
}

void Session::complete(Owed& owed, std::string_view resp3) {
    if (resp3.starts_with('-')) ++front_.counters.errors;
    owed.ready = true;
    if (owed.muted) return;
    if (&owed == &owed_.front()) return append_output(owed.protocol, resp3);
    Reply made(owed.protocol);
    append_reply(made, resp3);
    owed.bytes = made.take();
}

void Session::deliver(const PartOf& part, std::string_view resp3, NodeId by) {
    --parts_;
    Owed& owed = owed_[static_cast<std::size_t>(part.owed - first_owed_)];
    if (owed.task == nullptr) {
        complete(owed, resp3);
    } else {
        adding_to_ = part.owed;
        owed.task->answered(*this, part.part, resp3, by);
        if (!owed.task->is_done()) return;
        Reply made(owed.protocol);
        owed.task->write(made);
        owed.task.reset();
        owed.ready = true;
        if (made.bytes().starts_with('-')) ++front_.counters.errors;
        if (!owed.muted) owed.bytes = made.take();
    }
    flush_ready();
}

void Session::flush_ready() {
    while (!owed_.empty() && owed_.front().ready) {
        output_ += owed_.front().bytes;
        owed_.pop_front();
        ++first_owed_;
    }
}

std::size_t Session::memory_bytes() const {
    return parser_.memory_bytes() + waiting_bytes_ + output_.size() +
           (transaction_ != nullptr ? transaction_->bytes : 0);
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

void Session::reset() {
    forget_transaction();
    about.protocol = Protocol::resp2;
    about.name.clear();
    about.no_evict = about.no_touch = about.readonly = false;
    replies_ = Replies::on;
    aware_ = Aware::perhaps;
    chance_ = chance_one;
    asked_for_.clear();
}

void Session::queue(Time now, const command::CommandInfo& info, Args args) {
    const auto refuse = [&](std::string_view text) {
        flag_transaction();
        reply_error(text);
    };
    if (info.has(command::flag::no_multi) || info.runs_on_every_partition()) {
        return refuse(not_in_multi);
    }
    if (is_keyed(info)) {
        const Slots slots = slots_of(info, args);
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

void Session::touch(PartitionId partition, Lane& lane) {
    if (lane.under_way || std::exchange(lane.dirty, true)) return;
    dirty_.push_back(partition);
}

Session::Batch& Session::batch_for(const Target& target, bool writes, std::size_t size) {
    const FrontLimits& limits = front_.limits();
    Lane& lane = lanes_[target.partition.value];
    touch(target.partition, lane);
    const std::size_t commands_max = writes ? limits.commands_per_program : commands_max_;
    if (!lane.waiting.empty()) {
        Batch& last = lane.waiting.back();
        const bool fits = !last.atomic && !last.alone && last.writes == writes &&
                          last.has_key == target.has_key &&
                          last.program.commands() < commands_max &&
                          last.program.size() + size <= limits.bytes_per_program;
        if (fits) return last;
    }
    Batch& made = lane.waiting.emplace_back();
    made.writes = writes;
    made.has_key = target.has_key;
    made.key = target.key;
    return made;
}

void Session::add(std::size_t part, const Target& target, bool writes, Args args) {
    std::size_t size = 0;
    for (const std::string_view arg : args) size += arg.size() + 1;
    Batch& batch = batch_for(target, writes, size);
    const std::size_t before = batch.program.size();
    batch.program.add(args);
    waiting_bytes_ += batch.program.size() - before;
    batch.parts.push_back({adding_to_, part});
    ++parts_;
}

void Session::add_step(std::size_t part, const Target& target, bool first, Args args) {
    Lane& lane = lanes_[target.partition.value];
    touch(target.partition, lane);
    Batch& batch = first ? lane.waiting.emplace_back() : lane.waiting.emplace_front();
    batch.writes = batch.alone = true;
    batch.has_key = target.has_key;
    batch.key = target.key;
    batch.program.add(args);
    waiting_bytes_ += batch.program.size();
    batch.parts.push_back({adding_to_, part});
    ++parts_;
}

void Session::add_atomic(std::size_t part, const Target& target,
                         std::span<const std::vector<std::string>> commands, bool writes,
                         std::shared_ptr<const WatchSet> watched) {
    Lane& lane = lanes_[target.partition.value];
    touch(target.partition, lane);
    Batch& batch = lane.waiting.emplace_back();
    batch.atomic = true;
    batch.writes = writes;
    batch.key = target.key;
    batch.watched = std::move(watched);
    for (const auto& command : commands) {
        const std::vector<std::string_view> args(command.begin(), command.end());
        batch.program.add(args);
    }
    waiting_bytes_ += batch.program.size();
    batch.parts.push_back({adding_to_, part});
    ++parts_;
}

Run Session::launch(PartitionId partition, Lane& lane) {
    Batch batch = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    lane.under_way = true;
    ++lanes_under_way_;
    lane.flying = std::move(batch.parts);
    lane.flying_bytes = batch.program.size();
    lane.flying_writes = batch.writes;
    ++front_.counters.programs;
    Run run{.partition = partition,
            .key = std::move(batch.key),
            .has_key = batch.has_key,
            .writes = batch.writes,
            .program = batch.atomic ? batch.program.finish_atomic(*batch.watched)
                                    : batch.program.finish()};
    if (lane.flying.size() > 1) lane.flying_program = run.program;
    return run;
}

std::size_t Session::executed(const Lane& lane, const RunResult& result) {
    const std::size_t commands = lane.flying.size();
    if (commands == 1) return 1;
    if (result.status == RunStatus::refused) return 0;
    if (result.replies.size() < large_replies) return commands;
    std::string_view rest = result.replies;
    for (std::size_t i = 0; i < commands; ++i) {
        const auto one = command::take_reply(rest);
        if (one && one->substr(1).starts_with(command::too_much_before)) return i;
    }
    return commands;
}

// What was too much for one program is done a command at a time, ahead of what follows.
void Session::split(Lane& lane, std::size_t from) {
    const std::string bytes = std::exchange(lane.flying_program, {});
    const auto program = command::decode(bytes);
    ASSERT(program && program->commands.size() == lane.flying.size());
    for (std::size_t i = lane.flying.size(); i-- > from;) {
        const Args args = program->commands[i].args;
        Batch& batch = lane.waiting.emplace_front();
        batch.writes = lane.flying_writes;
        batch.program.add(args);
        waiting_bytes_ += batch.program.size();
        batch.parts.push_back(lane.flying[i]);
        // One of its keys is as good as another.
        const auto* const info = command::find_command(args);
        batch.has_key = info->has_keys();
        if (batch.has_key) batch.key = slots_of(*info, args).first_key;
    }
    lane.flying.resize(from);
}

std::vector<Run> Session::take_runs() {
    std::vector<Run> runs;
    std::vector<PartitionId> put_off;
    for (std::size_t i = 0; i < dirty_.size(); ++i) {
        const PartitionId partition = dirty_[i];
        Lane& lane = lanes_[partition.value];
        lane.dirty = false;
        if (lane.under_way || lane.waiting.empty()) continue;
        if (lanes_under_way_ >= lanes_max_) {
            lane.dirty = true;
            put_off.push_back(partition);
            continue;
        }
        const Batch& next = lane.waiting.front();
        const bool hopeless = next.atomic && next.watched->failed;
        if (!hopeless) {
            runs.push_back(launch(partition, lane));
            continue;
        }
        // What it watches is not known: as if it had changed.
        static_cast<void>(launch(partition, lane));
        finished(partition, {.status = RunStatus::ok, .replies = "_\r\n", .detail = {}, .by = {}});
    }
    dirty_ = std::move(put_off);
    return runs;
}

void Session::learn_size(const RunResult& result, std::size_t commands) {
    if (result.replies.size() <= large_replies) {
        lanes_max_ = std::min(lanes_max_ + lanes_more, std::size_t{slot_count});
    }
    if (result.status == RunStatus::refused) {
        commands_max_ = 1;
    } else if (result.replies.size() > large_replies) {
        commands_max_ = std::max<std::size_t>(1, commands_max_ / 2);
        lanes_max_ = std::max(lanes_least, lanes_max_ / 2);
    } else if (commands >= commands_max_) {
        commands_max_ = std::min(2 * commands_max_, front_.limits().commands_per_program);
    }
}

void Session::finished(PartitionId partition, RunResult&& result) {
    Lane& lane = lanes_.at(partition.value);
    ASSERT(lane.under_way);
    --lanes_under_way_;
    waiting_bytes_ -= std::exchange(lane.flying_bytes, 0);
    learn_size(result, lane.flying.size());
    const std::size_t done = executed(lane, result);
    if (done < lane.flying.size()) split(lane, done);
    lane.flying_program.clear();
    const std::vector<PartOf> parts = std::exchange(lane.flying, {});
    Reply failure(Protocol::resp3);
    failure.error(failure_text(result));
    std::string_view rest = result.replies;
    for (const PartOf& part : parts) {
        const auto one = result.status == RunStatus::ok ? command::take_reply(rest) : std::nullopt;
        deliver(part, one.value_or(failure.bytes()), result.by);
    }
    lane.under_way = false;
    if (lane.waiting.empty()) {
        lanes_.erase(partition.value);
    } else {
        touch(partition, lane);
    }
}

}  // namespace grapevine::resp
