#pragma once
// The backend that talks to a cluster: some client handles on one loop, each with connections of
// its own, which take operations in turn.

#include <cstddef>
#include <memory>
#include <vector>

#include "api/backend.h"
#include "runtime/client_host.h"

namespace grapevine {

class Handles final : public Backend {
public:
    Handles(Loop& loop, const ClientConfig& config, std::size_t count,
            const ClientHost::Events& events) {
        for (std::size_t i = 0; i < count; ++i) {
            hosts_.push_back(std::make_unique<ClientHost>(loop, config, events));
        }
    }

    void submit(Operation operation, Done done) override {
        hosts_[turn_++ % hosts_.size()]->submit(std::move(operation), std::move(done));
    }
    void end(const std::string& why) override {
        for (const auto& host : hosts_) host->end(why);
    }

private:
    std::vector<std::unique_ptr<ClientHost>> hosts_;
    std::size_t turn_ = 0;
};

}  // namespace grapevine
