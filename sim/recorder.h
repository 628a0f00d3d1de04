#pragma once
// A client whose operations are written down: what was asked, what was answered, and when. What was
// in flight when the client's process died stays of unknown fate for ever.

#include <functional>
#include <map>
#include <optional>

#include "history/record.h"
#include "sim/client_host.h"
#include "sim/event_queue.h"
#include "sim/node_host.h"

namespace grapevine::sim {

class Recorder {
public:
    using Then = std::function<void(const Outcome&)>;

    // All outlive the recorder, and the recorder outlives the client's operations.
    Recorder(const EventQueue& queue, ClientHost& client, History& history);
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    // The client is alive.
    void submit(const Operation& operation, Then then);
    // A program (as_program()) that is written down as the operation that it stands for. A put's
    // key may be gone so long after it; zero: it stays.
    void submit_as(const Operation& meaning, const Operation& program, Duration expires_after,
                   Then then);

    // A program of one command, asked of a node by its own process (NodeHost::execute); where that
    // does nothing, sent. `meaning`: as submit_as() takes it; null: none.
    void submit_at(NodeHost& node, const Operation* meaning, const Operation& program,
                   Duration expires_after, Then then);

    // Where its process has died, nothing can be submitted any more.
    [[nodiscard]] bool is_alive() const { return client_.is_alive(); }
    // Its cluster was founded anew: it answers nothing any more, and another has to begin.
    [[nodiscard]] bool has_ended() const { return has_ended_; }
    [[nodiscard]] std::size_t in_flight() const { return open_.size() + at_nodes_; }
    [[nodiscard]] const ClientHost& client() const { return client_; }

private:
    struct Open {
        std::size_t record;
        Then then;
        std::optional<OperationKind> meaning{};  // of a program that stands for something else
    };
    void open(OperationId id, Open operation);
    void complete(const Completion& completion);
    void close(const Open& open, const Outcome& outcome);
    void died();

    const EventQueue& queue_;
    ClientHost& client_;
    History& history_;
    std::map<OperationId, Open> open_;
    bool has_ended_ = false;
    std::size_t at_nodes_ = 0;
};

}  // namespace grapevine::sim
