#include "runtime/inbound.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "runtime/clock.h"

namespace grapevine {

Inbound::Inbound(Loop& loop, Outbox& outbox, Logger& log, Events events, InboundLimits limits)
    : loop_(loop), outbox_(outbox), log_(log), events_(std::move(events)), limits_(limits) {}

void Inbound::accept(uv_stream_t* listener) {
    auto frames = std::make_unique<FrameLink>(loop_, outbox_, *this);
    if (const int error = frames->stream().accept(listener); error != 0) {
        log_.log(LogLevel::warning, "a connection could not be accepted: {}", uv_strerror(error));
        graveyard_.push_back(std::move(frames));
        return;
    }
    const ConnectionId id{++last_id_};
    const Time now = boot_time();
    ids_[frames.get()] = id;
    Connection& connection = connections_[id];
    connection.frames = std::move(frames);
    connection.opened_at = now;
    connection.stranger = strangers_.insert(strangers_.end(), id);
    if (strangers_.size() > limits_.strangers_max) drop(strangers_.front());
    if (sweep_at_ == never) sweep_at_ = now + limits_.sweep_period;
}

ConnectionId Inbound::id_of(const FrameLink& frames) const {
    const auto found = ids_.find(&frames);
    ASSERT(found != ids_.end());
    return found->second;
}

void Inbound::before_frame(FrameLink& frames) {
    const ConnectionId id = id_of(frames);
    Connection& connection = connections_.at(id);
    if (connection.hello && is_spent(slice_of(connection))) turn_away(id, connection);
}

void Inbound::frame(FrameLink& frames, const Frame& frame) {
    const ConnectionId id = id_of(frames);
    Connection& connection = connections_.at(id);
    touch(connection);
    if (!connection.hello) {
        on_hello(id, connection, frame);
    } else if (connection.is_client()) {
        on_client(id, connection, frame);
    } else {
        on_peer(id, connection, frame);
    }
}

void Inbound::on_hello(ConnectionId id, Connection& connection, const Frame& frame) {
    if (frame.kind != FrameKind::hello) {
        return refuse(id, "a connection begins with a hello, and this one did not");
    }
    const auto hello = decode_hello(frame.payload);
    if (!hello) return refuse(id, hello.error().message);
    const auto welcome = check_hello(*hello, protocol_version, events_.cluster(), events_.parent());
    if (!welcome) return refuse(id, welcome.error().message);
    connection.hello = *hello;
    if (!connection.is_client()) no_stranger(connection);
}

void Inbound::touch(Connection& connection) {
    if (!connection.stranger) return;
    strangers_.splice(strangers_.end(), strangers_, *connection.stranger);
}

void Inbound::no_stranger(Connection& connection) {
    if (connection.stranger) strangers_.erase(*connection.stranger);
    connection.stranger.reset();
}

void Inbound::on_peer(ConnectionId id, Connection& connection, const Frame& frame) {
    if (frame.kind != FrameKind::peer) {
        return refuse(id, "a peer's link carries frames of peers, and this one does not");
    }
    if (peers_.began == never) peers_.began = boot_time();
    const auto envelope = decode_envelope(frame.payload);
    if (!envelope) return refuse(id, envelope.error().message);
    if (envelope->from != connection.hello->from) {
        return refuse(id, "a peer's link carries what that peer says, and this is another's");
    }
    events_.envelope(*envelope);
    if (++envelopes_in_batch_ < limits_.messages_per_batch) return;
    envelopes_in_batch_ = 0;
    events_.batch_full();
}

void Inbound::on_client(ConnectionId id, Connection& connection, const Frame& frame) {
    if (frame.kind != FrameKind::client) {
        return refuse(id, "a client's connection carries a client's frames, and this one does not");
    }
    if (clients_.began == never) clients_.began = boot_time();
    auto message = decode_client_message(frame.payload);
    if (!message) return refuse(id, message.error().message);
    const auto* request = std::get_if<Request>(&*message);
    if (request != nullptr && request->kind != OperationKind::get) {
        connection.writes = true;
        if (held_) watched_.insert(id);
    }
    events_.client_message(id, std::move(*message));
    if (++requests_in_batch_ < connection.batch) return;
    requests_in_batch_ = 0;
    events_.batch_full();
    // It may have written, and so found out that clients are gone: this one too.
    if (connections_.contains(id)) after_batch(id, connection);
}

void Inbound::after_batch(ConnectionId id, Connection& connection) {
    if (connection.frames->stream().queued() <= limits_.client_queue_pause) {
        connection.batch = std::min(2 * connection.batch, limits_.messages_per_batch);
        return;
    }
    connection.batch = 1;
    connection.paused = true;
    connection.frames->pause();
    watched_.insert(id);
}

bool Inbound::is_spent(const Slice& slice) const {
    return slice.began != never && boot_time() - slice.began > limits_.turn_budget;
}

void Inbound::turn_away(ConnectionId id, Connection& connection) {
    if (std::exchange(connection.turned_away, true)) return;
    slice_of(connection).turned_away.push_back(id);
    connection.frames->pause();
}

// Those that came to wait first come first, as far as the time goes.
void Inbound::let_in_again(Slice& slice) {
    slice.began = boot_time();
    for (std::size_t waiting = slice.turned_away.size(); waiting > 0 && !is_spent(slice);
         --waiting) {
        const ConnectionId id = slice.turned_away.front();
        slice.turned_away.pop_front();
        const auto found = connections_.find(id);
        if (found == connections_.end()) continue;
        found->second.turned_away = false;
        if (!found->second.paused) found->second.frames->resume();
    }
    slice.began = never;
}

void Inbound::garbled(FrameLink& frames, const std::string& why) {
    refuse(id_of(frames), why);
}

void Inbound::refuse(ConnectionId id, const std::string& why) {
    Connection& connection = connections_.at(id);
    const bool known_client = connection.is_client();
    log_.log(known_client ? LogLevel::info : LogLevel::warning, "a {} is refused: {}",
             !connection.hello ? "connection"
             : known_client    ? "client"
                               : "peer",
             why);
    if (known_client) {
        connection.frames->send(ServerMessage{ErrorReply{why}});
    } else {
        connection.frames->send(Refusal{why});
    }
    connection.finishing_since = boot_time();
    connection.frames->finish();
}

void Inbound::ended(FrameLink& frames, int) {
    drop(id_of(frames));
}

void Inbound::drop(ConnectionId id) {
    const auto found = connections_.find(id);
    ASSERT(found != connections_.end());
    Connection connection = std::move(found->second);
    no_stranger(connection);
    connections_.erase(found);
    ids_.erase(connection.frames.get());
    watched_.erase(id);
    connection.frames->close();
    graveyard_.push_back(std::move(connection.frames));
    if (!connection.hello) return;
    if (connection.is_client()) {
        events_.client_closed(id);
    } else {
        events_.peer_hung_up(connection.hello->address);
    }
}

void Inbound::answer(ConnectionId id, const ServerMessage& message) {
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    FrameLink& frames = *found->second.frames;
    watched_.insert(id);
    touch(found->second);
    const auto* reply = std::get_if<Reply>(&message);
    const bool full = frames.stream().queued() > limits_.client_queue_busy ||
                      all_queued_ > limits_.all_queues_busy;
    if (reply != nullptr && !reply->value.empty() && full) {
        // A get changes nothing, so it may be refused even now.
        frames.send(ServerMessage{Reply{.sequence = reply->sequence,
                                        .status = Status::busy,
                                        .version = {},
                                        .epoch = reply->epoch,
                                        .stamp_ms = reply->stamp_ms,
                                        .value = {}}});
        return;
    }
    const std::size_t before = frames.stream().queued();
    frames.send(message);
    all_queued_ += frames.stream().queued() - before;
}

void Inbound::hold_writers(bool hold) {
    if (hold == held_) return;
    held_ = hold;
    for (auto& [id, connection] : connections_) {
        if (connection.writes) watched_.insert(id);
        if (!hold) connection.writes = false;
    }
}

bool Inbound::keep_in_bounds(ConnectionId id) {
    Connection& connection = connections_.at(id);
    const std::size_t queued = connection.frames->stream().queued();
    if (queued > limits_.client_queue_max) {
        log_.log(LogLevel::warning, "a client reads no answers: closed with {} bytes queued",
                 queued);
        drop(id);
        return false;
    }
    std::size_t bound =
        connection.paused ? limits_.client_queue_resume : limits_.client_queue_pause;
    if (crowded_since_ != never) bound = 0;
    const bool pause = (held_ && connection.writes) || queued > bound;
    const bool was_paused = std::exchange(connection.paused, pause);
    if (pause && !was_paused) connection.frames->pause();
    // What had arrived is handed out in its turn; that may fill the queue, and pause, again.
    if (!pause && was_paused) turn_away(id, connection);
    return connection.paused || queued > 0;
}

void Inbound::check_limits(Time now, bool overloaded) {
    requests_in_batch_ = 0;
    all_queued_ = 0;
    for (const ConnectionId id : watched_) {
        all_queued_ += connections_.at(id).frames->stream().queued();
    }
    const bool crowded = all_queued_ > limits_.all_queues_pause;
    crowded_since_ = crowded ? std::min(crowded_since_, now) : never;
    hold_writers(overloaded);
    const std::vector<ConnectionId> watched(watched_.begin(), watched_.end());
    for (const ConnectionId id : watched) {
        if (!keep_in_bounds(id)) watched_.erase(id);
    }
    let_in_again(peers_);
    let_in_again(clients_);
    if (now >= sweep_at_) sweep(now);
    graveyard_.clear();
}

void Inbound::sweep(Time now) {
    std::vector<ConnectionId> late;
    std::size_t half_frames = 0;
    for (const auto& [id, connection] : connections_) {
        half_frames += connection.frames->begun_bytes();
        const bool silent = !connection.hello && now - connection.opened_at > limits_.patience;
        const bool waits = connection.paused || connection.turned_away;
        const bool stuck = !waits && connection.frames->is_stuck(now, limits_.patience);
        const bool gone = connection.finishing_since.value_or(now) < now - limits_.goodbye;
        if (silent || stuck || gone) late.push_back(id);
    }
    for (const ConnectionId id : late) {
        log_.log(LogLevel::debug, "an unfinished connection is closed");
        drop(id);
    }
    if (half_frames > limits_.half_frames_max) close_largest_half_frame();
    if (crowded_since_ != never && now - crowded_since_ > limits_.all_queues_patience) {
        close_largest_queues();
    }
    sweep_at_ = connections_.empty() ? never : now + limits_.sweep_period;
}

void Inbound::close_largest_half_frame() {
    const auto largest = std::ranges::max_element(
        connections_, {}, [](const auto& item) { return item.second.frames->begun_bytes(); });
    log_.log(LogLevel::warning, "too many half frames: a connection with {} bytes is closed",
             largest->second.frames->begun_bytes());
    drop(largest->first);
}

// Who reads least keeps most waiting. Down to where clients are read again for a while.
void Inbound::close_largest_queues() {
    std::vector<std::pair<std::size_t, ConnectionId>> queues;
    for (const ConnectionId id : watched_) {
        const std::size_t queued = connections_.at(id).frames->stream().queued();
        if (queued > 0) queues.emplace_back(queued, id);
    }
    std::ranges::sort(queues, std::greater{});
    for (const auto& [queued, id] : queues) {
        if (all_queued_ <= limits_.all_queues_pause / 2) return;
        log_.log(LogLevel::warning,
                 "answers to clients pile up: one is closed that left {} bytes unread", queued);
        all_queued_ -= std::min(all_queued_, queued);
        drop(id);
    }
}

}  // namespace grapevine
