#include "resp/run.h"

namespace grapevine::resp {

std::string failure_text(const RunResult& result) {
    switch (result.status) {
        case RunStatus::ok:
            return "ERR a node answered what is no reply";
        case RunStatus::unavailable:
            return "CLUSTERDOWN Hash slot not served";
        case RunStatus::unknown:
            return "UNKNOWN no answer came in time: what was asked may have been done, or not";
        case RunStatus::overloaded:
            return "TRYAGAIN too much is under way: nothing was changed";
        case RunStatus::full:
            return "OOM command not allowed when used memory > 'maxmemory'.";
        case RunStatus::refused:
            return "ERR " + result.detail;
    }
    return {};
}

}  // namespace grapevine::resp
