// Commands on all keys: each runs on every partition that is meant, and the replies are merged.

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/rng.h"
#include "command/glob.h"
#include "resp/local.h"
#include "resp/merges.h"
#include "resp/scan_cursor.h"

namespace grapevine::resp {

namespace {

std::vector<PartitionId> partitions_meant(const Call& call) {
    const bool own = call.session.answers_moved();
    if (!own) call.session.awareness.note_told();
    std::vector<PartitionId> meant;
    for (std::uint32_t i = 0; i < call.front.partitions(); ++i) {
        if (!own || call.front.is_own(PartitionId{i})) meant.push_back(PartitionId{i});
    }
    return meant;
}

// --------------------------------------------------------------------- SCAN

// Asks partition after partition until enough keys have come, or so many partitions were asked that
// the client should hear that it goes on.
constexpr std::size_t asked_per_scan_max = 32;
constexpr std::size_t argument_max = command::pattern_size_max;
constexpr std::size_t scan_count_default = 10;
constexpr std::size_t scan_count_max = 10'000;
constexpr std::size_t scan_bytes_max = 4 * 1024 * 1024;  // of keys, about

class ScanTask final : public Task {
public:
    ScanTask(std::uint32_t partitions, std::vector<PartitionId> meant, ScanPlace place,
             std::vector<std::string> args, std::size_t count_at, std::size_t wanted)
        : partitions_(partitions),
          meant_(std::move(meant)),
          began_(place),
          place_(place),
          args_(std::move(args)),
          count_at_(count_at),
          wanted_(wanted) {}

    void begin(Parts& parts) override { ask(parts); }

    void answered(Parts& parts, std::size_t, std::string_view reply, NodeId by) override {
        if (reply.starts_with('-')) {
            error_ = reply;
            done_ = true;
            return;
        }
        const std::uint16_t tag = scan_tag(by);
        if (place_.position != 0 && place_.tag != 0 && place_.tag != tag) {
            // Another node answers, whose keys lie in another order.
            place_.position = 0;
            began_ = place_;
        } else {
            take(reply);
        }
        place_.tag = tag;
        const bool enough =
            keys_.size() >= wanted_ || asked_ >= asked_per_scan_max || bytes_ >= scan_bytes_max;
        done_ = over_ || (enough && is_past(place_, began_, partitions_));
        if (!done_) ask(parts);
    }

    [[nodiscard]] bool is_done() const override { return done_; }

    void write(Reply& reply) override {
        if (!error_.empty()) return append_reply(reply, error_);
        reply.array(2);
        reply.bulk(over_ ? "0" : std::to_string(encode_place(place_, partitions_)));
        reply.array(keys_.size());
        for (const std::string& key : keys_) append_reply(reply, key);
    }

    [[nodiscard]] std::size_t memory_bytes() const override {
        std::size_t args = 0;
        for (const std::string& arg : args_) args += sizeof arg + arg.size();
        return sizeof *this + meant_.size() * sizeof(PartitionId) + args +
               keys_.size() * sizeof(std::string) + bytes_;
    }

private:
    void ask(Parts& parts) {
        ++asked_;
        args_[1] = std::to_string(place_.position);
        if (count_at_ != 0) {
            const std::size_t left = wanted_ - std::min(wanted_, keys_.size());
            args_[count_at_] = std::to_string(std::max<std::size_t>(1, left));
        }
        const std::vector<std::string_view> views(args_.begin(), args_.end());
        parts.add(0, {.partition = place_.partition}, false, views);
    }

    void take(std::string_view reply) {
        if (command::take_aggregate(reply) != 2) return next_partition();
        const auto cursor_bytes = command::take_reply(reply);
        const auto cursor = cursor_bytes ? command::bulk_of(*cursor_bytes) : std::nullopt;
        const std::size_t count = command::take_aggregate(reply).value_or(0);
        for (std::size_t i = 0; i < count; ++i) {
            if (const auto key = command::take_reply(reply)) {
                bytes_ += key->size();
                keys_.emplace_back(*key);
            }
        }
        const auto next = cursor ? command::to_cursor(*cursor) : std::nullopt;
        if (next.value_or(0) == 0) return next_partition();
        place_.position = *next;
    }

    void next_partition() {
        const auto next = std::ranges::upper_bound(meant_, place_.partition);
        over_ = next == meant_.end();
        if (!over_) place_ = {.partition = *next, .tag = 0, .position = 0};
    }

    std::uint32_t partitions_;
    std::vector<PartitionId> meant_;  // ascending
    ScanPlace began_;
    ScanPlace place_;
    std::vector<std::string> args_;
    std::size_t count_at_;  // in args_; 0: not given
    std::size_t wanted_;
    std::size_t asked_ = 0;
    std::vector<std::string> keys_;  // RESP3
    std::size_t bytes_ = 0;          // of these
    std::string error_;
    bool over_ = false;  // nothing is left
    bool done_ = false;
};

// Where the number of COUNT stands; 0: nowhere.
std::size_t find_count(Args args) {
    for (std::size_t i = 2; i + 1 < args.size(); i += 2) {
        if (is_word(args[i], "COUNT")) return i + 1;
    }
    return 0;
}

std::unique_ptr<Task> scan_task(Call& call) {
    const auto cursor = command::to_cursor(call.args[1]);
    if (!cursor) {
        call.reply.error("ERR invalid cursor");
        return nullptr;
    }
    const std::uint32_t partitions = call.front.partitions();
    const auto meant = partitions_meant(call);
    ScanPlace place = decode_place(*cursor, partitions);
    const auto from = std::ranges::lower_bound(meant, place.partition);
    if (from == meant.end()) {
        call.reply.array(2);
        call.reply.bulk("0");
        call.reply.array(0);
        return nullptr;
    }
    if (*from != place.partition) place = {.partition = *from, .tag = 0, .position = 0};
    const std::size_t count_at = find_count(call.args);
    std::size_t wanted = scan_count_default;
    std::size_t given = count_at;
    if (count_at != 0) {
        // Where it is no good number, the partition says so.
        const auto number = to_integer(call.args[count_at]);
        if (number && *number > 0) {
            wanted = std::min(static_cast<std::size_t>(*number), scan_count_max);
        } else {
            given = 0;
        }
    }
    return std::make_unique<ScanTask>(partitions, meant, place,
                                      std::vector<std::string>(call.args.begin(), call.args.end()),
                                      given, wanted);
}

// --------------------------------------------------------------------- RANDOMKEY

// Asks some partitions at a time until one of them has a key.
class RandomKeyTask final : public Task {
public:
    explicit RandomKeyTask(std::vector<PartitionId> order) : order_(std::move(order)) {}

    void begin(Parts& parts) override { ask(parts); }

    void answered(Parts& parts, std::size_t, std::string_view reply, NodeId) override {
        --open_;
        const bool is_null = reply == "_\r\n";
        if (!is_null && found_.empty()) found_ = reply;
        if (open_ == 0 && found_.empty()) ask(parts);
    }

    [[nodiscard]] bool is_done() const override { return open_ == 0; }

    void write(Reply& reply) override {
        if (found_.empty()) return reply.null();
        append_reply(reply, found_);
    }

    [[nodiscard]] std::size_t memory_bytes() const override {
        return sizeof *this + order_.size() * sizeof(PartitionId) + found_.size();
    }

private:
    static constexpr std::size_t at_once = 16;

    void ask(Parts& parts) {
        const std::string_view args[] = {"RANDOMKEY"};
        for (; open_ < at_once && next_ < order_.size(); ++next_) {
            ++open_;
            parts.add(0, {.partition = order_[next_]}, false, args);
        }
    }

    std::vector<PartitionId> order_;
    std::size_t next_ = 0;
    std::size_t open_ = 0;
    std::string found_;  // RESP3; a key, or an error
};

std::unique_ptr<Task> random_key_task(Call& call) {
    auto order = partitions_meant(call);
    if (order.empty()) {
        call.reply.null();
        return nullptr;
    }
    Rng rng(static_cast<std::uint64_t>(to_us(call.now)) ^ call.session.about.commands);
    rng.shuffle(order);
    return std::make_unique<RandomKeyTask>(std::move(order));
}

// --------------------------------------------------------------------- FLUSHALL

// Each partition is asked to erase some of its keys until none is left of those that were there:
// one bounded operation after the other, however many they are. Whoever writes meanwhile does so
// before or after its key's turn.
class FlushTask final : public Task {
public:
    explicit FlushTask(std::vector<PartitionId> meant)
        : meant_(std::move(meant)), left_(meant_.size()) {}

    void begin(Parts& parts) override {
        for (std::size_t part = 0; part < meant_.size(); ++part) ask(parts, part, true, "0", "0");
    }

    void answered(Parts& parts, std::size_t part, std::string_view reply, NodeId) override {
        if (reply.starts_with('-')) {
            has_changed_ = has_changed_ || reply.starts_with("-UNKNOWN");
            if (error_.empty()) error_ = reply.substr(1, reply.find_first_of("\r\n") - 1);
            --left_;
            return;
        }
        has_changed_ = true;
        const auto at = next_of(reply);
        if (!at || !error_.empty()) {
            --left_;
        } else {
            ask(parts, part, false, at->order, at->cursor);
        }
    }

    [[nodiscard]] bool is_done() const override { return left_ == 0; }
    [[nodiscard]] std::size_t memory_bytes() const override {
        return sizeof *this + meant_.size() * sizeof(PartitionId) + error_.size();
    }

    void write(Reply& reply) override {
        if (error_.empty()) return reply.ok();
        if (!has_changed_) return reply.error(error_);
        const std::size_t code = error_.find(' ');
        reply.error(error_.substr(0, code) +
                    " some keys are gone and others are left; a partition answered:" +
                    (code == std::string::npos ? " nothing" : error_.substr(code)));
    }

private:
    static constexpr std::string_view keys_at_once = "2000";  // a few milliseconds

    struct Place {
        std::string order;
        std::string cursor;
    };

    // Nothing: it is done.
    static std::optional<Place> next_of(std::string_view reply) {
        if (command::take_aggregate(reply) != 2) return std::nullopt;
        const auto order = command::take_reply(reply);
        const auto cursor = command::take_reply(reply);
        if (!order || !cursor) return std::nullopt;
        return Place{std::string(command::bulk_of(*order).value_or("0")),
                     std::string(command::bulk_of(*cursor).value_or("0"))};
    }

    void ask(Parts& parts, std::size_t part, bool first, std::string_view order,
             std::string_view cursor) {
        const std::string_view args[] = {"FLUSHALL", "FROM", order, cursor, "COUNT", keys_at_once};
        parts.add_step(part, {.partition = meant_[part]}, first, args);
    }

    std::vector<PartitionId> meant_;
    std::size_t left_;          // partitions that are not done
    bool has_changed_ = false;  // or may have
    std::string error_;         // the first, without its '-' and its end
};

std::unique_ptr<Task> flush_task(Call& call, std::vector<PartitionId> meant) {
    const auto is_good = [](std::string_view arg) {
        return is_word(arg, "SYNC") || is_word(arg, "ASYNC");
    };
    if (call.args.size() > 2 || (call.args.size() == 2 && !is_good(call.args[1]))) {
        call.reply.error("ERR syntax error");
        return nullptr;
    }
    return std::make_unique<FlushTask>(std::move(meant));
}

// --------------------------------------------------------------------- keys of a slot

// CLUSTER COUNTKEYSINSLOT and GETKEYSINSLOT: the slot's partition alone has its keys.
std::unique_ptr<Task> slot_task(Call& call) {
    const auto slot = to_integer(call.args[2]);
    const bool is_slot = slot && *slot >= 0 && *slot < std::int64_t{slot_count};
    // Where it is none, any partition says so.
    const PartitionId partition =
        call.front.partition_of(is_slot ? static_cast<std::uint32_t>(*slot) : 0);
    return std::make_unique<MergeTask>(Merging::alone, false, std::vector{partition}, call.args);
}

}  // namespace

std::unique_ptr<Task> keyspace_task(Call& call, const command::CommandInfo& info) {
    // All partitions are asked with them.
    const auto is_long = [](std::string_view arg) { return arg.size() > argument_max; };
    if (std::ranges::any_of(call.args, is_long)) {
        call.reply.error(command::long_pattern);
        return nullptr;
    }
    if (info.name == "scan") return scan_task(call);
    if (info.name == "randomkey") return random_key_task(call);
    if (info.name.starts_with("cluster|")) return slot_task(call);
    auto meant = partitions_meant(call);
    const bool is_keys = info.name == "keys";
    const bool is_size = info.name == "dbsize";
    if (meant.empty()) {
        if (is_keys) {
            call.reply.array(0);
        } else if (is_size) {
            call.reply.integer(0);
        } else {
            call.reply.ok();
        }
        return nullptr;
    }
    if (!is_keys && !is_size) return flush_task(call, meant);
    return std::make_unique<MergeTask>(is_keys ? Merging::join : Merging::sum, false,
                                       std::move(meant), call.args);
}

}  // namespace grapevine::resp
