#include "command/handlers.h"

namespace grapevine::command {

void set(Call& call) {
    if (call.size() > 3) return call.reply.error(text::syntax);
    if (call.put(call[1], std::string(call[2]), 0)) call.reply.ok();
}

}  // namespace grapevine::command
