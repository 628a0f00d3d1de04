#pragma once
// The roles of a holder that is not the primary: a copy (Backup) and a member that is being filled
// (Receiving). Both keep the primary's order and acknowledge what they hold. Internal to
// replication/.

#include <cstdint>
#include <map>
#include <string>

#include "base/ids.h"
#include "replication/context.h"
#include "replication/messages.h"

namespace grapevine {

// Holds everything acknowledged.
struct Backup {
    // This node was the primary until the entry got this tenure, saw every ring up to it, and had
    // served or could have: it attests to its successor. Zero: it does not.
    Epoch stepped_down;

    void replicate(Scope& scope, NodeId from, const Replicated& part);
    // What a new primary has to know (activation, step 1).
    void report(Scope& scope) const;
};

// What it holds from before the session is aside (Store::set_aside()), and never wins: a record of
// it counts again when the primary has named its key and version. What chunks bring is as good as
// committed.
class Receiving {
public:
    explicit Receiving(FillSession session) : session_(session) {}

    [[nodiscard]] const FillSession& session() const { return session_; }
    [[nodiscard]] bool has_begun() const { return next_ != fill_base; }
    [[nodiscard]] bool complete() const { return next_ == fill_end; }
    // True where the session of the new ring is this one.
    [[nodiscard]] bool continues(const FillSession& session, const Context& context);

    void replicate(Scope& scope, NodeId from, const Replicated& part);
    void chunk(Scope& scope, NodeId from, const FillChunk& chunk);

private:
    void apply(Scope& scope, const Op& op);
    void start(Scope& scope, const FillChunk& base) const;
    [[nodiscard]] bool is_outdated(const Scope& scope, const FillItem& item) const;
    // The keys that have to be sent.
    [[nodiscard]] std::vector<std::string> compare(Scope& scope, const FillChunk& chunk) const;
    void store(Scope& scope, const FillChunk& chunk) const;

    FillSession session_;
    FillPosition next_ = fill_base;  // everything before it has arrived
    // Deletions of this session: a chunk that was read before must not bring the key back.
    std::map<std::string, Version> erased_;
};

}  // namespace grapevine
