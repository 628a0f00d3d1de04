#pragma once
// What the client program does, one function for each verb. Each returns the program's exit code,
// after it has said on stderr what went wrong.

#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "base/time.h"
#include "client/client.h"
#include "client/messages.h"
#include "ring/ring.h"
#include "runtime/output.h"

namespace grapevine {

struct ClientOptions {
    std::vector<Address> seeds;
    Duration timeout = 5s;
    bool verbose = false;
    bool show_version = false;
    bool raw = false;
    bool json = false;
};

// Where nobody answers at the seeds, all of them on this machine, members of the cluster whose
// coordinator was there become the seeds, if there are any; it is said on stderr.
void find_members(ClientOptions& options);

// The newest ring that one of the seeds has.
Result<RingPtr> ring_of(const ClientOptions& options);

// Says on stderr who of those that were asked is in the cluster from which this one was founded
// anew, and not in this.
void tell_of_left_behind(const ClientOptions& options, const Ring& ring);

// The sentence, on stderr; returns the code.
int complain(Exit code, const std::string& sentence);

// A verb names a member that is not in the ring.
int complain_of_nobody(const Ring& ring, const std::string& name);

// What became of the last changes, as those members that answer tell together; and the names of
// those that do not.
struct Histories {
    std::vector<RingEvent> events;
    std::vector<std::string> silent;
};
Histories fetch_history(const Ring& ring, Duration timeout);

// Between two looks at how far something is.
void pause();

int run_operation(const ClientOptions& options, Operation operation);
// Operations from stdin (runtime/trace.h), outcomes on stdout in the same order.
int run_stream(const ClientOptions& options);
// Operations with expected outcomes; mismatches and a summary.
int run_trace(const ClientOptions& options, const std::string& path);

int show_ring(const ClientOptions& options);
// Exit::negative where it is not healthy.
int show_health(const ClientOptions& options);
int show_history(const ClientOptions& options);
int show_where(const ClientOptions& options, const std::string& key);
int show_pid(const ClientOptions& options, const std::string& name);
int wait_until_settled(const ClientOptions& options);
// `is_sure`: without asking the person at the terminal.
int accept_loss(const ClientOptions& options, bool is_sure);
// The same; returns when the new cluster is founded, or is not.
int force_ring(const ClientOptions& options, bool is_sure);
// Returns when the member is out, or at the time-out.
int leave(const ClientOptions& options, const std::string& name);
int stop_cluster(const ClientOptions& options);

}  // namespace grapevine
