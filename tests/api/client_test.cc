// The library without a cluster: options, wrong use, and the process that it is a guest in.
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <future>

#include "api/public.h"
#include "runtime/system.h"

using namespace grapevine;
using v1::Code;

namespace {

// Where nobody answers.
v1::Options nowhere() {
    v1::Options options;
    options.seeds = "127.0.0.1:" + std::to_string(free_port().value());
    options.deadline = 20ms;
    return options;
}

std::unique_ptr<v1::Client> open(const v1::Options& options = nowhere()) {
    auto [client, error] = v1::Client::open(options);
    INFO(error);
    REQUIRE(client != nullptr);
    CHECK(error.empty());
    return std::move(client);
}

std::string error_of(const v1::Options& options) {
    auto [client, error] = v1::Client::open(options);
    CHECK(client == nullptr);
    return error;
}

// Of a callback of an operation that comes to nothing.
template <class Function>
auto in_callback(v1::Client& client, Function function) {
    std::promise<decltype(function())> done;
    REQUIRE_FALSE(client.submit(v1::Operation::get("k"),
                                [&](const v1::Result&) { done.set_value(function()); }));
    return done.get_future().get();
}

}  // namespace

TEST_CASE("options that make no sense are errors with words", "[api]") {
    v1::Options options = nowhere();
    SECTION("seeds") {
        options.seeds = "127.0.0.1:99999";
        CHECK(error_of(options).find("99999") != std::string::npos);
        options.seeds = "";
        CHECK_FALSE(error_of(options).empty());
    }
    SECTION("deadline") {
        options.deadline = 0s;
        CHECK(error_of(options).find("deadline") != std::string::npos);
        options.deadline = 61s;
        CHECK(error_of(options).find("deadline") != std::string::npos);
    }
    SECTION("operations") {
        options.operations_max = 0;
        CHECK(error_of(options).find("operations_max") != std::string::npos);
    }
    SECTION("bytes") {
        options.bytes_max = 0;
        CHECK(error_of(options).find("bytes_max") != std::string::npos);
    }
    SECTION("connections") {
        options.connections = 17;
        CHECK(error_of(options).find("connections") != std::string::npos);
    }
}

TEST_CASE("where too many files are open there is an error, not an end", "[api]") {
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
    // Two descriptors more may be opened, which is not enough; the sanitizers' checks need as many.
    const int next = dup(STDIN_FILENO);
    REQUIRE(next >= 0);
    close(next);
    const rlimit few{.rlim_cur = static_cast<rlim_t>(next) + 2, .rlim_max = before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
    auto opened = v1::Client::open({});
    REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(opened.client == nullptr);
    CHECK(opened.error.find("open files") != std::string::npos);
}

TEST_CASE("without a cluster operations are unavailable at their deadline", "[api]") {
    std::size_t notes = 0;
    v1::Options options = nowhere();
    options.connections = 3;
    options.note = [&](const std::string&) { ++notes; };
    auto client = open(options);
    for (const v1::Result& result :
         {client->get("k"), client->put("k", "v"), client->put_if_absent("k", "v"),
          client->put_if_version("k", "v", {1, 2}), client->erase("k"),
          client->erase_if_version("k", {1, 2}), client->get("k", 1ms),
          client->submit(v1::Operation::put("k", "v").within(10ms)).get()}) {
        CHECK(result.code == Code::unavailable);
        CHECK_FALSE(result.message.empty());
        CHECK(result.server.empty());
    }
    client.reset();
    CHECK(notes > 0);
}

TEST_CASE("operations that make no sense are invalid at once", "[api]") {
    auto client = open();
    CHECK(client->get(std::string(v1::key_size_max + 1, 'k')).code == Code::invalid);
    CHECK(client->get("k", 61s).code == Code::invalid);
    CHECK(client->put("k", std::string(v1::value_size_max + 1, 'v')).code == Code::invalid);
    CHECK(client->run(v1::Operation::get("k").if_absent()).code == Code::invalid);
    CHECK(client->submit(v1::Operation::get("k").within(0s)).get().code == Code::invalid);
    CHECK(client->submit(v1::Operation::get("k"), nullptr)->code == Code::invalid);
}

TEST_CASE("a call that would wait for itself is refused", "[api]") {
    auto client = open();
    const v1::Result result = in_callback(*client, [&] { return client->get("k"); });
    CHECK(result.code == Code::invalid);
    CHECK(result.message.find("callback") != std::string::npos);
    // Another client's thread is another one.
    auto other = open();
    CHECK(in_callback(*client, [&] { return other->get("k").code; }) == Code::unavailable);
}

TEST_CASE("a callback may destroy its client", "[api]") {
    auto client = open();
    std::promise<void> destroyed;
    auto other = client->submit(v1::Operation::get("k").within(60s));
    REQUIRE_FALSE(client->submit(v1::Operation::get("k"), [&](const v1::Result&) {
        client.reset();
        destroyed.set_value();
    }));
    destroyed.get_future().wait();
    CHECK(other.get().code == Code::ended);
}

TEST_CASE("destroying a client ends what is outstanding", "[api]") {
    auto client = open();
    auto read = client->submit(v1::Operation::get("k").within(60s));
    auto write = client->submit(v1::Operation::put("k", "v").within(60s));
    CHECK(client->in_flight() == 2);
    client.reset();
    CHECK(read.get().code == Code::ended);
    CHECK(write.get().code == Code::ended);  // nobody was there to send it to
}

TEST_CASE("the library's thread takes no signals", "[api]") {
    auto client = open();
    const auto blocked = [](int signal) {
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        return sigismember(&mask, signal) == 1;
    };
    for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGCHLD, SIGUSR1, SIGALRM}) {
        CHECK(in_callback(*client, [&] { return blocked(signal); }));
        CHECK_FALSE(blocked(signal));
    }
    CHECK_FALSE(in_callback(*client, [&] { return blocked(SIGSEGV); }));
}

TEST_CASE("in the child of a fork a client refuses, and can be destroyed", "[api]") {
    auto client = open();
    static_cast<void>(client->get("k"));
    const pid_t child = fork();
    if (child == 0) {
        // With an alarm, should it wait for a thread that is not here.
        alarm(30);
        const Code code = client->get("k").code;
        client.reset();
        _exit(code == Code::invalid ? 0 : 1);
    }
    REQUIRE(child > 0);
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(client->get("k").code == Code::unavailable);
}

TEST_CASE("codes and versions in words", "[api]") {
    CHECK(std::string(v1::to_string(Code::condition_failed)) == "condition failed");
    CHECK(v1::to_string(v1::Version{17, 3}) == "17.3");
    CHECK(v1::Version{1, 9} < v1::Version{2, 1});
    CHECK_FALSE(v1::Version{2, 1} < v1::Version{2, 1});
    CHECK(v1::Version{2, 1} != v1::Version{2, 2});
}
