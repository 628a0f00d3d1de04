#include "runtime/farewell.h"

#include <utility>
#include <variant>

#include "runtime/clock.h"

namespace grapevine {

namespace {

constexpr Duration farewell_period = 20ms;
constexpr Duration farewell_answer = 500ms;

}  // namespace

Farewell::Farewell(Loop& loop, std::function<View()> view, std::function<void()> over)
    : loop_(loop),
      view_(std::move(view)),
      over_(std::move(over)),
      until_(boot_time() + farewell_max),
      alarm_(loop, Duration{}, farewell_period, [this] { look(); }) {}

void Farewell::look() {
    if (over_ == nullptr) return;
    const View view = view_();
    const bool have_answered = unanswered_ == 0 && all_know_;
    const bool is_known = have_answered && view.epoch == wanted_ && !view.ended_are_in;
    if (view.staying.empty() || is_known || boot_time() >= until_) {
        return std::exchange(over_, nullptr)();
    }
    if (view.ended_are_in || unanswered_ > 0) return;
    wanted_ = view.epoch;
    all_know_ = true;
    asks_.clear();
    unanswered_ = view.staying.size();
    for (const Address one : view.staying) {
        asks_.push_back(std::make_unique<Ask>(
            loop_, one, StatusRequest{}, farewell_answer,
            [this](const Result<ServerMessage>& answer) { answered(answer); }));
    }
}

void Farewell::answered(const Result<ServerMessage>& answer) {
    const auto* status = answer ? std::get_if<StatusReply>(&*answer) : nullptr;
    if (status == nullptr || status->epoch < wanted_) all_know_ = false;
    --unanswered_;
}

}  // namespace grapevine
