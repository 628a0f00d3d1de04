#pragma once
// Grapevine's client library: read and write the keys of a cluster.
//
//     auto [client, error] = grapevine::Client::open(options);
//     if (!client) ...                                       // `error` says what is wrong
//     grapevine::Result read = client->get("key1");          // waits for the answer
//     if (read.ok()) use(read.value);
//
// Needs C++17 and the standard library, and nothing else of Grapevine.
//
// What is promised. Operations are linearizable: each takes effect at one moment between its call
// and its answer, and a read returns the latest value that was acknowledged, also while nodes die.
// Each takes effect at most once, however often the library sends it again: retries, to the same
// node or another, go on until the deadline and are recognised by the nodes. What an answer says of
// the state of the cluster stands at Code. Operations that are under way together, from one thread
// or several, may take effect in any order: who needs an order waits for the first before giving
// the second.
//
// Threads. A Client has one thread of its own, which does all that has to do with the network.
// Every method may be called from any thread at any time, but for the destructor, which is the last
// call. Callbacks are called on the library's thread, one after the other: while one runs, nothing
// else is sent or received, so it should be short, and it must not throw (the program ends if it
// does). A callback may submit more. A call that waits for an answer would wait for itself there,
// so it is refused as `invalid`; so will a std::future of the same client never be ready while it
// is waited for in a callback, which cannot be noticed: don't.
//
// Errors. Nothing is thrown but std::bad_alloc, to the thread that calls; where the library's own
// thread has no memory left, the program ends. What can go wrong with a call is in its Result, what
// can go wrong with the options is in Opened::error. A broken invariant inside the library, which
// nothing that comes from the network can cause, prints itself to stderr and aborts.
//
// Deadlines. Each operation has one, in which all its retries fall; it counts from the call.
// Nothing is answered much later than at its deadline, unless callbacks hold the library's thread
// up. There is no way to cancel an operation: choose its deadline.
//
// Signals. The library's thread blocks all signals but those of its own faults (SIGSEGV and the
// like): handlers run on your threads, and SIGPIPE is of no concern. No handler is installed.
//
// Fork. The child of a fork has no library thread. There operations are refused as `invalid`, and
// destroying the Client only lets go of it; open another. Descriptors are closed by exec.
//
// Names live in grapevine::v1, so that programs which load libraries built with different major
// versions work; leave the v1 out. Between minor versions while the major is 0 the binary interface
// may change, and with it the name of the shared library. The interface passes std::string and
// std::function: program and library need the same C++ standard library.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#define GRAPEVINE_EXPORT __attribute__((visibility("default")))

namespace grapevine::v1 {

// Bounds of every cluster; what is over them is `invalid`.
inline constexpr std::size_t key_size_max = 64 * 1024;           // bytes; a key may be empty
inline constexpr std::size_t value_size_max = 16 * 1024 * 1024;  // bytes; a value may be empty
inline constexpr std::chrono::microseconds deadline_max = std::chrono::seconds(60);

// How an operation ended.
enum class Code : std::uint8_t {
    ok,
    not_found,         // get, erase: the key is not there
    condition_failed,  // nothing was changed: the key is there, or in another version, or absent
    invalid,           // nothing was changed: over a limit, or no sense; again would be the same
    overloaded,        // nothing was changed: too many operations are under way in this client, or
                       // too many bytes; go on when some are answered
    unavailable,       // nothing was changed: no copy of the key is up, or nobody could be reached;
                       // try again later
    unknown,  // a write was sent, and no answer came by the deadline: it may have been done,
              // or may yet be done, once, or not. Read before writing again, or write with
              // a condition that makes doing it twice harmless
    ended,    // nothing was changed: this Client is over. It is being destroyed, or its
              // cluster was replaced by another one: open a new Client
    full,     // nothing was changed: the primary of the key, or another node that holds it, has no
              // memory left for what would be added. Reads, erases and values that do not grow go
              // on; `message` names the primary
};
// "not found", ...
GRAPEVINE_EXPORT const char* to_string(Code code) noexcept;

// Which write of a key. Every write gives the key another one; later ones are greater. {0, 0}: the
// key is not there.
struct Version {
    std::uint64_t epoch = 0;
    std::uint64_t counter = 0;

    friend bool operator==(Version a, Version b) noexcept {
        return a.epoch == b.epoch && a.counter == b.counter;
    }
    friend bool operator!=(Version a, Version b) noexcept { return !(a == b); }
    friend bool operator<(Version a, Version b) noexcept {
        return a.epoch != b.epoch ? a.epoch < b.epoch : a.counter < b.counter;
    }
};
// "17.3", as the client program prints it and takes it.
GRAPEVINE_EXPORT std::string to_string(Version version);

struct [[nodiscard]] Result {
    Code code = Code::ok;
    std::string value;  // ok, of a get: the value
    Version
        version;  // ok: of the record that was read or written; condition_failed: the present one
    std::string server;   // the node that answered, such as "server3"; empty: none did
    std::string message;  // for a person, where code is not ok: what happened; may be empty

    bool ok() const noexcept { return code == Code::ok; }
};

// Called once. See above for what it may do.
using Callback = std::function<void(Result)>;

// From the call to the answer: above 0, up to deadline_max. Nothing: Options::deadline.
using Deadline = std::optional<std::chrono::microseconds>;

// What to do, for run() and submit():
//     Operation::put("key1", "value1").if_absent().within(std::chrono::milliseconds(200))
struct Operation {
    enum class Kind : std::uint8_t { get, put, erase };
    enum class Condition : std::uint8_t { none, absent, version };

    Kind kind = Kind::get;
    Condition condition = Condition::none;
    Version expected;  // Condition::version: the one that the key must have
    std::string key;
    std::string value;
    Deadline deadline;

    static Operation get(std::string key) { return of(Kind::get, std::move(key), {}); }
    static Operation put(std::string key, std::string value) {
        return of(Kind::put, std::move(key), std::move(value));
    }
    static Operation erase(std::string key) { return of(Kind::erase, std::move(key), {}); }

    // Of a put: only where the key is not there.
    Operation if_absent() && {
        condition = Condition::absent;
        return std::move(*this);
    }
    // Of a put or an erase: only where the key has this version.
    Operation if_version(Version version) && {
        condition = Condition::version;
        expected = version;
        return std::move(*this);
    }
    Operation within(std::chrono::microseconds span) && {
        deadline = span;
        return std::move(*this);
    }

private:
    static Operation of(Kind kind, std::string key, std::string value) {
        Operation operation;
        operation.kind = kind;
        operation.key = std::move(key);
        operation.value = std::move(value);
        return operation;
    }
};

struct Options {
    // Where to ask for the cluster: "host:port[,host:port...]", its coordinator or any nodes,
    // better several, for one that answers is enough. Names are looked up once, by open(); IPv4.
    std::string seeds = "127.0.0.1:7000";
    std::chrono::microseconds deadline = std::chrono::seconds(5);  // of operations that name none
    // What may be under way at once; more is refused as `overloaded`. A single operation may be
    // larger than bytes_max (of keys and values) where none other is under way.
    std::size_t operations_max = 65536;
    std::size_t bytes_max = 256 * 1024 * 1024;
    // To each node, 1 to 16. One is the fastest for small values; with several, small values wait
    // less for large ones before them.
    std::size_t connections = 1;
    // What is of interest when looking for a fault: time-outs, changes of the ring, what was sent
    // again. Called on the library's thread.
    std::function<void(const std::string&)> note;
};

class GRAPEVINE_EXPORT Client {
public:
    struct Opened {
        std::unique_ptr<Client> client;  // null: see `error`
        std::string error;               // a sentence, with the remedy
    };
    // Looks up the names of the seeds and starts the thread; connects when the first operation
    // comes, so a cluster that cannot be reached shows there.
    [[nodiscard]] static Opened open(const Options& options);

    // Ends what is under way: a write that was sent as `unknown`, all else as `ended`. Returns when
    // all has been answered, all callbacks have been called and the thread has ended. Only in a
    // callback, where it may be called too, it returns before that.
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // These wait for the answer.
    Result get(std::string key, Deadline deadline = {});
    Result put(std::string key, std::string value, Deadline deadline = {});
    // Only where the key is not there; else condition_failed, with the version of what is.
    Result put_if_absent(std::string key, std::string value, Deadline deadline = {});
    // Only where the key has this version, of a Result before; else condition_failed.
    Result put_if_version(std::string key, std::string value, Version version,
                          Deadline deadline = {});
    Result erase(std::string key, Deadline deadline = {});
    Result erase_if_version(std::string key, Version version, Deadline deadline = {});
    Result run(Operation operation);

    // These return at once; many may be under way, and leave together. The future is always given a
    // result, never an exception.
    [[nodiscard]] std::future<Result> submit(Operation operation);
    // Nothing returned: `callback` is called once, maybe before this has returned. Otherwise the
    // operation was refused at once (invalid, overloaded, ended), and `callback` is never called.
    [[nodiscard]] std::optional<Result> submit(Operation operation, Callback callback);

    // Operations that have no answer yet. A moment later there may be others.
    [[nodiscard]] std::size_t in_flight() const noexcept;

private:
    struct State;
    explicit Client(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

}  // namespace grapevine::v1

// Inside Grapevine some of these names mean other things.
#ifndef GRAPEVINE_WITHIN
namespace grapevine {
using namespace v1;
}
#endif
