#pragma once
// Somebody who speaks to members of a simulated cluster by hand: gives up what is down, or sends
// the same request again, however late.

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "client/messages.h"
#include "sim/cluster.h"
#include "sim/network.h"
#include "wire/wire.h"

namespace grapevine::testing {

// Routed by the newest ring, by a client that sends it by hand.
inline Request put_of(sim::Cluster& cluster, const std::string& value) {
    return {.client = ClientId{77},
            .sequence = 1,
            .floor = 1,
            .stamp_ms = 0,
            .epoch = cluster.world().newest_ring()->epoch,
            .deadline_ms = 5000,
            .kind = OperationKind::put,
            .key = "k",
            .value = value};
}

// One question at a time to one member, each on a connection of its own.
class Operator final : public sim::Endpoint {
public:
    // Two at a time stand in different places.
    explicit Operator(sim::Cluster& cluster, std::uint16_t place = 0)
        : cluster_(cluster), network_(cluster.world().network()) {
        address_.port = static_cast<std::uint16_t>(address_.port - place);
        network_.attach(address_, *this);
    }
    ~Operator() override { network_.detach(address_); }
    Operator(const Operator&) = delete;
    Operator& operator=(const Operator&) = delete;

    void ask(const std::string& member, const ClientMessage& question) {
        answer_.reset();
        reader_ = FrameReader();
        question_ = encode(Hello{.speaker = Speaker::client}) + encode(question);
        link_ = network_.dial(address_, cluster_.world().address_of(member));
    }
    // What was answered; nothing yet otherwise.
    [[nodiscard]] const std::optional<ServerMessage>& answer() const { return answer_; }

    // The reply, if one comes within two seconds.
    std::optional<Reply> request(const std::string& member, const Request& request) {
        ask(member, request);
        cluster_.run_until([&] { return answer_.has_value(); }, 2s);
        const Reply* reply = answer_ ? std::get_if<Reply>(&*answer_) : nullptr;
        return reply == nullptr ? std::nullopt : std::optional(*reply);
    }

    // Gives up what is down by the newest ring.
    AcceptLossReply accept_loss(const std::string& member) {
        ask(member, AcceptLoss{cluster_.world().newest_ring()->epoch});
        REQUIRE(cluster_.run_until([&] { return answer_.has_value(); }, 10s));
        REQUIRE(std::holds_alternative<AcceptLossReply>(*answer_));
        return std::get<AcceptLossReply>(*answer_);
    }

    // Has the cluster founded anew; what the member answers in the end.
    std::optional<ForceRingReply> force(const std::string& member, const ForceRing& request) {
        ask(member, request);
        cluster_.run_until([&] { return answer_.has_value(); }, 10s);
        const auto* reply = answer_ ? std::get_if<ForceRingReply>(&*answer_) : nullptr;
        return reply == nullptr ? std::nullopt : std::optional(*reply);
    }
    // Whether it answers that the cluster is founded.
    bool founds(const std::string& member, const ForceRing& request) {
        const auto reply = force(member, request);
        return reply && reply->founded;
    }
    // Why it did not, at once.
    std::string refused(const std::string& member, const ForceRing& request) {
        ask(member, request);
        cluster_.run_until([&] { return answer_.has_value(); }, 10s);
        const auto* error = answer_ ? std::get_if<ErrorReply>(&*answer_) : nullptr;
        return error == nullptr ? "" : error->message;
    }

private:
    void arrive(sim::Arrival arrival) override {
        if (arrival.link != link_) return;
        if (arrival.kind == sim::ArrivalKind::up) network_.send(link_, address_, question_);
        if (arrival.kind != sim::ArrivalKind::bytes) return;
        bytes_ = std::move(arrival.bytes);
        reader_.feed(bytes_);
        const auto frame = reader_.next();
        REQUIRE(frame);
        if (!*frame) return;
        auto message = decode_server_message((*frame)->payload);
        REQUIRE(message);
        answer_ = *std::move(message);
    }

    sim::Cluster& cluster_;
    sim::Network& network_;
    Address address_{.ip = 0x7f000001, .port = 39999};
    sim::LinkId link_;
    std::string question_;
    std::string bytes_;
    FrameReader reader_;
    std::optional<ServerMessage> answer_;
};

}  // namespace grapevine::testing
