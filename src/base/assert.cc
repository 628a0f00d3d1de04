#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace grapevine {

void assertion_failed(const char* condition, const char* file, int line,
                      const std::string& details) {
    std::fprintf(stderr, "%s:%d: ASSERT(%s) failed%s%s\n", file, line, condition,
                 details.empty() ? "" : ": ", details.c_str());
    std::abort();
}

}  // namespace grapevine
