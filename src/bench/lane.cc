#include "bench/lane.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "runtime/clock.h"

namespace grapevine::bench {

namespace {

// Of one operation that was not executed: then it has failed.
constexpr std::uint8_t repeats_max = 50;
constexpr std::size_t key_digits_max = 20;

}  // namespace

Lane::Lane(Loop& loop, Address node, std::size_t node_index, std::unique_ptr<Dialect> dialect,
           std::size_t depth, Lanes& all)
    : all_(all),
      node_(node),
      node_index_(node_index),
      depth_(depth),
      dialect_(std::move(dialect)),
      flights_(depth),
      key_text_(all.workload_.prefix),
      stream_(loop, outbox_, *this) {
    repeats_.reserve(depth);
    if (const int error = stream_.dial(node); error != 0) broke(uv_strerror(error));
}

void Lane::connected(Stream&) {
    dialect_->greet(out_);
    write();
}

void Lane::received(Stream&, std::string_view bytes) {
    read_at_ = boot_time();
    if (const auto heard = dialect_->hear(bytes, *this); !heard) {
        return broke(heard.error().message);
    }
    fill_up();
}

void Lane::fill_up() {
    if (flights_.count() == depth_ && repeats_.empty()) return;
    const Time now = boot_time();
    for (const std::uint64_t sequence : repeats_) say(*flights_.find(sequence));
    repeats_.clear();
    Lanes::Draw drawn;
    while (flights_.count() < depth_ && has_next() && all_.draw(node_index_, drawn)) {
        say(flights_.begin(take_next(now), drawn.key, drawn.put));
    }
    write();
}

// From when on the next operation counts.
Time Lane::take_next(Time now) {
    if (due_.empty()) return now;
    const Time due = due_.front();
    due_.pop_front();
    return due;
}

void Lane::write() {
    if (out_.empty()) return;
    stream_.send([&](std::string& block) { block += out_; });
    outbox_.flush_all();
    out_.clear();
}

void Lane::say(const Flight& flight) {
    dialect_->say(out_, {.sequence = flight.sequence,
                         .floor = flights_.floor_for(flight.sequence),
                         .put = flight.put,
                         .slot = flight.key.slot,
                         .key = key_text(flight.key)});
}

// As key_number() of a numbered key, without its string.
std::string_view Lane::key_text(Key key) {
    const std::size_t prefix = all_.workload_.prefix.size();
    key_text_.resize(prefix + key_digits_max);
    char* const digits = key_text_.data() + prefix;
    const char* const end = std::to_chars(digits, digits + key_digits_max, key.number).ptr;
    return {key_text_.data(), static_cast<std::size_t>(end - key_text_.data())};
}

const Flight* Lane::asked(std::uint64_t sequence) const {
    return flights_.find(sequence);
}

void Lane::answered(std::uint64_t sequence, std::string_view defect) {
    all_.completed(*flights_.find(sequence), read_at_, defect);
    flights_.end(sequence);
}

void Lane::repeat(std::uint64_t sequence) {
    Flight& flight = *flights_.find(sequence);
    if (flight.repeats++ == repeats_max) return answered(sequence, "not executed, again and again");
    repeats_.push_back(sequence);
}

void Lane::ended(Stream&, int error) {
    broke(uv_strerror(error));
}

void Lane::broke(std::string why) {
    stream_.pause_reading();
    if (all_.broken_.empty()) all_.broken_ = fmt::format("the connection to {}: {}", node_, why);
}

}  // namespace grapevine::bench
