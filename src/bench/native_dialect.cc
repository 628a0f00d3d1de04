#include "bench/native_dialect.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "wire/wire.h"

namespace grapevine::bench {

namespace {

constexpr std::uint32_t deadline_ms = 30'000;

std::string_view refusal_words(Status status) {
    switch (status) {
        case Status::not_found:
            return "a key was not found";
        case Status::not_primary:
            return "refused: not the primary";
        case Status::no_lease:
            return "refused: no lease";
        case Status::lapsed:
            return "refused: the lease ended";
        case Status::unavailable:
            return "refused: no copy is up";
        case Status::busy:
            return "refused: busy";
        case Status::below_floor:
            return "refused: answered before";
        case Status::full:
            return "refused: no memory is left";
        default:
            return "refused";
    }
}

}  // namespace

std::shared_ptr<NativeView> native_view(const Ring& ring) {
    return std::make_shared<NativeView>(NativeView{
        .epoch = ring.epoch, .stamps = std::vector<std::int64_t>(ring.table.size(), -1)});
}

NativeDialect::NativeDialect(std::shared_ptr<NativeView> view, ClientId client,
                             std::string_view value)
    : view_(std::move(view)), client_(client), value_(value) {}

void NativeDialect::greet(std::string& out) {
    append_frame(out, Hello{});
}

void NativeDialect::say(std::string& out, const Command& command) {
    form(command.put, command.key.size())
        .append(out, {.sequence = command.sequence,
                      .floor = command.floor,
                      .stamp_ms = stamp_of(command.slot),
                      .epoch = view_->epoch,
                      .key = command.key});
}

const RequestForm& NativeDialect::form(bool put, std::size_t key_size) {
    Forms& forms = put ? puts_ : gets_;
    if (forms.size() <= key_size) forms.resize(key_size + 1);
    auto& form = forms[key_size];
    if (form == nullptr) {
        form = std::make_unique<RequestForm>(
            Request{.client = client_,
                    .deadline_ms = deadline_ms,
                    .kind = put ? OperationKind::put : OperationKind::get,
                    .key = std::string(key_size, '?'),
                    .value = put ? std::string(value_) : ""});
    }
    return *form;
}

std::int64_t& NativeDialect::stamp_of(std::uint16_t slot) {
    const auto partitions = static_cast<std::uint32_t>(view_->stamps.size());
    return view_->stamps[partition_of_slot(slot, partitions).value];
}

Result<void> NativeDialect::hear(std::string_view bytes, Asker& asker) {
    reader_.feed(bytes);
    for (;;) {
        const auto frame = reader_.next();
        if (!frame) return std::unexpected(frame.error());
        if (!*frame) return {};
        if (const auto heard = hear(**frame, asker); !heard) return heard;
    }
}

Result<void> NativeDialect::hear(const Frame& frame, Asker& asker) {
    if (frame.kind == FrameKind::refusal) {
        const auto refusal = decode_refusal(frame.payload);
        return fail("{}", refusal ? refusal->message : refusal.error().message);
    }
    if (frame.kind != FrameKind::server) return fail("a frame that no client is sent");
    const auto reply = view_reply(frame.payload);
    if (!reply) return std::unexpected(reply.error());
    if (!*reply) return fail("an answer to what was not asked");
    const ReplyView& told = **reply;
    const Flight* const flight = asker.asked(told.sequence);
    if (flight == nullptr) return fail("an answer to no operation that is under way");
    const bool fresh = told.status == Status::bad_stamp;
    if (told.stamp_ms >= 0) {
        // A fresh one is right even where it is lower.
        std::int64_t& stamp = stamp_of(flight->key.slot);
        stamp = fresh ? told.stamp_ms : std::max(stamp, told.stamp_ms);
    }
    if (fresh) {
        asker.repeat(told.sequence);
    } else if (told.status != Status::ok) {
        asker.answered(told.sequence, refusal_words(told.status));
    } else {
        const bool whole = flight->put || told.value.size() == value_.size();
        asker.answered(told.sequence, whole ? "" : "a value of another size");
    }
    return {};
}

}  // namespace grapevine::bench
