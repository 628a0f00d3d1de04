#pragma once
// One key as a register: what it holds, and what each operation makes of it. Internal to history/.

#include <cstdint>
#include <optional>

#include "history/record.h"

namespace grapevine {

// The register: what the key holds, and the version of its last write.
struct Register {
    std::uint32_t value = 0;  // number of the value; 0: absent
    Version version;          // of the last write, or of the last one before it whose is known
    bool exact = true;        // false: the last write's own version was not told
    // The last operation was an unknown write that nothing has observed. Were it overwritten now,
    // it might as well never have taken effect: such orders are not tried.
    bool idle = false;

    bool operator==(const Register&) const = default;
    [[nodiscard]] bool present() const { return value != 0; }
};

struct Step {
    const OperationRecord* record = nullptr;
    std::uint32_t value = 0;  // number of record->value
    Version told;             // record->version, or what readers of the value were told
};

// The register after the operation took effect; nothing where its answer does not fit.
std::optional<Register> apply(Register state, const Step& step);

}  // namespace grapevine
