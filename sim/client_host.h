#pragma once
// A client in the simulated world: the production client core behind the simulated network.

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "client/client.h"
#include "sim/outgoing.h"
#include "sim/process.h"
#include "wire/wire.h"

namespace grapevine::sim {

class ClientHost final : public Process {
public:
    using OnCompletion = std::function<void(const Completion&)>;

    // Its name is "client" and the number.
    ClientHost(Surroundings& around, const ClientConfig& config, Address address,
               std::uint64_t number, std::uint64_t seed);

    void on_completion(OnCompletion then) { on_completion_ = std::move(then); }
    // What it had in flight then is lost with it: nobody will know what became of it.
    using OnDeath = std::function<void()>;
    void on_death(OnDeath then) { on_death_ = std::move(then); }
    OperationId submit(Operation operation);

    [[nodiscard]] std::uint64_t number() const { return number_; }
    [[nodiscard]] ClientId id() const { return id_; }
    [[nodiscard]] const Client& client() const { return client_; }
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
    [[nodiscard]] std::uint64_t bad_messages() const { return bad_messages_; }

private:
    void take(Arrival arrival) override;
    void tick() override { client_.tick(now()); }
    void carry_out() override;
    Time next_deadline() const override { return client_.next_deadline(); }
    void died() override;

    void take_bytes(Address peer, const std::string& bytes);
    void give_up(Address peer);

    std::uint64_t number_;
    ClientId id_;
    Client client_;
    OutgoingLinks outgoing_;
    std::map<Address, FrameReader> readers_;
    OnCompletion on_completion_;
    OnDeath on_death_;
    std::vector<std::string> notes_;
    std::uint64_t bad_messages_ = 0;
};

}  // namespace grapevine::sim
