#include "replication/fill_stream.h"

#include <algorithm>

namespace grapevine {

void FillStream::send_base(Scope& scope) {
    const PartitionLog& log = scope.replica.log;
    scope.context.out.send(to_, FillChunk{.entry = scope.ref(),
                                          .session = session_,
                                          .number = 0,
                                          .last = false,
                                          .base = log.base(),
                                          .base_stamp_ms = log.base_stamp_ms(),
                                          .clients = scope.replica.memory.all(),
                                          .items = {}});
    resend_at_ = scope.now + scope.context.config.resend;
}

void FillStream::pump(Scope& scope) {
    Context& context = scope.context;
    while (started() && !exhausted_ && window_.size() < context.config.chunks_in_flight) {
        if (context.fill_in_flight[to_] >= context.config.fill_bytes_in_flight) {
            context.fill_starved[to_].insert(scope.replica.id);
            return;
        }
        FillChunk chunk{.entry = scope.ref(), .session = session_, .number = next_number_};
        std::size_t bytes = 0;
        const auto next = context.store.scan(
            scope.replica.id, cursor_, context.config.chunk_bytes, [&](const Record& record) {
                chunk.items.push_back(
                    {record.version, std::string(record.key), std::string(record.value)});
                bytes += record.key.size() + record.value.size();
            });
        chunk.last = !next.has_value();
        window_.push_back({next_number_, cursor_, bytes});
        context.fill_in_flight[to_] += bytes;
        exhausted_ = chunk.last;
        cursor_ = next.value_or(0);
        ++next_number_;
        if (window_.size() == 1) resend_at_ = scope.now + context.config.resend;
        context.out.send(to_, std::move(chunk));
    }
    if (started() && window_.empty()) resend_at_ = never;
}

bool FillStream::acked(Scope& scope, std::uint32_t next) {
    if (next <= next_wanted_ || next > next_number_) return false;
    next_wanted_ = next;
    while (!window_.empty() && window_.front().number < next) {
        land(scope, window_.front());
        window_.pop_front();
    }
    resend_at_ = window_.empty() ? never : scope.now + scope.context.config.resend;
    return true;
}

void FillStream::rewind(Scope& scope) {
    if (!started()) {
        resend_at_ = Time::min();
        return;
    }
    if (window_.empty()) return;
    next_number_ = window_.front().number;
    cursor_ = window_.front().cursor;
    exhausted_ = false;
    for (const InFlight& chunk : window_) land(scope, chunk);
    window_.clear();
    resend_at_ = never;
}

void FillStream::land(Scope& scope, const InFlight& chunk) {
    std::size_t& in_flight = scope.context.fill_in_flight[to_];
    in_flight -= std::min(in_flight, chunk.bytes);
}

}  // namespace grapevine
