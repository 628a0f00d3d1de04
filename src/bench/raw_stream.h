#pragma once
// What one TCP stream carries over loopback on this machine, with nothing but the kernel between
// who writes and who reads: what the throughput of large values is measured by.

#include "base/result.h"
#include "base/time.h"

namespace grapevine::bench {

// Bytes a second, of so long. Blocks; a thread of its own reads.
Result<double> loopback_stream(Duration span);

}  // namespace grapevine::bench
