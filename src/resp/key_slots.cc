#include "resp/key_slots.h"

#include "base/hash.h"
#include "base/limits.h"

namespace grapevine::resp {

KeySlots slots_of(const command::CommandInfo& info, Args args) {
    KeySlots slots;
    bool first = true;
    command::for_each_key(info, args, [&](std::size_t at) {
        const std::uint32_t slot = slot_of_key(args[at]);
        if (first) {
            slots.first = slot;
            slots.first_key = args[at];
        }
        slots.differ = slots.differ || slot != slots.first;
        slots.too_long = slots.too_long || args[at].size() > key_size_max;
        first = false;
    });
    if (first) {
        slots.first_key = args[1];
        slots.first = slot_of_key(args[1]);
    }
    return slots;
}

}  // namespace grapevine::resp
