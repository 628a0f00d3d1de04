#pragma once
// The client program in its stream mode: one process, connected once, that is given operations line
// by line, so that it meets what happens to the cluster with the table that it had before.

#include <string>

#include "e2e/cluster.h"
#include "e2e/process.h"

namespace grapevine::e2e {

class StreamClient {
public:
    explicit StreamClient(const std::string& address);

    // Both fail the test where the operation does not succeed.
    std::string put(const std::string& key, const std::string& value);
    Told get(const std::string& key);

    // What --verbose has told so far.
    [[nodiscard]] std::string notes() const { return process_.err(); }

private:
    // Feeds one operation and waits for its line.
    std::string ask(const std::string& operation);

    Process process_;
    std::size_t read_ = 0;  // of the output
};

}  // namespace grapevine::e2e
