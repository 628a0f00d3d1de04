#include "runtime/inbound.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "runtime/clock.h"

namespace grapevine {

namespace {

// The clock is looked at once in so many messages, and after each that is larger than this.
constexpr std::size_t messages_between_looks = 8;
constexpr std::size_t large_message = 4096;
// Messages of a client that are handed in together.
constexpr std::size_t group_max = 16;
constexpr Duration crowded_reminder = 10s;

}  // namespace

Inbound::Inbound(Loop& loop, Outbox& outbox, Logger& log, Events events, InboundLimits limits)
    : loop_(loop), outbox_(outbox), log_(log), events_(std::move(events)), limits_(limits) {}

Inbound::Connection::Connection(Inbound& all, ConnectionId its_id)
    : inbound(all), id(its_id), frames(all.loop_, all.outbox_, *this), opened_at(boot_time()) {}

void Inbound::accept(uv_stream_t* listener) {
    auto made = std::make_unique<Connection>(*this, ConnectionId{last_id_ + 1});
    Connection& connection = *made;
    if (const int error = connection.frames.stream().accept(listener); error != 0) {
        log_.log(LogLevel::warning, "a connection could not be accepted: {}", uv_strerror(error));
        graveyard_.push_back(std::move(made));
        return;
    }
    ++last_id_;
    connections_.emplace(connection.id, std::move(made));
    connection.stranger = strangers_.insert(strangers_.end(), connection.id);
    if (sweep_at_ == never) sweep_at_ = connection.opened_at + limits_.sweep_period;
    if (strangers_.size() > limits_.strangers_max) make_room();
}

void Inbound::make_room() {
    if (const Time now = boot_time(); now >= crowded_said_at_ + crowded_reminder) {
        crowded_said_at_ = now;
        log_.log(LogLevel::warning,
                 "{} connections are open that are no peers', as many as may be: for each new one "
                 "the one that has been silent for longest is closed; where that is too few raise "
                 "the limit of open files (ulimit -n)",
                 limits_.strangers_max);
    }
    drop(*connections_.at(strangers_.front()));
}

void Inbound::before_frame(Connection& connection) {
    // A message that joins others waits for its turn with them (hand_in).
    if (!group_.empty() || !connection.has_begun()) return;
    if (is_spent(slice_of(connection))) turn_away(connection);
}

void Inbound::on_frame(Connection& connection, const Frame& frame) {
    touch(connection);
    if (!connection.hello) {
        on_hello(connection, frame);
    } else if (connection.is_client()) {
        on_client(connection, frame);
    } else {
        on_peer(connection, frame);
    }
}

void Inbound::on_hello(Connection& connection, const Frame& frame) {
    if (frame.kind != FrameKind::hello) {
        return refuse(connection, "a connection begins with a hello, and this one did not");
    }
    const auto hello = decode_hello(frame.payload);
    if (!hello) return refuse(connection, hello.error().message);
    const auto welcome =
        check_hello(*hello, protocol_version, events_.cluster(), events_.ancestors());
    if (!welcome) return refuse(connection, welcome.error().message);
    connection.hello = *hello;
    if (!connection.is_client()) no_stranger(connection);
}

void Inbound::touch(Connection& connection) {
    if (!connection.stranger || *connection.stranger == std::prev(strangers_.end())) return;
    strangers_.splice(strangers_.end(), strangers_, *connection.stranger);
}

void Inbound::no_stranger(Connection& connection) {
    if (connection.stranger) strangers_.erase(*connection.stranger);
    connection.stranger.reset();
}

void Inbound::watch(Connection& connection) {
    if (!std::exchange(connection.watched, true)) watched_.push_back(&connection);
}

void Inbound::on_peer(Connection& connection, const Frame& frame) {
    if (frame.kind != FrameKind::peer) {
        return refuse(connection, "a peer's link carries frames of peers, and this one does not");
    }
    if (peers_.began == never) peers_.began = boot_time();
    const auto envelope = decode_envelope(frame.payload);
    if (!envelope) return refuse(connection, envelope.error().message);
    if (envelope->from != connection.hello->from) {
        return refuse(connection,
                      "a peer's link carries what that peer says, and this is another's");
    }
    if (frame.payload.size() > large_message) peers_.until_looked = 0;
    events_.envelope(*envelope);
    if (++envelopes_in_batch_ < limits_.messages_per_batch) return;
    envelopes_in_batch_ = 0;
    events_.batch_full();
}

void Inbound::on_client(Connection& connection, const Frame& frame) {
    if (frame.kind != FrameKind::client) {
        return refuse(connection,
                      "a client's connection carries a client's frames, and this one does not");
    }
    if (clients_.began == never) clients_.began = boot_time();
    auto message = decode_client_message(frame.payload);
    if (!message) return refuse(connection, message.error().message);
    const auto* request = std::get_if<Request>(&*message);
    if (request != nullptr && !is_read(request->kind)) {
        connection.writes = true;
        if (held_) watch(connection);
    }
    group_.push_back(std::move(*message));
    const bool is_large = frame.payload.size() > large_message;
    if (is_large) clients_.until_looked = 0;
    if (is_large || group_.size() >= std::min(connection.batch, group_max)) hand_in(connection);
}

void Inbound::hand_in(Connection& connection) {
    if (group_.size() > 1) events_.prefetch(group_);
    const Time arrived = connection.frames.arrived();
    // Answers may have been written, and so it was found out that clients are gone: this one too.
    for (std::size_t i = 0; i < group_.size() && !connection.dropped; ++i) {
        if (i > 0 && (connection.paused || is_spent(clients_))) {
            const auto rest = std::next(group_.begin(), static_cast<std::ptrdiff_t>(i));
            connection.left.assign(std::move_iterator(rest), std::move_iterator(group_.end()));
            // Whoever is paused is turned away when it need not be any more (keep_in_bounds).
            if (!connection.paused) turn_away(connection);
            break;
        }
        const auto* const request = std::get_if<Request>(&group_[i]);
        const bool runs_program = request != nullptr && is_program(request->kind);
        events_.client_message(arrived, connection.id, std::move(group_[i]));
        if (runs_program) clients_.until_looked = 0;
        if (++requests_in_batch_ < connection.batch) continue;
        requests_in_batch_ = 0;
        events_.batch_full();
        if (!connection.dropped) after_batch(connection);
    }
    group_.clear();
}

bool Inbound::begin_text(Connection& connection) {
    if (!events_.text) return false;
    connection.text_client = events_.text(connection.id, connection.frames.stream().peer());
    return connection.text_client != nullptr;
}

void Inbound::on_text(Connection& connection, std::string_view bytes) {
    touch(connection);
    if (clients_.began == never) clients_.began = boot_time();
    if (bytes.size() > large_message) clients_.until_looked = 0;
    connection.text_client->received(bytes);
}

bool Inbound::next_text(Connection& connection) {
    if (clients_.began == never) clients_.began = boot_time();
    const std::size_t owed = connection.text_client->owed_bytes();
    const bool worked = connection.text_client->next(connection.frames.arrived());
    if (!connection.writes && connection.text_client->has_written()) {
        connection.writes = true;
        if (held_) watch(connection);
    }
    // It may have made much of a few bytes: the clock is looked at before more is done.
    if (connection.text_client->owed_bytes() > owed + large_message) clients_.until_looked = 0;
    if (worked || connection.paused || !connection.text_client->is_full()) return worked;
    connection.paused = true;
    connection.frames.pause();
    watch(connection);
    return false;
}

Inbound::Connection* Inbound::find_text(ConnectionId id) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return nullptr;
    Connection& connection = *found->second;
    const bool speaks = connection.text_client != nullptr && !connection.finishing;
    return speaks ? &connection : nullptr;
}

void Inbound::write(ConnectionId id, std::string bytes) {
    Connection* const connection = find_text(id);
    if (connection == nullptr) return;
    watch(*connection);
    touch(*connection);
    all_queued_ += bytes.size();
    connection->frames.stream().send(std::move(bytes));
    if (connection->frames.stream().queued() <= pause_bound(*connection)) return;
    // What else it was going to be answered is not piled up either.
    connection->text_client->hold(true);
    if (!std::exchange(connection->paused, true)) connection->frames.pause();
}

void Inbound::go_on(ConnectionId id) {
    Connection* const connection = find_text(id);
    if (connection == nullptr) return;
    // Where it is paused, check_limits() looks whether it still has to be.
    if (connection->paused) return watch(*connection);
    turn_away(*connection);
}

void Inbound::finish(ConnectionId id) {
    Connection* const connection = find_text(id);
    if (connection == nullptr) return;
    connection->finishing = true;
    connection->frames.finish();
}

void Inbound::hang_up(ConnectionId id) {
    if (Connection* const connection = find_text(id)) drop(*connection);
}

void Inbound::after_batch(Connection& connection) {
    // Answers were large: the clock is looked at before more is done.
    if (connection.frames.stream().queued() > large_message) clients_.until_looked = 0;
    if (connection.frames.stream().queued() <= limits_.client_queue_pause) {
        connection.batch = std::min(2 * connection.batch, limits_.messages_per_batch);
        return;
    }
    connection.batch = 1;
    connection.paused = true;
    connection.frames.pause();
    watch(connection);
}

bool Inbound::is_spent(Slice& slice) const {
    if (slice.began == never) return false;
    if (slice.until_looked > 0) {
        --slice.until_looked;
        return false;
    }
    slice.until_looked = messages_between_looks;
    if (boot_time() - slice.began <= limits_.turn_budget) return false;
    slice.until_looked = 0;  // it stays spent
    return true;
}

void Inbound::turn_away(Connection& connection) {
    if (std::exchange(connection.turned_away, true)) return;
    slice_of(connection).turned_away.push_back(connection.id);
    connection.frames.pause();
}

// Those that came to wait first come first, as far as the time goes.
void Inbound::let_in_again(Slice& slice) {
    if (!slice.turned_away.empty()) slice.began = boot_time();
    slice.until_looked = 0;
    for (std::size_t waiting = slice.turned_away.size(); waiting > 0 && !is_spent(slice);
         --waiting) {
        const ConnectionId id = slice.turned_away.front();
        slice.turned_away.pop_front();
        const auto found = connections_.find(id);
        if (found == connections_.end()) continue;
        Connection& connection = *found->second;
        connection.turned_away = false;
        if (connection.paused) continue;
        group_.swap(connection.left);
        hand_in(connection);
        // Whoever is turned away again, or paused, waits.
        if (!connection.dropped && !connection.turned_away && !connection.paused) {
            connection.frames.resume();
        }
    }
    slice.began = never;
}

void Inbound::refuse(Connection& connection, const std::string& why) {
    // What came before is answered before, as far as this turn's time goes.
    hand_in(connection);
    if (std::exchange(requests_in_batch_, 0) > 0) events_.batch_full();
    if (connection.dropped) return;
    const bool known_client = connection.is_client();
    log_.log(known_client ? LogLevel::info : LogLevel::warning, "a {} is refused: {}",
             !connection.hello ? "connection"
             : known_client    ? "client"
                               : "peer",
             why);
    if (known_client) {
        connection.frames.send(ServerMessage{ErrorReply{why}});
    } else {
        connection.frames.send(Refusal{why});
    }
    connection.finishing = true;
    connection.frames.finish();
}

void Inbound::drop(Connection& connection) {
    const auto found = connections_.find(connection.id);
    ASSERT(found != connections_.end());
    connection.dropped = true;
    no_stranger(connection);
    if (connection.watched) std::erase(watched_, &connection);
    connection.frames.close();
    graveyard_.push_back(std::move(found->second));
    connections_.erase(found);
    if (!connection.hello) return;  // nor does who speaks text matter to anybody else
    if (connection.is_client()) {
        events_.client_closed(connection.id);
    } else {
        events_.peer_hung_up(connection.hello->address);
    }
}

void Inbound::answer(ConnectionId id, const ServerMessage& message, bool is_of_read) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    Connection& connection = *found->second;
    FrameLink& frames = connection.frames;
    watch(connection);
    touch(connection);
    const auto* reply = std::get_if<Reply>(&message);
    const std::size_t before = frames.stream().queued();
    const bool full = before > limits_.client_queue_busy || all_queued_ > limits_.all_queues_busy;
    if (reply != nullptr && is_of_read && !reply->value.empty() && full) {
        frames.send(ServerMessage{Reply{.sequence = reply->sequence,
                                        .status = Status::busy,
                                        .version = {},
                                        .epoch = reply->epoch,
                                        .stamp_ms = reply->stamp_ms,
                                        .value = {}}});
        return;
    }
    const auto* ring = std::get_if<RingReply>(&message);
    if (ring != nullptr && ring->ring != nullptr) {
        frames.send_frame(frame_of(*ring));
    } else {
        frames.send(message);
    }
    all_queued_ += frames.stream().queued() - before;
}

// Thousands may be told the same ring, of which the bytes take a millisecond to make.
std::string_view Inbound::frame_of(const RingReply& reply) {
    if (told_ring_ != reply.ring) {
        told_ring_ = reply.ring;
        told_frame_ = encode(ServerMessage{reply});
    }
    return told_frame_;
}

void Inbound::hold_writers(bool hold) {
    if (hold == held_) return;
    held_ = hold;
    for (auto& [id, connection] : connections_) {
        if (connection->writes) watch(*connection);
        if (!hold) connection->writes = false;
    }
}

std::size_t Inbound::pause_bound(const Connection& connection) const {
    const bool is_text = connection.text_client != nullptr;
    const std::size_t pause = is_text ? limits_.text_queue_pause : limits_.client_queue_pause;
    const std::size_t resume = is_text ? limits_.text_queue_resume : limits_.client_queue_resume;
    const std::size_t bound = connection.paused ? resume : pause;
    if (crowded_since_ == never) return bound;
    return std::min(bound, connection.paused ? share_ / 2 : share_);
}

bool Inbound::keep_in_bounds(Connection& connection) {
    const std::size_t queued = connection.frames.stream().queued();
    const bool reads_slowly = queued > pause_bound(connection);
    if (connection.text_client != nullptr) connection.text_client->hold(reads_slowly);
    const bool is_full = connection.text_client != nullptr && connection.text_client->is_full();
    const bool pause = reads_slowly || is_full || (held_ && connection.writes);
    const bool was_paused = std::exchange(connection.paused, pause);
    if (pause && !was_paused) connection.frames.pause();
    // What had arrived is handed out in its turn; that may fill the queue, and pause, again.
    if (!pause && was_paused) turn_away(connection);
    return connection.paused || queued > 0;
}

void Inbound::look_at_queues(Time now) {
    all_queued_ = 0;
    std::size_t queues = 1;
    for (const Connection* connection : watched_) {
        const std::size_t queued = connection->frames.stream().queued();
        all_queued_ += queued;
        if (queued > 0) ++queues;
    }
    const bool crowded = all_queued_ > limits_.all_queues_pause;
    crowded_since_ = crowded ? std::min(crowded_since_, now) : never;
    share_ = limits_.all_queues_pause / queues;
    if (all_queued_ > limits_.all_queues_busy) close_largest_outputs(all_queued_);
}

void Inbound::check_limits(Time now, bool overloaded) {
    requests_in_batch_ = 0;
    look_at_queues(now);
    hold_writers(overloaded);
    drop_who_reads_nothing();
    std::erase_if(watched_, [&](Connection* connection) {
        connection->watched = keep_in_bounds(*connection);
        return !connection->watched;
    });
    let_in_again(peers_);
    let_in_again(clients_);
    if (now >= sweep_at_) sweep(now);
    graveyard_.clear();
}

void Inbound::drop_who_reads_nothing() {
    for (std::size_t i = watched_.size(); i-- > 0;) {
        Connection& connection = *watched_[i];
        const std::size_t queued = connection.frames.stream().queued();
        const bool is_text = connection.text_client != nullptr;
        if (queued <= (is_text ? limits_.text_queue_max : limits_.client_queue_max)) continue;
        log_.log(LogLevel::warning, "a client reads no answers: closed with {} bytes queued",
                 queued);
        drop(connection);
    }
}

void Inbound::sweep(Time now) {
    std::vector<Connection*> late;
    std::size_t half_frames = 0;
    std::size_t outputs = 0;
    for (const auto& [id, connection] : connections_) {
        half_frames += connection->input_bytes();
        outputs += connection->output_bytes();
        const bool may_wait = connection->has_begun() || events_.text;
        const bool silent = !may_wait && now - connection->opened_at > limits_.patience;
        const bool waits = connection->paused || connection->turned_away;
        const bool stuck = !waits && connection->frames.is_stuck(now, limits_.patience);
        if (silent || stuck || look_whether_gone(*connection, now))
            late.push_back(connection.get());
    }
    for (Connection* connection : late) {
        log_.log(LogLevel::debug, "an unfinished connection is closed");
        drop(*connection);
    }
    if (half_frames > limits_.half_frames_max) close_largest_half_frame();
    const bool too_long =
        crowded_since_ != never && now - crowded_since_ > limits_.all_queues_patience;
    if (too_long || outputs > limits_.all_queues_busy) close_largest_outputs(outputs);
    sweep_at_ = connections_.empty() ? never : now + limits_.sweep_period;
}

// Whoever still reads what was answered before the end has the time for it.
bool Inbound::look_whether_gone(Connection& connection, Time now) const {
    const bool is_over = connection.text_client != nullptr && connection.text_client->is_over();
    if (!connection.finishing && !is_over) return false;
    const std::size_t owed = connection.output_bytes();
    const bool reads = owed < std::exchange(connection.owed_then, owed);
    if (reads || !connection.ends_since) connection.ends_since = now;
    const Duration bound = owed > 0 ? limits_.patience : limits_.goodbye;
    return *connection.ends_since < now - bound;
}

void Inbound::close_largest_half_frame() {
    const auto largest = std::ranges::max_element(
        connections_, {}, [](const auto& item) { return item.second->input_bytes(); });
    log_.log(LogLevel::warning, "too many half frames: a connection with {} bytes is closed",
             largest->second->input_bytes());
    drop(*largest->second);
}

// Who reads least keeps most waiting. Down to where clients are read again for a while.
void Inbound::close_largest_outputs(std::size_t all) {
    std::vector<std::pair<std::size_t, Connection*>> outputs;
    for (const auto& [id, connection] : connections_) {
        const std::size_t bytes = connection->is_client() ? connection->output_bytes() : 0;
        if (bytes > 0) outputs.emplace_back(bytes, connection.get());
    }
    std::ranges::sort(outputs, std::greater{});
    for (const auto& [bytes, connection] : outputs) {
        if (all <= limits_.all_queues_pause / 2) return;
        log_.log(LogLevel::warning,
                 "answers to clients pile up: one is closed that left {} bytes unread", bytes);
        all -= std::min(all, bytes);
        drop(*connection);
    }
}

}  // namespace grapevine
