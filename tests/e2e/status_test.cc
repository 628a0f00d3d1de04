// What the client says of a cluster as a whole: --status, --history, --ring while copies are made.
#include <catch2/catch.hpp>
#include <string>

#include "e2e/cluster.h"

namespace grapevine::e2e {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the status is healthy, and after a death tells of the repair until it is again",
          "[e2e]") {
    // So slow that the repair is there to be seen: 4 MB to copy, 0.5 MB/s from each of four.
    Cluster cluster = Cluster::launched(5, 3, {"--backfill-rate", "0.5", "--partitions", "64"});
    std::string lines;
    for (int i = 0; i < 200; ++i) {
        lines += "put key" + std::to_string(i) + " " + std::string(30'000, 'x') + "\n";
    }
    CHECK(run({program("client"), "--coordinator", cluster.address(), "-"}, lines).code == 0);

    Finished status = cluster.client({"--status"});
    INFO(status.out << status.err);
    CHECK(status.code == 0);
    CHECK(status.out.starts_with(
        "healthy, survives 2 simultaneous deaths; every partition has its 3 copies; epoch "));

    cluster.kill("server2");
    std::string seen;
    const bool repairs = eventually(patience, [&] {
        status = cluster.client({"--status"});
        seen += status.out;
        return contains(status.out, "repairing, survives 1 simultaneous death; epoch ") &&
               contains(status.out, "of 64 partitions have 2 of 3 copies, ") &&
               contains(status.out, " s left");
    });
    INFO(seen);
    CHECK(repairs);
    CHECK(status.code == 1);
    const std::string table = cluster.client({"--ring"}).out;
    INFO(table);
    CHECK(contains(table, "to receive"));
    CHECK(contains(table, " MB/s, "));
    const Finished json = cluster.client({"--status", "--json"});
    CHECK(json.code == 1);
    CHECK(json.out.starts_with(R"({"verdict": "repairing", "reasons": [")"));

    cluster.wait_until_replicated();
    status = cluster.client({"--status"});
    INFO(status.out);
    CHECK(status.code == 0);
    CHECK(status.out.starts_with("healthy, survives 2 simultaneous deaths"));

    const Finished history = cluster.client({"--history"});
    INFO(history.out << history.err);
    CHECK(history.code == 0);
    CHECK(contains(history.out, "server2 is out (process gone), "));
    CHECK(history.out.starts_with("epoch  ago"));
    CHECK(cluster.client({"--history", "--json"}).out.starts_with(R"([{"epoch": 1, "ago_ms": )"));
    CHECK(cluster.client({"--ring", "--json"}).out.starts_with(R"({"epoch": )"));
}

TEST_CASE("nodes that are full refuse what adds to them, and go on with the rest", "[e2e]") {
    const Cluster cluster = Cluster::launched(3, 3, {"--max-memory", "1M", "--partitions", "16"});
    // Each primary alone is asked for more than fits, and knows only later of what others let in.
    std::string puts;
    std::string erases;
    for (int i = 0; i < 300; ++i) {
        const std::string key = "key" + std::to_string(i);
        puts += "put " + key + " " + std::string(20'000, 'x') + "\n";
        if (i > 0) erases += "del " + key + "\n";
    }
    const auto stream_of = [&](const std::string& lines) {
        return run({program("client"), "--coordinator", cluster.address(), "-"}, lines);
    };
    const Finished stream = stream_of(puts);
    CHECK(stream.code == 3);
    CHECK(contains(stream.out, "OK, server"));
    CHECK(contains(stream.out, "full\n"));

    const Finished refused = cluster.client({"--put", "more", "--val", std::string(50'000, 'x')});
    CHECK(refused.code == 3);
    CHECK(contains(refused.err, "has no memory left for it; nothing was changed; delete keys"));
    CHECK(cluster.get("key0").value == std::string(20'000, 'x'));
    const Finished status = cluster.client({"--status"});
    INFO(status.out);
    CHECK(status.code == 1);
    CHECK(status.out.starts_with(
        "degraded, survives 2 simultaneous deaths of nodes, or the coordinator's alone; epoch "));
    CHECK(contains(status.out, " of 1.0 MiB; what would add to them is refused when it is full"));
    CHECK(stream_of(erases).code == 1);  // some were never written
    // What is deleted is gone from the other copies when they learn that it is committed.
    CHECK(eventually(patience, [&] {
        return cluster.client({"--put", "more", "--val", std::string(50'000, 'x')}).code == 0;
    }));
}

TEST_CASE("options whose value is empty are refused by name", "[e2e]") {
    const auto refused = [](const char* name, const std::string& option,
                            const std::vector<std::string>& beside = {}) {
        INFO(name << " " << option);
        std::vector<std::string> words{program(name), option, ""};
        words.insert(words.end(), beside.begin(), beside.end());
        const Finished ended = run(words);
        CHECK(ended.code == 2);
        CHECK(contains(ended.err, option));
        CHECK(contains(ended.err, "empty"));
    };
    for (const char* option : {"--seed", "--advertise", "--listen", "--log-level"}) {
        refused("kvnode", option);
        refused("coordinator", option);
    }
    for (const char* option : {"--max-memory", "--backfill-rate", "--redirect"}) {
        refused("kvnode", option);
        refused("coordinator", option, {"--nodes", "1"});
    }
    for (const char* option : {"--zone", "--name"}) refused("kvnode", option);
    for (const char* option : {"--data-dir", "--log-dir"}) refused("coordinator", option);
    refused("coordinator", "--kvnode", {"--nodes", "1"});
    for (const char* option : {"--coordinator", "--pid", "--leave"}) refused("client", option);
}

TEST_CASE("the ring tells of votes, zones and weights, and what two nodes cannot survive",
          "[e2e]") {
    const Cluster cluster =
        Cluster::without_coordinator(2, {{"--zone", "rack1", "--weight", "2.5"}, {}});
    const std::string table = cluster.client({"--ring"}).out;
    INFO(table);
    CHECK(contains(table, " votes  zone   weight  to receive\n"));
    CHECK(contains(table, "rack1  2.5 "));
    const Finished status = cluster.client({"--status"});
    INFO(status.out);
    CHECK(status.code == 1);
    CHECK(contains(status.out, "degraded, survives 0 simultaneous deaths; epoch "));
    CHECK(contains(status.out, "no death is survived, because server"));
    CHECK(contains(cluster.client({"--status", "--json"}).out, "has the only vote"));
}

TEST_CASE("a rate that is none, and --json without a question, are refused", "[e2e]") {
    for (const auto& command :
         {std::vector<std::string>{program("kvnode")}, {program("coordinator"), "--nodes", "1"}}) {
        std::vector<std::string> words = command;
        words.insert(words.end(), {"--backfill-rate", "0"});
        const Finished refused = run(words);
        CHECK(refused.code == 2);
        CHECK(contains(refused.err, "\"0\" is not a number of MB/s"));
    }
    // What is for launched nodes is for nobody where none is launched.
    for (const char* option : {"--respawn", "--max-memory=1G", "--redirect=proxy"}) {
        const Finished alone = run({program("coordinator"), option});
        CHECK(alone.code == 2);
        CHECK(contains(alone.err, "--nodes"));
    }
    const Finished deadline =
        run({program("coordinator"), "--seed", "127.0.0.1:1", "--wait-deadline", "2"});
    CHECK(deadline.code == 2);
    const Finished absent =
        run({program("coordinator"), "--nodes", "1", "--kvnode", "/nonexistent"});
    CHECK(absent.code == 2);
    CHECK(contains(absent.err, "/nonexistent cannot be executed: No such file"));
    const Finished blank = run({program("kvnode"), "--name", "a b"});
    CHECK(blank.code == 2);
    CHECK(contains(blank.err, "--name: \"a b\" is not a name"));
    const Finished refused = run({program("client"), "--json", "--get", "k"});
    CHECK(refused.code == 2);
    CHECK(contains(refused.err, "--json goes with --ring, --status and --history"));
}

}  // namespace grapevine::e2e
