#pragma once
// Somebody who asks several processes at once, each on a connection of its own, as the commands of
// `client` do (runtime/admin.h).

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "client/messages.h"
#include "sim/network.h"
#include "wire/wire.h"

namespace grapevine::sim {

class Inquiry final : public Endpoint {
public:
    Inquiry(Network& network, Address self);
    ~Inquiry() override;
    Inquiry(const Inquiry&) = delete;
    Inquiry& operator=(const Inquiry&) = delete;

    // What was asked before is not listened to any more.
    void forget();
    void ask(Address whom, const std::vector<ClientMessage>& questions);
    // As far as they have come, by whom was asked.
    using Answers = std::map<Address, std::vector<ServerMessage>>;
    [[nodiscard]] const Answers& answers() const { return answers_; }

private:
    struct Talk {
        Address to;
        std::string questions;
        FrameReader reader;
    };

    void arrive(Arrival arrival) override;
    void read(Talk& talk, const std::string& bytes);

    Network& network_;
    Address self_;
    std::map<LinkId, Talk> talks_;
    Answers answers_;
};

}  // namespace grapevine::sim
