#include "bench/redis_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "base/hash.h"
#include "bench/exchange.h"
#include "bench/resp.h"
#include "bench/resp_dialect.h"

namespace grapevine::bench {

namespace {

constexpr Duration redis_patience = 120s;

Result<std::optional<std::string>> understand_resp(std::string_view bytes) {
    const auto reply = parse_resp(bytes);
    if (!reply) return std::unexpected(reply.error());
    if (!*reply) return std::nullopt;
    if ((*reply)->type == '-') return fail("{}", (*reply)->text);
    return std::string((*reply)->text);
}

// The first slot of a master.
std::size_t first_slot(std::size_t master, std::size_t masters) {
    return master * slot_count / masters;
}

}  // namespace

Result<std::unique_ptr<Target>> RedisTarget::start(Session& session, std::size_t masters,
                                                   std::size_t replicas_each) {
    std::unique_ptr<RedisTarget> target(new RedisTarget(session, masters, replicas_each));
    auto processes = Processes::begin(session);
    if (!processes) return std::unexpected(processes.error());
    target->processes_ = *std::move(processes);
    for (const auto step : {&RedisTarget::start_all, &RedisTarget::share_slots, &RedisTarget::join,
                            &RedisTarget::replicate}) {
        if (const auto done = (*target.*step)(); !done) {
            return fail("redis-server: {}", done.error().message);
        }
    }
    return target;
}

Result<void> RedisTarget::start_all() {
    const std::size_t count = masters_ * (1 + replicas_each_);
    const auto ports = free_ports(2 * count);
    if (!ports) return std::unexpected(ports.error());
    for (std::size_t i = 0; i < count; ++i) {
        servers_.push_back(
            {.address = on_loopback((*ports)[2 * i]), .bus_port = (*ports)[2 * i + 1]});
        if (const auto started = start_one(i); !started) return started;
    }
    for (std::size_t i = 0; i < count; ++i) {
        const auto up =
            try_until("an answer to PING", [&] { return call(i, {"PING"}).has_value(); });
        if (!up) return up;
    }
    version_ = field(0, {"INFO", "server"}, "redis_version");
    return {};
}

Result<void> RedisTarget::start_one(std::size_t index) {
    const std::string name = fmt::format("redis{}", index + 1);
    const auto folder = processes_->make_folder(name);
    if (!folder) return std::unexpected(folder.error());
    const Server& server = servers_[index];
    const auto pid = processes_->start(
        name, {redis_program, "--port", std::to_string(server.address.port), "--bind", "127.0.0.1",
               "--dir", *folder, "--save", "", "--appendonly", "no", "--cluster-enabled", "yes",
               "--cluster-port", std::to_string(server.bus_port), "--repl-diskless-sync-delay", "0",
               "--shutdown-timeout", "0"});
    if (!pid) return std::unexpected(pid.error());
    return {};
}

Result<void> RedisTarget::share_slots() {
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        // Otherwise the servers have to find out that they all began with the same epoch.
        const auto epoch = call(i, {"CLUSTER", "SET-CONFIG-EPOCH", std::to_string(i + 1)});
        if (!epoch) return std::unexpected(epoch.error());
    }
    for (std::size_t i = 0; i < masters_; ++i) {
        const auto shared =
            call(i, {"CLUSTER", "ADDSLOTSRANGE", std::to_string(first_slot(i, masters_)),
                     std::to_string(first_slot(i + 1, masters_) - 1)});
        if (!shared) return std::unexpected(shared.error());
    }
    return {};
}

Result<void> RedisTarget::join() {
    for (const Server& server : servers_ | std::views::drop(1)) {
        const auto met =
            call(0, {"CLUSTER", "MEET", "127.0.0.1", std::to_string(server.address.port),
                     std::to_string(server.bus_port)});
        if (!met) return std::unexpected(met.error());
    }
    return try_until("the cluster is whole", [&] { return whole(); });
}

bool RedisTarget::whole() {
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        const auto info = [&](std::string_view name) {
            return field(i, {"CLUSTER", "INFO"}, name);
        };
        if (info("cluster_state") != "ok") return false;
        if (info("cluster_known_nodes") != std::to_string(servers_.size())) return false;
    }
    return true;
}

Result<void> RedisTarget::replicate() {
    for (std::size_t i = masters_; i < servers_.size(); ++i) {
        const auto master = call(i % masters_, {"CLUSTER", "MYID"});
        if (!master) return std::unexpected(master.error());
        const auto told = call(i, {"CLUSTER", "REPLICATE", *master});
        if (!told) return std::unexpected(told.error());
    }
    return try_until("all replicas are linked", [&] {
        const auto all = std::views::iota(0UZ, servers_.size());
        return std::ranges::all_of(all, [&](std::size_t i) { return linked(i); }) && whole();
    });
}

// A replica that has all, a master with all of its replicas.
bool RedisTarget::linked(std::size_t index) {
    const auto info = [&](std::string_view name) {
        return field(index, {"INFO", "replication"}, name);
    };
    if (index >= masters_) return info("master_link_status") == "up";
    return info("role") == "master" && info("connected_slaves") == std::to_string(replicas_each_);
}

Result<std::string> RedisTarget::call(std::size_t index,
                                      std::initializer_list<std::string_view> words) {
    std::string question;
    append_resp(question, words);
    return exchange(session_, servers_[index].address, question, understand_resp);
}

std::string RedisTarget::field(std::size_t index, std::initializer_list<std::string_view> words,
                               std::string_view name) {
    const auto told = call(index, words);
    const std::string before = fmt::format("\n{}:", name);
    const std::string lines = "\n" + told.value_or("");
    const auto at = lines.find(before);
    if (at == std::string::npos) return {};
    const auto begin = at + before.size();
    return lines.substr(begin, lines.find('\r', begin) - begin);
}

Result<void> RedisTarget::try_until(const std::string& what, const std::function<bool()>& attempt) {
    return bench::try_until(session_, *processes_, redis_patience, what, attempt);
}

std::string RedisTarget::description() const {
    return fmt::format("Redis {} as a cluster, {} masters, {} replicas", version_, masters_,
                       masters_ * replicas_each_);
}

Routes RedisTarget::routes() const {
    Routes routes;
    for (std::size_t i = 0; i < masters_; ++i) {
        routes.nodes.push_back(servers_[i].address);
        routes.owner.resize(first_slot(i + 1, masters_), static_cast<std::uint16_t>(i));
    }
    return routes;
}

MakeDialect RedisTarget::dialect(std::string_view value, unsigned acks) {
    return [value, acks] { return std::make_unique<RespDialect>(value, acks); };
}

}  // namespace grapevine::bench
