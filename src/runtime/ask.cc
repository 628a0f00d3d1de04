#include "runtime/ask.h"

#include <utility>

#include "runtime/clock.h"

namespace grapevine {

Ask::Ask(Loop& loop, Address peer, const ClientMessage& question, Duration timeout,
         Answered answered)
    : answered_(std::move(answered)),
      deadline_(boot_time() + timeout),
      turn_(loop, [this] { after_polling(); }),
      frames_(loop, outbox_, *this) {
    frames_.send(Hello{});  // a client that names no cluster
    frames_.send(question);
    dial_error_ = frames_.stream().dial(peer);
    turn_.again();
}

void Ask::after_polling() {
    if (over_) return;
    if (dial_error_ != 0) return finish(fail("{}", uv_strerror(dial_error_)));
    outbox_.flush_all();
    const Time now = boot_time();
    if (now >= deadline_) return finish(fail("no answer in time"));
    turn_.wake_at(now, deadline_);
}

void Ask::frame(FrameLink&, const Frame& frame) {
    if (frame.kind == FrameKind::refusal) {
        const auto refusal = decode_refusal(frame.payload);
        return finish(fail("{}", refusal ? refusal->message : refusal.error().message));
    }
    if (frame.kind != FrameKind::server) return finish(fail("it sends what no server sends"));
    finish(decode_server_message(frame.payload));
}

void Ask::garbled(FrameLink&, const std::string& why) {
    finish(fail("it is no server: {}", why));
}

void Ask::ended(FrameLink&, int error) {
    finish(fail("{}", uv_strerror(error)));
}

void Ask::finish(const Result<ServerMessage>& answer) {
    if (std::exchange(over_, true)) return;
    frames_.close();
    turn_.wake_at(boot_time(), never);
    answered_(answer);
}

}  // namespace grapevine
