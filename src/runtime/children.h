#pragma once
// Starts processes and tells when they end. Each child is the leader of a process group of its own
// (a Ctrl-C at the parent's terminal does not reach it) and outlives its parent if that is killed,
// unless it was started to get a signal then.

#include <uv.h>

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "runtime/loop.h"

namespace grapevine {

class Children {
public:
    // status is the exit status where signal is 0.
    using Exited = std::function<void(const std::string& name, int status, int signal)>;

    // `orphaned`: the signal that children get when the thread that started them has ended, however
    // it did; 0: none.
    Children(Loop& loop, Exited exited, int orphaned = 0);
    ~Children();
    Children(const Children&) = delete;
    Children& operator=(const Children&) = delete;

    // Standard output and error are appended to `log_file`; input is empty. The pid.
    Result<int> start(const std::string& name, const std::vector<std::string>& command,
                      const std::string& log_file);
    void signal(const std::string& name, int number);

private:
    struct Child;

    void ended(Child* child, int status, int signal);

    Loop& loop_;
    Exited exited_;
    int orphaned_;
    std::unordered_map<std::string, std::unique_ptr<Child>> children_;
};

}  // namespace grapevine
