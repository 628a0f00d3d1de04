#include "replication/fill_stream.h"

#include <algorithm>

namespace grapevine {

namespace {

// What one entry of RequestMemory::weight() takes in a message, some bytes more or less.
constexpr std::size_t remembered_bytes = 100;
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
    base_bytes_ = 1 + scope.replica.memory.weight() * remembered_bytes;
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

void FillStream::pump(Scope& scope) {
    Context& context = scope.context;
    while (started() && sent_ != fill_end && window_.size() < context.config.chunks_in_flight) {
        if (context.fill_in_flight[to_] >= context.config.fill_bytes_in_flight) {
            context.fill_starved[to_].insert(scope.replica.id);
            return;
        }
        if (!context.fill_pacer.due(scope.now)) {
            context.fill_paced.insert(scope.replica.id);
            return;
        }
        FillChunk chunk{.entry = scope.ref(), .session = session_, .from = sent_};
        std::size_t bytes = 0;
        const auto next =
            context.store.scan(scope.replica.id, cursor_of(sent_), context.config.chunk_bytes,
                               [&](const Record& record) {
                                   chunk.items.push_back({record.version, std::string(record.key),
                                                          std::string(record.value)});
                                   bytes += record.key.size() + record.value.size();
                               });
        chunk.to = sent_ = next.value_or(fill_end);
        window_.push_back({chunk.to, bytes, chunk.items.size()});
        context.fill_pacer.spend(scope.now, bytes);
        context.fill_in_flight[to_] += bytes;
        if (window_.size() == 1) resend_at_ = patience_from(scope);
        context.out.send(to_, std::move(chunk));
    }
    if (started() && window_.empty()) resend_at_ = never;
}

bool FillStream::acked(Scope& scope, FillPosition next) {
    if (next <= wanted_) return false;
    land_base(scope);
    wanted_ = next;
    // Beyond what this stream remembers to have sent: it was, before a rewind.
    sent_ = std::max(sent_, wanted_);
    while (!window_.empty() && window_.front().to <= wanted_) {
        land(scope, window_.front());
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
    sent_ = wanted_;
    for (const InFlight& chunk : window_) land(scope, chunk);
    window_.clear();
    resend_at_ = never;
}

void FillStream::resend(Scope& scope) {
    ++resends_;
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

void FillStream::land(Scope& scope, const InFlight& chunk) {
    std::size_t& in_flight = scope.context.fill_in_flight[to_];
    in_flight -= std::min(in_flight, chunk.bytes);
}

Time FillStream::patience_from(const Scope& scope) const {
    std::size_t bytes = 0;
    for (const InFlight& chunk : window_) bytes += chunk.bytes;
    return scope.now + resend_patience(scope.context.config, bytes, resends_);
}

}  // namespace grapevine
