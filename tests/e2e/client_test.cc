// The command lines: what is printed where, and with which exit code.
#include <catch2/catch.hpp>
#include <csignal>

#include "e2e/cluster.h"

using namespace grapevine::e2e;

namespace {

void check(const Finished& finished, int code, const std::string& out) {
    INFO(finished.code << " " << finished.out << finished.err);
    CHECK(finished.code == code);
    CHECK(finished.out == out);
    // A sentence where something is wrong, and only there.
    CHECK(finished.err.empty() == (code == 0));
}

std::string last_word(const std::string& line) {
    return line.substr(line.rfind(' ') + 1, line.size() - line.rfind(' ') - 2);
}

}  // namespace

TEST_CASE("the client's verbs and exit codes", "[e2e]") {
    const Cluster cluster = Cluster::launched(1, 1);

    // Absent, empty, binary.
    CHECK(cluster.client({"--get", "nobody"}).code == 1);
    CHECK(cluster.client({"--del", "nobody"}).code == 1);
    check(cluster.client({"--put", "empty", "--val", ""}), 0, "OK, server1\n");
    check(cluster.client({"--put", "empty", "--val="}), 0, "OK, server1\n");
    check(cluster.client({"--get", "empty"}), 0, "empty, , server1\n");
    check(cluster.client({"--put", "binary", "--val", "a\nb\x01"}), 0, "OK, server1\n");
    check(cluster.client({"--get", "binary"}), 0, "binary, a\\nb\\x01, server1\n");
    check(cluster.client({"--get", "binary", "--raw"}), 0, "a\nb\x01");
    check(cluster.client({"--del", "binary"}), 0, "OK, server1\n");
    CHECK(cluster.client({"--get", "binary"}).code == 1);

    // Conditions.
    check(cluster.client({"--put", "once", "--val", "1", "--if-absent"}), 0, "OK, server1\n");
    CHECK(cluster.client({"--put", "once", "--val", "2", "--if-absent"}).code == 1);
    const Finished shown = cluster.client({"--get", "once", "--show-version"});
    const std::string version = last_word(shown.out);
    check(shown, 0, "once, 1, server1, " + version + "\n");
    check(cluster.client({"--put", "once", "--val", "3", "--if-version", version}), 0,
          "OK, server1\n");
    CHECK(cluster.client({"--del", "once", "--if-version", version}).code == 1);
    check(cluster.client({"--get", "once"}), 0, "once, 3, server1\n");

    // The cluster.
    CHECK(cluster.client({"--pid", "server1"}).out ==
          std::to_string(cluster.pid("server1")) + "\n");
    CHECK(cluster.client({"--where", "once"}).out.find("server1") != std::string::npos);
    CHECK(cluster.client({"--pid", "server9"}).code != 0);
}

TEST_CASE("the client refuses command lines that make no sense", "[e2e]") {
    const std::vector<std::vector<std::string>> lines = {
        {},
        {"--put", "k"},
        {"--val", "v"},
        {"--get", "k", "--val", "v"},
        {"--get", "k", "--put", "k", "--val", "v"},
        {"--get", "k", "--timeout", "-1"},
        {"--get", "k", "--timeout", "soon"},
        {"--get", "k", "--coordinator", "127.0.0.1:99999"},
        {"--put", "k", "--val", "v", "--if-version", "x"},
        {"--put", "k", "--val-file", "/nowhere/at/all"},
        {"--put", "k", "--val-file", "/"},
        {"--put", "k", "--val-file", "/proc/self/mem"},
        {"--no-such-option"},
    };
    for (auto line : lines) {
        INFO(Catch::Detail::stringify(line));
        line.insert(line.begin(), program("client"));
        check(run(line), 2, "");
    }
    const Finished both = run({program("client"), "--put", "k", "--val", "v", "--get", "k"});
    CHECK(both.err.find("one at a time: --put, --get") != std::string::npos);
    const Finished folder = run({program("client"), "--put", "k", "--val-file", "/"});
    CHECK(folder.err.find("/ is a directory") != std::string::npos);
    for (const char* name : {"coordinator", "kvnode"}) {
        check(run({program(name), "--rep", "-1"}), 2, "");
        check(run({program(name), "--port", "70000"}), 2, "");
        CHECK(run({program(name), "--version"}).out.starts_with("grapevine "));
    }
    check(run({program("coordinator"), "--nodes", "-3"}), 2, "");
}

TEST_CASE("values up to the limit, and clear errors past it", "[e2e]") {
    const Cluster cluster = Cluster::launched(2, 2);
    const std::size_t limit = std::size_t{16} * 1024 * 1024;
    const auto put = [&](std::size_t size) {
        return run({program("client"), "--coordinator", cluster.address(), "--put", "large",
                    "--val-file", "-", "--timeout", "30"},
                   std::string(size, 'x'), 60s);
    };
    const Finished stored = put(limit);
    INFO(stored.err);
    CHECK(stored.code == 0);
    CHECK(cluster.client({"--get", "large", "--raw"}).out == std::string(limit, 'x'));
    const Finished refused = put(limit + 1);
    CHECK(refused.code == 2);
    CHECK(refused.err.find("16") != std::string::npos);
    const std::string key(std::size_t{64} * 1024, 'k');
    CHECK(cluster.client({"--put", key, "--val", "v"}).code == 0);
    CHECK(cluster.client({"--put", key + "k", "--val", "v"}).code == 2);
}

TEST_CASE("nobody there is exit code 3, an unanswered write is 4", "[e2e]") {
    const std::string nobody = "127.0.0.1:" + std::to_string(free_port());
    const Finished alone =
        run({program("client"), "--coordinator", nobody, "--get", "k", "--timeout", "1"});
    check(alone, 3, "");

    // A process that is stopped takes what is sent to it, and does not answer. Nobody is there to
    // take its place, so what the request finds does not depend on when it comes. The client has
    // asked the primary before: to one that it cannot greet it would send no write.
    const Cluster cluster = Cluster::launched(1, 1);
    Process client({program("client"), "--coordinator", cluster.address(), "--timeout", "1", "-"});
    client.feed("put k before\n");
    REQUIRE(eventually(patience, [&] { return client.out() == "OK, server1\n"; }));
    ::kill(cluster.pid("server1"), SIGSTOP);
    client.feed("put k after\n");
    client.end_input();
    const auto unanswered = client.wait(patience);
    ::kill(cluster.pid("server1"), SIGCONT);
    INFO(client.out() << client.err());
    REQUIRE(unanswered.has_value());
    CHECK(unanswered->code == 4);
    const std::string value = cluster.get("k").value;
    CHECK((value == "before" || value == "after"));
}

TEST_CASE("output that cannot be written is an error, and nothing crashes", "[e2e]") {
    const auto into_full = [](const std::string& command) {
        return run({"/bin/sh", "-c", command + " >/dev/full"});
    };
    const Cluster cluster = Cluster::launched(1, 1);
    const std::string client = program("client") + " --coordinator " + cluster.address();
    for (const char* verb : {" --put k --val v", " --get k", " --ring", " --help"}) {
        const Finished finished = into_full(client + verb);
        INFO(verb << ": " << finished.err);
        CHECK(finished.code == 4);
        CHECK(finished.err ==
              "client: what it has to say cannot be written: No space left on device\n");
    }
    CHECK(cluster.get("k").value == "v");
    CHECK(into_full(program("kvnode") + " --help").code == 3);
    CHECK(into_full(program("coordinator") + " --help").code == 3);
}

TEST_CASE("a trace is compared with what it expects", "[e2e]") {
    const Cluster cluster = Cluster::launched(3, 2);
    const auto trace = [&](const std::string& lines) {
        return run({program("client"), "--coordinator", cluster.address(), "--trace", "/dev/stdin"},
                   lines);
    };
    const Finished right = trace("put a 1 -> OK\nget a -> 1\ndel a -> OK\nget a -> not found\n");
    INFO(right.out << right.err);
    CHECK(right.code == 0);
    const Finished wrong = trace("put a 1 -> OK\nget a -> 2\n");
    INFO(wrong.out << wrong.err);
    CHECK(wrong.code == 1);
    CHECK((wrong.out + wrong.err).find("expected 2, got 1") != std::string::npos);
}

TEST_CASE("in a stream, not found and false conditions are answers", "[e2e]") {
    const Cluster cluster = Cluster::launched(1, 1);
    const auto stream = [&](const std::string& lines) {
        return run({program("client"), "--coordinator", cluster.address(), "-"}, lines);
    };
    check(stream("put a 1\nget a\n"), 0, "OK, server1\na, 1, server1\n");
    const Finished negative = stream("get nobody\nput a 2 if-absent\nget a\n");
    check(negative, 1, "not found\ncondition false\na, 1, server1\n");
    CHECK(negative.err == "client: of 3 operations 1 not found, 1 condition false\n");
}

TEST_CASE("the client's --wait says how many copies there are where they are fewer than wanted",
          "[e2e]") {
    const Cluster cluster = Cluster::launched(1, 2);
    const Finished waited = cluster.client({"--wait"});
    INFO(waited.out << waited.err);
    CHECK(waited.code == 0);
    CHECK(waited.out.starts_with(
        "every partition has 1 copy; 2 are wanted, but there is 1 node; epoch "));
}

TEST_CASE("a node with a name that no ring takes says so and does not start", "[e2e]") {
    for (const std::string& name : {std::string(65, 'x'), std::string("a\nb")}) {
        for (const char* how : {"--bootstrap", "--seed=127.0.0.1:9"}) {
            const Finished refused = run({program("kvnode"), how, "--name", name});
            CHECK(refused.code == 2);
            CHECK(refused.err.find("--name") != std::string::npos);
        }
    }
}

TEST_CASE("nodes say what they wait for and what is taken", "[e2e]") {
    const std::string port = std::to_string(free_port());
    // Nobody there yet: it says so, and joins when somebody is.
    Process node({program("kvnode"), "--seed", "127.0.0.1:" + port});
    CHECK(eventually(patience, [&] {
        return (node.out() + node.err()).find("127.0.0.1:" + port) != std::string::npos;
    }));
    Process coordinator({program("coordinator"), "--port", port, "--rep", "1"});
    CHECK(eventually(patience, [&] {
        return run({program("client"), "--coordinator", "127.0.0.1:" + port, "--ring"})
                   .out.find("server1") != std::string::npos;
    }));
    // A port that was asked for and is taken.
    const Finished taken = run({program("kvnode"), "--seed", "127.0.0.1:" + port, "--port", port});
    check(taken, 3, "");
    CHECK(taken.err.find(port) != std::string::npos);
}
