#include "runtime/notes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"

namespace grapevine {

namespace {

// Several that take turns count as repeats too: a few addresses, two notes for each.
constexpr std::size_t told_max = 16;

}  // namespace

void Notes::add(const std::string& text) {
    const auto found = std::ranges::find(told_, text, &Told::text);
    if (found != told_.end()) {
        ++found->repeats;
        return;
    }
    tell_repeats();
    if (told_.size() == told_max) told_.pop_front();
    told_.push_back({text});
    print_(text);
}

void Notes::tell_repeats() {
    for (Told& told : told_) {
        if (told.repeats == 0) continue;
        print_(fmt::format("{} ({} more)", told.text, counted(told.repeats, "time")));
        told.repeats = 0;
    }
}

}  // namespace grapevine
