// Commands of who shares the primary's process (replication/at_once.h).

#include <utility>

#include "base/limits.h"
#include "command/reply.h"
#include "replication/primary.h"
#include "replication/view.h"

namespace grapevine {

std::optional<AtOnce> Primary::execute(Scope& scope, const AtOnceCommand& command,
                                       command::Reply& reply) {
    if (scope.context.config.interpreter == nullptr || has_backlog_) return std::nullopt;
    return command.writes ? write_at_once(scope, command, reply)
                          : read_at_once(scope, command, reply);
}

// What was read was current at `now`, after it was asked for: it may be told at any time.
std::optional<AtOnce> Primary::read_at_once(const Scope& scope, const AtOnceCommand& command,
                                            command::Reply& reply) const {
    if (lease_until(scope) <= scope.now) return std::nullopt;
    View view(scope, View::Of::committed, command.key);
    scope.context.config.interpreter->execute(command.args, view, reply);
    const bool is_good =
        view.verdict() == Status::ok && view.expired().empty() && reply.size() <= outcome_size_max;
    if (!is_good) return std::nullopt;
    return AtOnce{.valid_until = never, .version = {}, .steps = view.steps()};
}

std::optional<AtOnce> Primary::write_at_once(Scope& scope, const AtOnceCommand& command,
                                             command::Reply& reply) {
    const Context& context = scope.context;
    if (!active() || (!peers_.empty() && !context.has(Bug::told_before_copied))) {
        return std::nullopt;
    }
    const Time valid_until = written_until(scope);
    if (valid_until <= scope.now) return std::nullopt;
    View view(scope, View::Of::ordered, command.key);
    context.config.interpreter->execute(command.args, view, reply);
    if (view.verdict() != Status::ok || reply.size() > outcome_size_max) return std::nullopt;
    Op op = op_of_nobody(scope, partition_time(scope.now));
    take_changes(view, op);
    if (limits_of(scope, op) != Status::ok) return std::nullopt;
    AtOnce done{.valid_until = valid_until, .version = {}, .steps = view.steps()};
    if (op.kind == OpKind::none) return done;
    done.version = op.version;
    // Alone in the write set it is committed at once.
    order(scope, std::move(op));
    return done;
}

}  // namespace grapevine
