#include "bench/etcd_target.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "bench/etcd_dialect.h"
#include "bench/exchange.h"
#include "bench/http.h"

namespace grapevine::bench {

namespace {

constexpr Duration etcd_patience = 60s;

std::string url(std::uint16_t port) {
    return fmt::format("http://127.0.0.1:{}", port);
}

Result<std::optional<std::string>> understand_http(std::string_view bytes) {
    std::string pieces;
    const auto reply = parse_http(bytes, pieces);
    if (!reply) return std::unexpected(reply.error());
    if (!*reply) return std::nullopt;
    return std::string((*reply)->body);
}

}  // namespace

Result<std::unique_ptr<Target>> EtcdTarget::start(Session& session, std::size_t servers) {
    std::unique_ptr<EtcdTarget> target(new EtcdTarget(session));
    auto processes = Processes::begin(session);
    if (!processes) return std::unexpected(processes.error());
    target->processes_ = *std::move(processes);
    if (const auto started = target->start_all(servers); !started) {
        return fail("etcd: {}", started.error().message);
    }
    return target;
}

Result<void> EtcdTarget::start_all(std::size_t servers) {
    const auto ports = free_ports(2 * servers);
    if (!ports) return std::unexpected(ports.error());
    const auto client_port = [&](std::size_t i) { return (*ports)[2 * i]; };
    const auto peer_port = [&](std::size_t i) { return (*ports)[2 * i + 1]; };
    std::string all;
    for (std::size_t i = 0; i < servers; ++i) {
        all += fmt::format("{}etcd{}={}", i == 0 ? "" : ",", i + 1, url(peer_port(i)));
    }
    for (std::size_t i = 0; i < servers; ++i) {
        servers_.push_back(on_loopback(client_port(i)));
        const std::string name = fmt::format("etcd{}", i + 1);
        const auto folder = processes_->make_folder(name);
        if (!folder) return std::unexpected(folder.error());
        const auto pid = processes_->start(
            name, {etcd_program, "--name", name, "--data-dir", *folder, "--listen-client-urls",
                   url(client_port(i)), "--advertise-client-urls", url(client_port(i)),
                   "--listen-peer-urls", url(peer_port(i)), "--initial-advertise-peer-urls",
                   url(peer_port(i)), "--initial-cluster", all, "--initial-cluster-token",
                   processes_->folder()});
        if (!pid) return std::unexpected(pid.error());
    }
    for (const Address server : servers_) {
        const auto up = try_until(session_, *processes_, etcd_patience, "all are healthy",
                                  [&] { return healthy(server); });
        if (!up) return up;
    }
    version_ = etcd_version_in(ask(servers_.front(), "/version"));
    return {};
}

std::string EtcdTarget::ask(Address server, const std::string& path) {
    const std::string question = fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
    return exchange(session_, server, question, understand_http).value_or("");
}

bool EtcdTarget::healthy(Address server) {
    return ask(server, "/health").find(R"("health":"true")") != std::string::npos;
}

std::string etcd_version_in(std::string_view answer) {
    constexpr std::string_view before = R"("etcdserver":")";
    const auto at = answer.find(before);
    if (at == std::string_view::npos) return "of an unknown version";
    const std::string_view rest = answer.substr(at + before.size());
    return std::string(rest.substr(0, rest.find('"')));
}

std::string EtcdTarget::description() const {
    return fmt::format("etcd {} through its HTTP/JSON gateway, {} servers, on disk", version_,
                       servers_.size());
}

Routes EtcdTarget::routes() const {
    Routes routes{.nodes = servers_, .owner = {}};
    for (std::uint32_t slot = 0; slot < slot_count; ++slot) {
        routes.owner.push_back(static_cast<std::uint16_t>(slot % servers_.size()));
    }
    return routes;
}

MakeDialect EtcdTarget::dialect(std::string_view value, unsigned) {
    return [value] { return std::make_unique<EtcdDialect>(value); };
}

}  // namespace grapevine::bench
