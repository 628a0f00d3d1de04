#pragma once
// etcd, of Debian's etcd-server, through its HTTP/JSON gateway. It writes to disk, in the folder
// for temporary files.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/processes.h"
#include "bench/session.h"
#include "bench/target.h"

namespace grapevine::bench {

inline const std::string etcd_program = "etcd";

// Of the answer to GET /version: "3.4.23"; "of an unknown version" where it says nothing of it.
std::string etcd_version_in(std::string_view answer);

class EtcdTarget final : public Target {
public:
    // Returns when all servers say that they are healthy.
    static Result<std::unique_ptr<Target>> start(Session& session, std::size_t servers);

    [[nodiscard]] std::string name() const override { return "etcd"; }
    [[nodiscard]] std::string description() const override;
    // Any server takes any key: each is given an even part of the slots.
    [[nodiscard]] Routes routes() const override;
    [[nodiscard]] MakeDialect dialect(std::string_view value, unsigned acks) override;
    [[nodiscard]] Use use() const override { return use_of(processes_->pids()); }
    [[nodiscard]] const std::string& broken() const override { return processes_->broken(); }

private:
    explicit EtcdTarget(Session& session) : session_(session) {}
    Result<void> start_all(std::size_t servers);
    [[nodiscard]] bool healthy(Address server);
    // What a server answers; empty: it does not.
    [[nodiscard]] std::string ask(Address server, const std::string& path);

    Session& session_;
    std::unique_ptr<Processes> processes_;
    std::vector<Address> servers_;
    std::string version_;
};

}  // namespace grapevine::bench
