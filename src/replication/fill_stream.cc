#include "replication/fill_stream.h"

#include <algorithm>
#include <set>

namespace grapevine {

namespace {

// What one entry of RequestMemory::weight() takes in a message, some bytes more or less.
constexpr std::size_t remembered_bytes = 100;
constexpr std::size_t long_reply_bytes = 64;  // of its long_weight()
// Until a base that waits for others to arrive is tried again.
constexpr Duration base_pause = 5ms;

// The store's beginning is cursor 0, which as a position is the base's.
std::uint64_t cursor_of(FillPosition position) {
    return position == fill_items ? 0 : position;
}

}  // namespace

void FillStream::send_base(Scope& scope) {
    std::size_t& in_flight = scope.context.base_in_flight[to_];
    if (base_bytes_ == 0 && in_flight >= scope.context.config.base_bytes_in_flight) {
        resend_at_ = scope.now + base_pause;
        return;
    }
    land_base(scope);
    base_bytes_ = 1 + scope.replica.memory.weight() * remembered_bytes +
                  scope.replica.memory.long_weight() * long_reply_bytes;
    in_flight += base_bytes_;
    const PartitionLog& log = scope.replica.log;
    const bool without_ids = scope.context.has(Bug::fill_without_ids);
    scope.context.out.send(to_, FillChunk{.entry = scope.ref(),
                                          .session = session_,
                                          .from = fill_base,
                                          .to = fill_items,
                                          .base = log.base(),
                                          .base_stamp_ms = log.base_stamp_ms(),
                                          .clients = without_ids ? std::vector<ClientMemory>{}
                                                                 : scope.replica.memory.all(),
                                          .items = {}});
    resend_at_ = scope.now + resend_patience(scope.context.config, in_flight, resends_++);
}

bool FillStream::must_wait(Scope& scope, bool moves) const {
    Context& context = scope.context;
    std::set<PartitionId>* queue = nullptr;
    if (context.fill_in_flight[to_] >= context.config.fill_bytes_in_flight) {
        queue = &context.fill_starved[to_];
    } else if (moves && !context.move_rest.due(scope.now)) {
        queue = &context.move_resting;
    } else if (!context.fill_pacer.due(scope.now)) {
        queue = &context.fill_paced;
    }
    if (queue != nullptr) queue->insert(scope.replica.id);
    return queue != nullptr;
}

void FillStream::pump(Scope& scope) {
    const bool moves = scope.entry.copies.size() >= scope.context.copies_possible;
    const std::size_t chunks_max = comparing_ ? 1 : scope.context.config.chunks_in_flight;
    while (started() && sent_ != fill_end && window_.size() < chunks_max) {
        if (must_wait(scope, moves)) break;
        std::optional<Piece> piece = lacking_piece(scope);
        if (!piece) piece = next_piece(scope);
        lacking_.reset();
        const std::size_t bytes_read = piece->bytes_read;
        send(scope, std::move(*piece));
        if (moves) {
            scope.context.move_rest.sent(scope.now, bytes_read, scope.context.config.chunk_bytes);
        }
    }
    if (started() && window_.empty()) resend_at_ = never;
}

FillStream::Piece FillStream::next_piece(const Scope& scope) const {
    // What lacks much is not asked about again.
    const bool compare = comparing_ && !lacking_;
    Piece piece{
        .chunk = {.entry = scope.ref(), .session = session_, .from = sent_, .compare = compare}};
    const auto next = scope.context.store.scan(
        scope.replica.id, cursor_of(sent_), scope.context.config.chunk_bytes,
        [&](const Record& record) {
            piece.chunk.items.push_back({record.version, std::string(record.key),
                                         compare ? std::string() : std::string(record.value),
                                         compare ? 0 : record.expires_ms});
            ++piece.keys;
            piece.bytes_read += record.key.size() + record.value.size();
        });
    piece.chunk.to = next.value_or(fill_end);
    return piece;
}

// What has been deleted since, the fill hears by the operation. Nothing: the values have grown
// beyond a chunk.
std::optional<FillStream::Piece> FillStream::lacking_piece(const Scope& scope) const {
    if (!lacking_) return std::nullopt;
    Piece piece{
        .chunk = {.entry = scope.ref(), .session = session_, .from = wanted_, .to = lacking_->to},
        .keys = lacking_->keys_in_range};
    for (const std::string& key : lacking_->keys) {
        const auto record = scope.context.store.find(scope.replica.id, key);
        if (!record) continue;
        if (piece.bytes_read > scope.context.config.chunk_bytes) return std::nullopt;
        piece.bytes_read += record->key.size() + record->value.size();
        piece.chunk.items.push_back({record->version, std::string(record->key),
                                     std::string(record->value), record->expires_ms});
    }
    return piece;
}

void FillStream::send(Scope& scope, Piece piece) {
    Context& context = scope.context;
    std::size_t bytes = 0;
    for (const FillItem& item : piece.chunk.items) bytes += item.key.size() + item.value.size();
    sent_ = piece.chunk.to;
    window_.push_back({piece.chunk.to, bytes, piece.keys, scope.now});
    context.fill_pacer.spend(scope.now, bytes);
    context.fill_in_flight[to_] += bytes;
    if (window_.size() == 1) resend_at_ = patience_from(scope);
    context.out.send(to_, std::move(piece.chunk));
}

bool FillStream::acked(Scope& scope, const FillAck& ack) {
    if (ack.next < wanted_) return false;
    comparing_ = ack.compares;
    if (ack.next == wanted_) {
        if (!started()) rewind(scope);  // the base came too early
        if (!started() || ack.lacks.empty()) return false;
        const std::size_t keys = window_.empty() ? ack.lacks.size() : window_.front().keys;
        land_window(scope);
        sent_ = wanted_;
        lacking_ = {ack.lacks_to, ack.lacks, keys};
        resends_ = 0;
        resend_at_ = never;
        return true;
    }
    land_base(scope);
    wanted_ = ack.next;
    lacking_.reset();
    // Beyond what this stream remembers to have sent: it was, before a rewind.
    sent_ = std::max(sent_, wanted_);
    while (!window_.empty() && window_.front().to <= wanted_) {
        land(scope, window_.front());
        measure(scope, window_.front());
        keys_there_ += window_.front().keys;
        window_.pop_front();
    }
    resends_ = 0;
    resend_at_ = window_.empty() ? never : patience_from(scope);
    return true;
}

void FillStream::rewind(Scope& scope) {
    if (!started()) {
        land_base(scope);
        resend_at_ = Time::min();
        resends_ = 0;
        return;
    }
    measured_from_ = std::max(measured_from_, sent_);
    sent_ = wanted_;
    lacking_.reset();
    land_window(scope);
    resend_at_ = never;
}

void FillStream::resend(Scope& scope) {
    ++resends_;
    if (!window_.empty()) {
        const Duration at_least = scope.now - window_.front().sent_at;
        scope.context.move_rest.late(scope.now, to_, at_least);
    }
    rewind(scope);
}

std::size_t FillStream::keys_left(const Scope& scope) const {
    const std::size_t keys = scope.context.store.count(scope.replica.id);
    return complete() ? 0 : keys - std::min(keys, keys_there_);
}

void FillStream::land_base(Scope& scope) {
    scope.context.base_in_flight[to_] -= base_bytes_;
    base_bytes_ = 0;
}

void FillStream::land_window(Scope& scope) {
    for (const InFlight& chunk : window_) land(scope, chunk);
    window_.clear();
}

void FillStream::land(Scope& scope, const InFlight& chunk) {
    std::size_t& in_flight = scope.context.fill_in_flight[to_];
    in_flight -= std::min(in_flight, chunk.bytes);
}

void FillStream::measure(Scope& scope, const InFlight& chunk) const {
    if (chunk.to <= measured_from_) return;
    scope.context.move_rest.acked(scope.now, to_, scope.now - chunk.sent_at);
}

Time FillStream::patience_from(const Scope& scope) const {
    std::size_t bytes = 0;
    for (const InFlight& chunk : window_) bytes += chunk.bytes;
    return scope.now + resend_patience(scope.context.config, bytes, resends_);
}

}  // namespace grapevine
