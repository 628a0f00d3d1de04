#pragma once
// A node that leaves because its process was told to end (SIGTERM): what it holds moves to others
// first. Says how far it is, and gives up when nothing has moved for too long, saying why.

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "ring/ring.h"
#include "runtime/ask.h"
#include "runtime/logger.h"
#include "runtime/loop.h"
#include "runtime/node_host.h"

namespace grapevine {

class Drain {
public:
    // `given_up` is called once, where nothing moved for `timeout`, with the reason. What arrives
    // at the nodes that are to hold a partition counts, long before they have all of it.
    Drain(Loop& loop, NodeHost& host, Logger& log, Duration timeout,
          std::function<void(const std::string&)> given_up);

private:
    void look();
    void ask_who_receives(const Ring& ring);

    Loop& loop_;
    NodeHost& host_;
    Logger& log_;
    Duration timeout_;
    std::function<void(const std::string&)> given_up_;
    std::optional<std::size_t> left_;  // partitions that it is in, when last looked
    Time moved_at_;                    // when that last became less, or something arrived
    std::vector<std::unique_ptr<Ask>> asks_;
    std::size_t unanswered_ = 0;  // of these
    Alarm alarm_;
};

}  // namespace grapevine
