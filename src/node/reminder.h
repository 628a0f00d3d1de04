#pragma once
// When to speak of what is wrong: once it has been so for a while without a break, and again and
// again while it stays so. Internal to node/.

#include "base/time.h"

namespace grapevine {

class Reminder {
public:
    constexpr Reminder(Duration patience, Duration period) : patience_(patience), period_(period) {}

    // Each time that it is looked at. True: it is to be said, now.
    bool look(Time now, bool wrong) {
        if (!wrong) {
            said_ = false;
            due_ = never;
            return false;
        }
        if (due_ == never) due_ = now + patience_;
        if (now < due_) return false;
        due_ = now + period_;
        said_ = true;
        return true;
    }
    // Since it became wrong: whoever hears of it should hear of its end too.
    [[nodiscard]] bool said() const { return said_; }

private:
    Duration patience_;
    Duration period_;
    Time due_ = never;  // never: nothing was wrong at the last look
    bool said_ = false;
};

}  // namespace grapevine
