#pragma once
// One key as a register: what it holds, and what each operation makes of it. The keys of a group on
// which programs run are one register too, which holds all their values. Internal to history/.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "history/program_model.h"
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
    // Of a group, what programs of unknown fate touched and nothing has observed: the sets of keys
    // (as Step::keys), each a bit. Moved behind what touches none of its keys such a program does
    // the same, so the next known operation touches some key of each.
    std::uint32_t unseen = 0;

    bool operator==(const Register&) const = default;
    [[nodiscard]] bool present() const { return value != 0; }
};

struct Step {
    const OperationRecord* record = nullptr;
    std::uint32_t value = 0;  // number of record->value; of a program, of its bytes
    Version told;             // record->version, or what readers of the value were told
    // Programs: a bit for each key, of five; keys may share one.
    std::uint32_t keys = 0;
    bool is_blind = false;  // is_blind_program()
};
inline constexpr std::uint32_t key_bits = 5;

// What a group can hold, by number; 0: nothing. Remembers what programs made of it.
class GroupStates {
public:
    GroupStates() { number_of({}); }

    struct Result {
        std::uint32_t state = 0;
        std::string reply;
    };
    // `program`: a number that the caller gave it.
    const Result& execute(std::uint32_t state, std::uint32_t program, const std::string& bytes);

private:
    std::uint32_t number_of(const ModelContents& contents);

    std::vector<ModelContents> states_;
    std::map<ModelContents, std::uint32_t> numbers_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, Result> results_;
};

// The register after the operation took effect; nothing where its answer does not fit.
std::optional<Register> apply(Register state, const Step& step, GroupStates& groups);

}  // namespace grapevine
