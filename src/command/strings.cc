#include "command/handlers.h"

namespace grapevine::command {

void get(Call& call) {
    const auto entry = call.keys.find(call[1]);
    entry ? call.reply.bulk(entry->value) : call.reply.null();
}

}  // namespace grapevine::command
