#include "command/handlers.h"

namespace grapevine::command {

void del(Call& call) {
    std::int64_t erased = 0;
    for (const std::string_view key : call.args.subspan(1)) erased += call.keys.erase(key) ? 1 : 0;
    call.reply.integer(erased);
}

}  // namespace grapevine::command
