// CLUSTER: what clients ask to find out where keys are.

#include <algorithm>

#include "base/hash.h"
#include "resp/local.h"

namespace grapevine::resp {

namespace {

// False: the reply is the error.
bool has_ring(Call& call) {
    if (call.front.ring() != nullptr) return true;
    call.reply.error("CLUSTERDOWN The cluster is down");
    return false;
}

void cluster_info(Call& call) {
    if (has_ring(call)) call.reply.verbatim(call.front.cluster().info());
}

void cluster_myid(Call& call) {
    call.reply.bulk(node_name(call.front.config().self));
}

void cluster_myshardid(Call& call) {
    call.reply.bulk(shard_name(call.front.config().self));
}

void cluster_nodes(Call& call) {
    call.session.awareness.note_shown();
    if (has_ring(call)) call.reply.verbatim(call.front.cluster().nodes());
}

void cluster_slots(Call& call) {
    call.session.awareness.note_shown();
    if (has_ring(call)) call.reply.raw(call.front.cluster().slots(call.reply.protocol()));
}

void cluster_shards(Call& call) {
    call.session.awareness.note_shown();
    if (has_ring(call)) call.reply.raw(call.front.cluster().shards(call.reply.protocol()));
}

void cluster_keyslot(Call& call) {
    call.reply.integer(slot_of_key(call.args[2]));
}

std::string unknown_node(std::string_view name) {
    return "ERR Unknown node " + std::string(name);
}

void cluster_replicas(Call& call) {
    if (!has_ring(call)) return;
    const auto lines = call.front.cluster().replicas_of(call.args[2]);
    if (!lines) return call.reply.error(unknown_node(call.args[2]));
    call.reply.array(lines->size());
    for (const std::string& line : *lines) call.reply.bulk(line);
}

// Nobody reports: the members agree on who is out.
void cluster_count_failure_reports(Call& call) {
    if (!has_ring(call)) return;
    if (!call.front.cluster().is_member(call.args[2])) {
        return call.reply.error(unknown_node(call.args[2]));
    }
    call.reply.integer(0);
}

// There is no bus beside the links of members, which speak another protocol.
void cluster_links(Call& call) {
    call.reply.array(0);
}

constexpr LocalCommand commands_of_clusters[] = {
    {"cluster|info", cluster_info},
    {"cluster|myid", cluster_myid},
    {"cluster|myshardid", cluster_myshardid},
    {"cluster|nodes", cluster_nodes},
    {"cluster|slots", cluster_slots},
    {"cluster|shards", cluster_shards},
    {"cluster|keyslot", cluster_keyslot},
    {"cluster|replicas", cluster_replicas},
    {"cluster|slaves", cluster_replicas},
    {"cluster|count-failure-reports", cluster_count_failure_reports},
    {"cluster|links", cluster_links},
    {"cluster|help", write_help},
};

}  // namespace

std::span<const LocalCommand> cluster_commands() {
    return commands_of_clusters;
}

}  // namespace grapevine::resp
