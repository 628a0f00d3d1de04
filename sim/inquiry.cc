#include "sim/inquiry.h"

#include <utility>

namespace grapevine::sim {

Inquiry::Inquiry(Network& network, Address self) : network_(network), self_(self) {
    network_.attach(self_, *this);
}

Inquiry::~Inquiry() {
    network_.detach(self_);
}

void Inquiry::forget() {
    for (const auto& [link, talk] : talks_) network_.close(link, self_);
    talks_.clear();
    answers_.clear();
}

void Inquiry::ask(Address whom, const std::vector<ClientMessage>& questions) {
    std::string bytes = encode(Hello{.speaker = Speaker::client});
    for (const ClientMessage& question : questions) append_frame(bytes, question);
    talks_.insert_or_assign(network_.dial(self_, whom),
                            Talk{whom, std::move(bytes), FrameReader()});
}

void Inquiry::arrive(Arrival arrival) {
    const auto talk = talks_.find(arrival.link);
    if (talk == talks_.end()) return;
    switch (arrival.kind) {
        case ArrivalKind::up:
            return network_.send(arrival.link, self_, std::exchange(talk->second.questions, {}));
        case ArrivalKind::bytes:
            return read(talk->second, arrival.bytes);
        case ArrivalKind::refused:
        case ArrivalKind::timeout:
        case ArrivalKind::ended:
            talks_.erase(talk);
            return;
        case ArrivalKind::datagram:
        case ArrivalKind::opened:
            return;
    }
}

void Inquiry::read(Talk& talk, const std::string& bytes) {
    talk.reader.feed(bytes);
    for (;;) {
        const auto frame = talk.reader.next();
        if (!frame || !*frame) return;
        Result<ServerMessage> message = decode_server_message((*frame)->payload);
        if (!message) return;
        answers_[talk.to].push_back(*std::move(message));
    }
}

}  // namespace grapevine::sim
