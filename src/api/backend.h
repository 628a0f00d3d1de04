#pragma once
// What the bridge hands operations to, on the loop's thread.

#include <functional>
#include <string>

#include "client/client.h"

namespace grapevine {

class Backend {
public:
    using Done = std::function<void(Outcome&&)>;

    virtual ~Backend() = default;
    // `done` is called once, in a later turn of the loop; it may submit more.
    virtual void submit(Operation operation, Done done) = 0;
    // What is in flight ends soon, and whatever is submitted from now on, too.
    virtual void end(const std::string& why) = 0;
};

}  // namespace grapevine
