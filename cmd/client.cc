// client: one operation, a stream of them, or a question about the cluster.

#include <fmt/ranges.h>

#include <optional>
#include <string>
#include <vector>

#include "client_verbs.h"
#include "options.h"
#include "runtime/process.h"
#include "runtime/read_file.h"
#include "runtime/socket_address.h"

namespace grapevine {

namespace {

constexpr Duration wait_timeout_max = 3600s;

struct Options {
    std::optional<std::string> put, get, erase, value, value_file, version, where, pid, trace,
        leaver;
    std::optional<std::string> stream, timeout;
    bool absent = false;
    bool ring = false;
    bool status = false;
    bool history = false;
    bool wait = false;
    bool stop = false;
    bool loss = false;
    bool force = false;
    bool is_sure = false;
    std::string coordinator = "127.0.0.1";
    ClientOptions common;
};

void declare_verbs(CLI::App& app, Options& options) {
    app.add_option("--put", options.put, "write this key; with --val or --val-file")
        ->type_name("KEY");
    app.add_option("--get", options.get, "read this key")->type_name("KEY");
    app.add_option("--del", options.erase, "delete this key")->type_name("KEY");
    app.add_option("--trace", options.trace,
                   "run the operations of a file and compare their outcomes")
        ->type_name("FILE");
    app.add_flag("--ring", options.ring, "show the members, and what they have yet to receive");
    app.add_flag("--status", options.status,
                 "say how the cluster is, and why; exit code 1: not healthy");
    app.add_flag("--history", options.history,
                 "show the last changes of the ring, what caused them and how long they took");
    app.add_option("--where", options.where, "show who holds this key")->type_name("KEY");
    app.add_option("--pid", options.pid, "print the process id of a member")->type_name("NAME");
    app.add_flag("--wait", options.wait,
                 "return when every partition has its copies (--timeout 60 by default)");
    app.add_option("--leave", options.leaver,
                   "make a node leave: what it holds moves to others, then it ends (--timeout 60 "
                   "by default)")
        ->type_name("NAME");
    app.add_flag("--stop", options.stop, "stop the cluster, with or without its coordinator");
    app.add_flag("--accept-loss", options.loss,
                 "restart what is unavailable empty, for good; says how much and asks first");
    app.add_flag("--force-ring", options.force,
                 "where a majority is gone for good: found a new cluster from what survives; says "
                 "what may be lost and asks first");
    app.add_option("stream", options.stream, "-: a stream of operations on stdin, one a line")
        ->type_name("");
}

void declare(CLI::App& app, Options& options) {
    add_version(app);
    declare_verbs(app, options);
    app.add_flag("--yes", options.is_sure, "do not ask before --accept-loss and --force-ring");
    app.add_option("--val", options.value, "the value to put; may be empty")->type_name("VALUE");
    app.add_option("--val-file", options.value_file, "read the value from a file, or - for stdin")
        ->type_name("FILE");
    app.add_flag("--if-absent", options.absent, "put only where the key is not there");
    app.add_option("--if-version", options.version,
                   "put or delete only where the key has this version, such as 17.3")
        ->type_name("VERSION");
    app.add_flag("--show-version", options.common.show_version, "append the key's version");
    app.add_flag("--raw", options.common.raw, "write the value as it is, and nothing else");
    app.add_flag("--json", options.common.json,
                 "--ring, --status and --history as one line of JSON");
    app.add_option(
           "--coordinator,--master", options.coordinator,
           "where to get the ring: host:port[,host:port...], the coordinator or any members "
           "(default 127.0.0.1:7000)")
        ->type_name("HOST:PORT");
    app.add_option(
           "--timeout", options.timeout,
           "for each operation, retries included: above 0, up to 60 (default 5); for --wait "
           "and --leave up to 3600")
        ->type_name("SECONDS");
    app.add_flag("--verbose", options.common.verbose,
                 "tell on stderr of time-outs, new rings, "
                 "re-sent requests");
    app.footer(
        "Examples:\n"
        "  client --put key1 --val value1        OK, server2\n"
        "  client --get key1                     key1, value1, server2\n"
        "  client --put key1 --val v2 --if-version 17.3\n"
        "  client --trace ops.txt                lines such as: put key1 value1 -> OK\n"
        "                                                       get nokey -> not found\n"
        "  printf 'put a 1\\nget a\\n' | client -\n"
        "  kill -9 $(client --pid server2)\n"
        "Exit codes: 0 done, 1 not found, condition false or not healthy, 2 usage, 3 nothing was "
        "changed (no\n"
        "service, unavailable), 4 unknown whether the write, or all of a loss, was done, or the "
        "cluster\n"
        "founded; --leave: "
        "it is not out yet.");
}

// As they are typed.
std::vector<std::string> verbs(const Options& options) {
    std::vector<std::string> given;
    const auto note = [&](const char* name, bool is_given) {
        if (is_given) given.emplace_back(name);
    };
    note("--put", options.put.has_value());
    note("--get", options.get.has_value());
    note("--del", options.erase.has_value());
    note("--ring", options.ring);
    note("--status", options.status);
    note("--history", options.history);
    note("--where", options.where.has_value());
    note("--pid", options.pid.has_value());
    note("--wait", options.wait);
    note("--leave", options.leaver.has_value());
    note("--stop", options.stop);
    note("--accept-loss", options.loss);
    note("--force-ring", options.force);
    note("--trace", options.trace.has_value());
    note("-", options.stream.has_value());
    return given;
}

// What does not go together; empty: all does.
std::string contradiction(const Options& options) {
    const bool has_value = options.value || options.value_file;
    const std::vector<std::string> given = verbs(options);
    if (given.empty()) {
        return "say one of --put, --get, --del, --ring, --status, --history, --where, --pid, "
               "--wait, --leave, --stop, --accept-loss, --force-ring, --trace or -";
    }
    if (options.stream && *options.stream != "-") {
        return "\"" + *options.stream + "\" is not an option; operations begin with --";
    }
    if (given.size() > 1) return fmt::format("one at a time: {}", fmt::join(given, ", "));
    if (options.value && options.value_file) return "give --val or --val-file, not both";
    if (options.put && !has_value) return "--put needs --val or --val-file";
    if (has_value && !options.put) return "--val and --val-file go with --put";
    if (options.absent && !options.put) return "--if-absent goes with --put";
    if (options.absent && options.version) return "give --if-absent or --if-version, not both";
    if (options.version && !options.put && !options.erase) {
        return "--if-version goes with --put and --del";
    }
    if (options.is_sure && !options.loss && !options.force) {
        return "--yes goes with --accept-loss and --force-ring";
    }
    if (options.common.json && !options.ring && !options.status && !options.history) {
        return "--json goes with --ring, --status and --history";
    }
    if (options.common.raw && !options.get) return "--raw goes with --get";
    if (options.common.raw && options.common.show_version) {
        return "--raw writes the value alone; leave out --show-version";
    }
    return {};
}

Result<std::string> read_value(const Options& options) {
    if (options.value) return *options.value;
    auto value = read_file(*options.value_file, value_size_max);
    if (!value) return fail("{}; nothing was written", value.error().message);
    return value;
}

Result<Operation> operation_of(const Options& options) {
    Operation operation;
    if (options.get) {
        operation.key = *options.get;
    } else if (options.erase) {
        operation.kind = OperationKind::erase;
        operation.key = *options.erase;
    } else {
        operation.kind = OperationKind::put;
        operation.key = *options.put;
        auto value = read_value(options);
        if (!value) return std::unexpected(value.error());
        operation.value = std::move(*value);
    }
    if (options.absent) operation.condition = Condition::absent;
    if (options.version) {
        const auto version = parse_version(*options.version);
        if (!version) return std::unexpected(version.error());
        operation.condition = Condition::version;
        operation.expected = *version;
    }
    return operation;
}

int perform(const Options& options) {
    if (options.ring) return show_ring(options.common);
    if (options.status) return show_health(options.common);
    if (options.history) return show_history(options.common);
    if (options.where) return show_where(options.common, *options.where);
    if (options.pid) return show_pid(options.common, *options.pid);
    if (options.wait) return wait_until_settled(options.common);
    if (options.loss) return accept_loss(options.common, options.is_sure);
    if (options.force) return force_ring(options.common, options.is_sure);
    if (options.leaver) return leave(options.common, *options.leaver);
    if (options.stop) return stop_cluster(options.common);
    if (options.trace) return run_trace(options.common, *options.trace);
    if (options.stream) return run_stream(options.common);
    auto operation = operation_of(options);
    if (!operation) return complain(Exit::usage, operation.error().message);
    return run_operation(options.common, std::move(*operation));
}

int main(int argc, const char* const* argv) {
    prepare_process();
    Options options;
    CLI::App app("Grapevine's client.", "client");
    declare(app, options);
    const auto code =
        parse_options(app, argc, argv, {"--put", "--get", "--del", "--where", "--val", "stream"});
    if (code) return *code;
    if (const std::string what = contradiction(options); !what.empty()) {
        return complain(Exit::usage, what + "; see client --help");
    }
    const bool is_long = options.wait || options.leaver;
    const auto timeout = parse_seconds(options.timeout.value_or(is_long ? "60" : "5"),
                                       is_long ? wait_timeout_max : deadline_max);
    if (!timeout) return complain(Exit::usage, timeout.error().message);
    const auto seeds = resolve_list(options.coordinator, coordinator_port);
    if (!seeds) return complain(Exit::usage, seeds.error().message);
    options.common.timeout = *timeout;
    options.common.seeds = *seeds;
    find_members(options.common);
    return perform(options);
}

}  // namespace

}  // namespace grapevine

int main(int argc, char** argv) {
    return grapevine::end_output("client", grapevine::main(argc, argv),
                                 static_cast<int>(grapevine::Exit::unknown));
}
