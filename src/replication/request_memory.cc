#include "replication/request_memory.h"

#include <algorithm>
#include <utility>

#include "replication/partition_log.h"

namespace grapevine {

namespace {

constexpr std::size_t places_min = 8;

}  // namespace

// --- the table ---

RequestMemory::Known& RequestMemory::add(ClientId client) {
    const bool is_full = (table_.size() + 1) * 4 > table_.places() * 3;
    if (is_full) rebuild(std::max(places_min, 2 * table_.places()));
    const auto place = static_cast<Place>(table_.locate(client));
    table_.insert(place, Known{.client = client});
    link_last(place);
    return table_[place];
}

// In the order of the list, which stays the same.
void RequestMemory::rebuild(std::size_t places) {
    const std::vector<Known> old = table_.exchange_places(places);
    Place place = std::exchange(first_, nowhere);
    last_ = nowhere;
    while (place != nowhere) {
        const Known& known = old[place];
        const auto to = static_cast<Place>(table_.locate(known.client));
        table_.insert(to, known);
        link_last(to);
        place = known.after;
    }
}

// Out of the list already.
void RequestMemory::remove(Place place) {
    table_.erase(place, [this](std::size_t, std::size_t to) { relink(static_cast<Place>(to)); });
    const bool is_spacious = table_.places() > places_min && table_.size() * 8 < table_.places();
    if (is_spacious) rebuild(table_.places() / 2);
}

// --- the list ---

void RequestMemory::link_last(Place place) {
    Known& known = table_[place];
    known.before = last_;
    known.after = nowhere;
    (last_ == nowhere ? first_ : table_[last_].after) = place;
    last_ = place;
}

// Its neighbours hear where it is now.
void RequestMemory::relink(Place place) {
    const Known& known = table_[place];
    (known.before == nowhere ? first_ : table_[known.before].after) = place;
    (known.after == nowhere ? last_ : table_[known.after].before) = place;
}

void RequestMemory::unlink(const Known& known) {
    (known.before == nowhere ? first_ : table_[known.before].after) = known.after;
    (known.after == nowhere ? last_ : table_[known.after].before) = known.before;
}

void RequestMemory::note_first() {
    if (first_ != nowhere) first_step_ = step_of(table_[first_].stamp_ms);
}

// --- answers ---

void RequestMemory::Known::put(std::size_t i, const Kept& kept) {
    sequences[i] = kept.sequence;
    statuses[i] = kept.answer.status;
    versions[i] = kept.answer.version;
    replies[i] = kept.reply;
}

std::size_t& RequestMemory::weight_of(std::string_view reply) {
    return is_long_reply(reply) ? long_weight_ : replies_weight_;
}

RequestMemory::Place RequestMemory::keep_reply(std::string_view reply) {
    if (reply.empty()) return 0;
    weight_of(reply) += reply_weight(reply);
    if (replies_free_.empty()) {
        replies_.emplace_back(reply);
        return static_cast<Place>(replies_.size());
    }
    const Place place = replies_free_.back();
    replies_free_.pop_back();
    replies_[place - 1] = reply;
    return place;
}

void RequestMemory::forget_reply(Place reply) {
    if (reply == 0) return;
    std::string& text = replies_[reply - 1];
    weight_of(text) -= reply_weight(text);
    text = std::string();  // its memory too
    replies_free_.push_back(reply);
    if (replies_free_.size() == replies_.size()) {
        replies_ = {};
        replies_free_ = {};
    }
}

std::string_view RequestMemory::reply_at(Place reply) const {
    return reply == 0 ? std::string_view() : std::string_view(replies_[reply - 1]);
}

ClientMemory::Remembered RequestMemory::remembered(const Kept& kept) const {
    return {kept.sequence, kept.answer, std::string(reply_at(kept.reply))};
}

void RequestMemory::forget_below_floor(Known& known) {
    std::size_t gone = 0;
    while (gone < known.count && known.sequences[gone] < known.floor) ++gone;
    if (gone > 0) {
        for (std::size_t i = 0; i < gone; ++i) forget_reply(known.replies[i]);
        for (std::size_t i = gone; i < known.count; ++i) known.put(i - gone, known.answer(i));
        known.count = static_cast<std::uint8_t>(known.count - gone);
        answers_ -= gone;
    }
    if (!known.has_earlier) return;
    Earlier& earlier = earlier_.at(known.client);
    answers_ -= earlier.size();
    const auto kept = earlier.lower_bound(known.floor);
    for (auto each = earlier.begin(); each != kept; ++each) forget_reply(each->second.reply);
    earlier.erase(earlier.begin(), kept);
    answers_ += earlier.size();
    known.has_earlier = !earlier.empty();
    if (earlier.empty()) earlier_.erase(known.client);
}

void RequestMemory::set_answer(Known& known, const Kept& answer) {
    std::size_t at = known.count;
    while (at > 0 && known.sequences[at - 1] > answer.sequence) --at;
    if (at > 0 && known.sequences[at - 1] == answer.sequence) {
        forget_reply(known.replies[at - 1]);
        return known.put(at - 1, answer);
    }
    if (known.count < Known::latest_max) {
        for (std::size_t i = known.count; i > at; --i) known.put(i, known.answer(i - 1));
        known.put(at, answer);
        ++known.count;
        ++answers_;
        return;
    }
    if (at == 0) return set_earlier(known, answer);
    // The first of the latest makes room.
    set_earlier(known, known.answer(0));
    for (std::size_t i = 0; i + 1 < at; ++i) known.put(i, known.answer(i + 1));
    known.put(at - 1, answer);
}

void RequestMemory::set_earlier(Known& known, const Kept& answer) {
    Earlier& earlier = earlier_[known.client];
    known.has_earlier = true;
    const auto [at, is_new] = earlier.try_emplace(answer.sequence, answer);
    if (is_new) {
        ++answers_;
        return;
    }
    forget_reply(at->second.reply);
    at->second = answer;
}

// --- the whole ---

void RequestMemory::record(const Op& op, Duration window) {
    if (op.client) {
        const std::size_t found = table_.empty() ? 0 : table_.locate(op.client);
        const bool is_new = table_.empty() || !table_[found].is_used();
        Known& known = is_new ? add(op.client) : table_[found];
        const auto place = static_cast<Place>(&known - &table_[0]);
        const bool is_later = step_of(known.stamp_ms) != step_of(op.stamp_ms);
        known.stamp_ms = op.stamp_ms;
        if (is_later && place != last_) {
            unlink(known);
            link_last(place);
        }
        if (is_later || first_ == last_) note_first();
        if (op.floor > known.floor) {
            known.floor = op.floor;
            forget_below_floor(known);
        }
        const bool counts = op.sequence != 0 && op.sequence >= known.floor;
        if (counts) {
            const Place reply = op.more ? keep_reply(op.more->reply) : 0;
            set_answer(known, {op.sequence, op.answer, reply});
        }
    }
    forget_idle(op.stamp_ms - to_ms(window));
}

void RequestMemory::forget_idle(std::int64_t horizon_ms) {
    while (first_ != nowhere && horizon_ms >= 0 && first_step_ < step_of(horizon_ms)) {
        const Place place = first_;
        const Known& longest_idle = table_[place];
        answers_ -= longest_idle.count;
        for (std::size_t i = 0; i < longest_idle.count; ++i) forget_reply(longest_idle.replies[i]);
        if (longest_idle.has_earlier) {
            const Earlier& earlier = earlier_.at(longest_idle.client);
            answers_ -= earlier.size();
            for (const auto& [sequence, kept] : earlier) forget_reply(kept.reply);
            earlier_.erase(longest_idle.client);
        }
        unlink(longest_idle);
        remove(place);
        note_first();
    }
    if (table_.empty() && table_.places() > 0) table_ = ProbedTable<Known>(table_.seed());
}

RequestMemory::Found RequestMemory::find(ClientId client, std::uint64_t sequence) const {
    if (table_.empty()) return {};
    const Known& known = table_[table_.locate(client)];
    if (!known.is_used()) return {};
    Found found{.floor = known.floor, .answer = {}};
    for (std::size_t i = known.count; i-- > 0;) {
        if (known.sequences[i] != sequence) continue;
        found.answer = known.answer(i).answer;
        found.reply = reply_at(known.replies[i]);
        return found;
    }
    if (known.has_earlier) {
        const Earlier& earlier = earlier_.at(client);
        const auto at = earlier.find(sequence);
        if (at != earlier.end()) {
            found.answer = at->second.answer;
            found.reply = reply_at(at->second.reply);
        }
    }
    return found;
}

std::size_t RequestMemory::long_weight(ClientId client, std::uint64_t from) const {
    if (long_weight_ == 0 || table_.empty()) return 0;
    const Known& known = table_[table_.locate(client)];
    std::size_t sum = 0;
    const auto add = [&](const Kept& kept) {
        const std::string_view reply = reply_at(kept.reply);
        if (kept.sequence >= from && is_long_reply(reply)) sum += reply_weight(reply);
    };
    for (std::size_t i = 0; i < known.count; ++i) add(known.answer(i));
    if (!known.has_earlier) return sum;
    for (const auto& [sequence, kept] : earlier_.at(client)) add(kept);
    return sum;
}

std::optional<std::int64_t> RequestMemory::forgets_at_ms(Duration window) const {
    if (first_ == nowhere) return std::nullopt;
    return (first_step_ + 1) * step_ms + to_ms(window);
}

std::vector<ClientMemory> RequestMemory::all() const {
    std::vector<ClientMemory> all;
    all.reserve(table_.size());
    for (Place place = first_; place != nowhere; place = table_[place].after) {
        const Known& known = table_[place];
        ClientMemory memory{known.client, known.floor, known.stamp_ms, {}};
        if (known.has_earlier) {
            for (const auto& [sequence, kept] : earlier_.at(known.client)) {
                memory.answers.push_back(remembered(kept));
            }
        }
        for (std::size_t i = 0; i < known.count; ++i) {
            memory.answers.push_back(remembered(known.answer(i)));
        }
        all.push_back(std::move(memory));
    }
    return all;
}

void RequestMemory::restore(const std::vector<ClientMemory>& clients) {
    clear();
    for (const ClientMemory& memory : clients) {
        const bool is_known = !table_.empty() && table_[table_.locate(memory.client)].is_used();
        if (is_known) continue;
        Known& known = add(memory.client);
        known.floor = memory.floor;
        known.stamp_ms = memory.stamp_ms;
        for (const ClientMemory::Remembered& answer : memory.answers) {
            if (answer.sequence == 0) continue;
            set_answer(known, {answer.sequence, answer.answer, keep_reply(answer.reply)});
        }
    }
    note_first();
}

void RequestMemory::clear() {
    *this = RequestMemory(table_.seed());
}

}  // namespace grapevine
