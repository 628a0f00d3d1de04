// The bench program: what it counts, not how fast it is.
#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "e2e/cluster.h"

using namespace grapevine::e2e;

namespace {

namespace fs = std::filesystem;

constexpr Wait bench_patience = 120s;

std::string text_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// A folder that is the bench's folder for temporary files too, so that what it leaves is seen.
class Folder {
public:
    Folder() : path_(fs::temp_directory_path() / ("grapevine-bench-test-" + unique())) {
        fs::create_directory(path_);
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }
    [[nodiscard]] std::set<std::string> names() const {
        std::set<std::string> names;
        for (const auto& entry : fs::directory_iterator(path_))
            names.insert(entry.path().filename());
        return names;
    }

    // The program with this folder for temporary files, and what else of its environment differs.
    [[nodiscard]] std::vector<std::string> bench(std::vector<std::string> arguments,
                                                 const std::string& variable = "LANG=C") const {
        arguments.insert(arguments.begin(),
                         {"/usr/bin/env", variable, "TMPDIR=" + path_.string(), program("bench")});
        return arguments;
    }

    // The programs that run in the folder or have it for temporary files, but for `except`.
    [[nodiscard]] std::vector<std::string> processes(pid_t except = 0) const {
        std::vector<std::string> found;
        for (const auto& entry : fs::directory_iterator("/proc")) {
            const std::string pid = entry.path().filename();
            if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
            if (pid == std::to_string(except)) continue;
            std::error_code gone;
            const std::string where = fs::read_symlink(entry.path() / "cwd", gone);
            const std::string with = where + text_of(entry.path() / "environ");
            if (with.find(path_) == std::string::npos) continue;
            found.push_back(text_of(entry.path() / "cmdline"));
        }
        return found;
    }

private:
    static std::string unique() { return std::to_string(free_port()); }
    fs::path path_;
};

std::vector<std::string> split(const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream in(line);
    for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
    return cells;
}

// The rows of a CSV file by the names of its columns.
using CsvRow = std::map<std::string, std::string>;
std::vector<CsvRow> rows_of(const std::string& path) {
    std::ifstream file(path);
    std::vector<std::string> head;
    std::vector<CsvRow> rows;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("#")) continue;
        const auto cells = split(line);
        if (head.empty()) {
            head = cells;
            continue;
        }
        REQUIRE(cells.size() == head.size());
        CsvRow row;
        for (std::size_t i = 0; i < head.size(); ++i) row[head[i]] = cells[i];
        rows.push_back(row);
    }
    return rows;
}

// And says that the test is skipped.
bool lacks_redis() {
    if (run({"/usr/bin/env", "redis-server", "--version"}).code == 0) return false;
    WARN("SKIPPED: redis-server is not installed");
    return true;
}

std::uint64_t number(const CsvRow& row, const std::string& column) {
    return std::stoull(row.at(column));
}

void check_load(const CsvRow& row) {
    CHECK(row.at("failed") == "0");
    CHECK(number(row, "gets") > 0);
    CHECK(number(row, "puts") > 0);
    CHECK(number(row, "p50_us") <= number(row, "p99_us"));
    CHECK(number(row, "p99_us") <= number(row, "max_us"));
    CHECK(std::stod(row.at("rss_mb")) > 0);
}

}  // namespace

TEST_CASE("bench rebalance measures a join and a leave, and leaves nothing behind", "[e2e]") {
    const Folder folder;
    const auto done = run(folder.bench({"rebalance",
                                        "--nodes",
                                        "2",
                                        "--rep",
                                        "1",
                                        "--partitions",
                                        "64",
                                        "--keys",
                                        "640",
                                        "--value-size",
                                        "100",
                                        "--clients",
                                        "2",
                                        "--depth",
                                        "4",
                                        "--rounds",
                                        "1",
                                        "--seconds",
                                        "0.2",
                                        "--csv",
                                        folder.file("out.csv")}),
                          {}, bench_patience);
    INFO(done.out << done.err);
    REQUIRE(done.code == 0);
    CHECK(done.err.empty());
    CHECK(folder.names() == std::set<std::string>{"out.csv"});

    const auto rows = rows_of(folder.file("out.csv"));
    std::string phases;
    for (const CsvRow& row : rows) {
        INFO(row.at("phase"));
        phases += row.at("phase") + " ";
        check_load(row);
        const bool moves = row.at("phase") != "steady";
        CHECK((number(row, "rings") > 0) == moves);
    }
    REQUIRE(phases == "steady join steady leave steady ");
    // A third of 64 partitions goes to the third node, and back.
    for (const std::size_t i : {1, 3}) {
        CHECK(number(rows[i], "moved_partitions") >= 21);
        CHECK(number(rows[i], "moved_partitions") <= 32);
        CHECK(number(rows[i], "moved_keys") > 0);
        CHECK(number(rows[i], "moved_keys") < 640);
    }
    CHECK(rows[1].at("moved_keys") == rows[3].at("moved_keys"));
    CHECK(done.out.find("join: throughput at least 70 %: ") != std::string::npos);
}

TEST_CASE("bench rebalance on a running cluster leaves it as it was", "[e2e]") {
    Cluster cluster = Cluster::by_hand(2, 1);
    cluster.put("mine", "value");
    const Folder folder;
    const auto done =
        run(folder.bench({"rebalance", "--coordinator", cluster.address(), "--keys", "500",
                          "--value-size", "100", "--clients", "1", "--rate", "500", "--rounds", "1",
                          "--seconds", "0.2", "--csv", folder.file("out.csv")}),
            {}, bench_patience);
    INFO(done.out << done.err);
    REQUIRE(done.code == 0);
    CHECK(rows_of(folder.file("out.csv")).size() == 5);
    CHECK(cluster.table().size() == 2);
    CHECK(cluster.get("mine").value == "value");
    CHECK(cluster.client({"--get", "bench0"}).code == 1);
    CHECK(cluster.client({"--get", "bench499"}).code == 1);
}

TEST_CASE("bench throughput counts what it was told to", "[e2e]") {
    const Folder folder;
    const auto done =
        run(folder.bench({"throughput", "--nodes", "2", "--rep", "1,2", "--ops", "2000", "--keys",
                          "100", "--rounds", "2", "--csv", folder.file("out.csv")}),
            {}, bench_patience);
    INFO(done.out << done.err);
    REQUIRE(done.code == 0);
    const auto rows = rows_of(folder.file("out.csv"));
    std::string phases;
    for (const CsvRow& row : rows) {
        phases += row.at("phase") + "," + row.at("round") + " ";
        check_load(row);
        CHECK(number(row, "gets") + number(row, "puts") == 2000);
        CHECK(row.at("moved_keys") == "0");
    }
    CHECK(phases == "rep 1,1 rep 1,2 rep 2,1 rep 2,2 ");
    CHECK(folder.names() == std::set<std::string>{"out.csv"});
}

TEST_CASE("bench compare loads both in turn, and leaves nothing behind", "[e2e]") {
    if (lacks_redis()) return;
    const Folder folder;
    const auto done =
        run(folder.bench({"compare", "--against", "redis", "--nodes", "3", "--rep", "1,2",
                          "--depth", "1,4", "--connections", "6", "--keys", "100", "--ops", "400",
                          "--rounds", "2", "--csv", folder.file("out.csv")}),
            {}, bench_patience);
    INFO(done.out << done.err);
    REQUIRE(done.code == 0);
    CHECK(done.err.empty());
    CHECK(folder.names() == std::set<std::string>{"out.csv"});
    CHECK(folder.processes() == std::vector<std::string>{});
    CHECK(done.out.find("3 nodes, --rep 2 against Redis") != std::string::npos);
    CHECK(done.out.find("as a cluster, 3 masters, 3 replicas") != std::string::npos);
    const std::string file = text_of(folder.file("out.csv"));
    CHECK(file.find("\n# Grapevine, 3 nodes, --rep 2 against Redis ") != std::string::npos);

    const auto rows = rows_of(folder.file("out.csv"));
    std::string told;
    for (const CsvRow& row : rows) {
        check_load(row);
        CHECK(number(row, "gets") + number(row, "puts") == 400);
        CHECK(number(row, "get_p99_us") > 0);
        CHECK(number(row, "put_p99_us") > 0);
        if (row.at("round") == "1" && row.at("phase") == "redis") {
            told += row.at("rep") + " " + row.at("against") + " " + row.at("depth") + "\n";
        }
    }
    CHECK(told ==
          "1 redis without copies 1\n1 redis without copies 4\n"
          "2 redis asynchronous 1\n2 redis asynchronous 4\n"
          "2 redis WAIT 1 1\n2 redis WAIT 1 4\n");
    REQUIRE(rows.size() == 6 * 4);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(rows[i].at("phase") == (i % 2 == 0 ? "grapevine" : "redis"));
    }
}

TEST_CASE("bench compare loads both at a fixed rate", "[e2e]") {
    if (lacks_redis()) return;
    const Folder folder;
    const auto done =
        run(folder.bench({"compare", "--against", "redis", "--nodes", "3", "--rep", "1", "--rate",
                          "500,1000", "--connections", "6", "--keys", "100", "--ops", "300",
                          "--rounds", "1", "--csv", folder.file("out.csv")}),
            {}, bench_patience);
    INFO(done.out << done.err);
    REQUIRE(done.code == 0);
    CHECK(folder.processes() == std::vector<std::string>{});
    CHECK(done.out.find("p99, other / Grapevine") != std::string::npos);
    const auto rows = rows_of(folder.file("out.csv"));
    REQUIRE(rows.size() == 4);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::uint64_t rate = i < 2 ? 500 : 1000;
        CHECK(number(rows[i], "rate") == rate);
        CHECK(number(rows[i], "gets") + number(rows[i], "puts") == 300);
        CHECK(number(rows[i], "ops_per_s") <= rate + rate / 20);  // not before they are due
        CHECK(number(rows[i], "late_max_us") > 0);
    }
}

TEST_CASE("bench compare loads both for as long at each depth", "[e2e]") {
    if (lacks_redis()) return;
    const Folder folder;
    const auto done =
        run(folder.bench({"compare", "--against", "redis", "--nodes", "2", "--rep", "1", "--depth",
                          "1,64", "--connections", "4", "--keys", "100", "--seconds", "0.5",
                          "--rounds", "1", "--csv", folder.file("out.csv")}),
            {}, bench_patience);
    INFO(done.out << done.err);
    REQUIRE(done.code == 0);
    const auto rows = rows_of(folder.file("out.csv"));
    REQUIRE(rows.size() == 4);
    for (const CsvRow& row : rows) {
        check_load(row);
        CHECK(std::stod(row.at("seconds")) >= 0.5);
    }
}

TEST_CASE("bench compare says what is not installed", "[e2e]") {
    const Folder folder;
    const auto done = run(folder.bench({"compare", "--against", "redis,etcd"}, "PATH=/nowhere"));
    CHECK(done.code == 3);
    CHECK(done.out.find("\nredis-server is not installed: apt-get install redis-server\n"
                        "etcd is not installed: apt-get install etcd-server\n") !=
          std::string::npos);
    CHECK(done.err == "bench: nothing was there to compare with\n");
}

TEST_CASE("bench compare ends both clusters when it is interrupted", "[e2e]") {
    if (lacks_redis()) return;
    const Folder folder;
    Process bench(folder.bench({"compare", "--against", "redis", "--nodes", "2", "--rep", "1",
                                "--ops", "1000000000", "--keys", "100"}));
    REQUIRE(eventually(patience,
                       [&] { return bench.out().find("against Redis") != std::string::npos; }));
    CHECK(folder.processes(bench.pid()).size() == 5);  // two of Redis, two nodes, a coordinator
    bench.signal(SIGINT);
    const auto status = bench.wait(patience);
    REQUIRE(status);
    CHECK(status->code == 130);
    CHECK(bench.err() == "bench: interrupted\n");
    CHECK(folder.names().empty());
    CHECK(folder.processes() == std::vector<std::string>{});
}

TEST_CASE("bench shows on a terminal how far it is", "[e2e]") {
    const Folder folder;
    std::string line;
    for (const std::string& word :
         folder.bench({"latency", "--nodes", "1", "--rep", "1", "--keys", "100", "--rate", "200",
                       "--seconds", "2", "--rounds", "2"})) {
        line += word + " ";
    }
    const auto done =
        run({"/usr/bin/script", "--quiet", "--return", "--command", line, "/dev/null"}, {},
            bench_patience);
    INFO(done.out << done.err);
    REQUIRE(done.code == 0);
    CHECK(done.out.find("] 0 of 2 rounds; rate 200: warm-up") != std::string::npos);
    CHECK(done.out.find("] 1 of 2 rounds") != std::string::npos);
    // It moves within a round.
    const auto count_of = [&](const std::string& bar) {
        return done.out.find("\r\033[K" + bar) != std::string::npos;
    };
    std::size_t widths = 0;
    for (std::size_t width = 1; width < 15; ++width) {
        if (count_of("[" + std::string(width, '#') + ".")) ++widths;
    }
    CHECK(widths > 2);
    CHECK(done.out.find("s left; rate 200") != std::string::npos);
}

TEST_CASE("bench balance counts every key once", "[e2e]") {
    const Folder folder;
    const auto done = run(folder.bench({"balance", "--nodes", "3", "--rep", "2", "--partitions",
                                        "64", "--keys", "1000", "--csv", folder.file("out.csv")}),
                          {}, bench_patience);
    INFO(done.out << done.err);
    REQUIRE(done.code == 0);
    std::map<std::string, std::uint64_t> keys;
    std::map<std::string, std::uint64_t> partitions;
    const auto rows = rows_of(folder.file("out.csv"));
    for (const CsvRow& row : rows) {
        keys[row.at("keys")] += number(row, "count");
        partitions[row.at("keys")] += number(row, "partitions");
    }
    CHECK(rows.size() == 6);
    CHECK(keys == std::map<std::string, std::uint64_t>{{"numbered", 1000}, {"random", 1000}});
    CHECK(partitions == std::map<std::string, std::uint64_t>{{"numbered", 64}, {"random", 64}});
    CHECK(done.out.find("1000 random keys\n") != std::string::npos);
    CHECK(folder.names() == std::set<std::string>{"out.csv"});
}

TEST_CASE("bench balance takes no key away from a running cluster", "[e2e]") {
    Cluster cluster = Cluster::by_hand(2, 1);
    cluster.put("key0", "mine");
    const auto done =
        run({program("bench"), "balance", "--coordinator", cluster.address(), "--keys", "200"}, {},
            bench_patience);
    INFO(done.out << done.err);
    REQUIRE(done.code == 0);
    CHECK(done.out.find("200 numbered keys\n") != std::string::npos);
    CHECK(cluster.get("key0").value == "mine");
    CHECK(cluster.client({"--get", "bench0"}).code == 1);
}

TEST_CASE("bench latency keeps its rates and tells the distribution", "[e2e]") {
    const Folder folder;
    const auto done =
        run(folder.bench({"latency", "--nodes", "2", "--rep", "2", "--keys", "100", "--rate",
                          "200,400", "--seconds", "0.5", "--rounds", "2", "--clients", "2", "--csv",
                          folder.file("out.csv"), "--percentiles", folder.file("points.csv")}),
            {}, bench_patience);
    INFO(done.out << done.err);
    REQUIRE(done.code == 0);
    std::string phases;
    for (const CsvRow& row : rows_of(folder.file("out.csv"))) {
        phases += row.at("phase") + "," + row.at("round") + " ";
        check_load(row);
        CHECK(number(row, "late_p99_us") <= number(row, "late_max_us"));
    }
    CHECK(phases == "rate 200,1 rate 200,2 rate 400,1 rate 400,2 ");
    std::map<std::string, std::uint64_t> last_us;
    for (const CsvRow& row : rows_of(folder.file("points.csv"))) {
        CHECK(number(row, "us") >= last_us[row.at("load")]);
        last_us[row.at("load")] = number(row, "us");
    }
    CHECK(last_us.size() == 2);
    CHECK(folder.names() == std::set<std::string>{"out.csv", "points.csv"});
}

// What was due in the last round and answered after it was dropped, so that a stall there was not
// seen.
TEST_CASE("bench latency counts what a stall at the end delays", "[e2e]") {
    Cluster cluster = Cluster::without_coordinator(1, 1);
    const Folder folder;
    Process bench(folder.bench({"latency", "--coordinator", cluster.address(), "--keys", "100",
                                "--rate", "200", "--seconds", "3", "--rounds", "1", "--clients",
                                "1", "--csv", folder.file("out.csv")}));
    // When the keys are there: two seconds of warm-up, three of the round. The node stands still at
    // its end, and after it.
    REQUIRE(eventually(bench_patience, [&] {
        const auto ring =
            run({program("client"), "--coordinator", cluster.address(), "--ring", "--json"});
        const auto holds = [&](const char* text) {
            return ring.out.find(text) != std::string::npos;
        };
        return holds("\"keys_held\":100,") || holds("\"keys_held\": 100,");
    }));
    std::this_thread::sleep_for(4500ms);
    kill(cluster.pid("server1"), SIGSTOP);
    std::this_thread::sleep_for(2s);
    kill(cluster.pid("server1"), SIGCONT);
    const auto status = bench.wait(bench_patience);
    INFO(bench.out() << bench.err());
    REQUIRE(status);
    CHECK(status->code == 0);
    const auto rows = rows_of(folder.file("out.csv"));
    REQUIRE(rows.size() == 1);
    CHECK(number(rows[0], "max_us") > 1'000'000);
}

TEST_CASE("bench failover kills nodes and puts new ones in their place", "[e2e]") {
    const Folder folder;
    const auto done =
        run(folder.bench({"failover", "--nodes", "3", "--rep", "2", "--partitions", "64", "--keys",
                          "200", "--rate", "500", "--clients", "2", "--kills", "2", "--csv",
                          folder.file("out.csv"), "--timeline", folder.file("timeline.csv")}),
            {}, bench_patience);
    INFO(done.out << done.err);
    REQUIRE(done.code == 0);
    const auto rows = rows_of(folder.file("out.csv"));
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].at("victim") != rows[1].at("victim"));
    for (const CsvRow& row : rows) {
        // Whoever takes over waits until the dead node's lease has surely ended, 200 ms.
        CHECK(number(row, "gap_us") > 100'000);
        CHECK(number(row, "silence_us") > 100'000);
        CHECK(number(row, "whole_ms") * 1000 >= number(row, "gap_us"));
    }
    std::map<std::string, std::size_t> series;
    for (const CsvRow& row : rows_of(folder.file("timeline.csv"))) ++series[row.at("series")];
    CHECK(series["kill"] >= 1);
    CHECK(series["run"] > 0);
    CHECK(series["around"] == 100);
    CHECK(done.out.find("median at most 300 ms: ") != std::string::npos);
    CHECK(folder.names() == std::set<std::string>{"out.csv", "timeline.csv"});
}

TEST_CASE("bench ycsb reads what it inserts, and deletes it from a running cluster", "[e2e]") {
    Cluster cluster = Cluster::by_hand(2, 2);
    const Folder folder;
    const auto done = run(folder.bench({"ycsb", "--coordinator", cluster.address(), "--workload",
                                        "d,f,a", "--keys", "200", "--ops", "2000", "--rounds", "1",
                                        "--clients", "2", "--csv", folder.file("out.csv")}),
                          {}, bench_patience);
    INFO(done.out << done.err);
    REQUIRE(done.code == 0);
    std::string phases;
    for (const CsvRow& row : rows_of(folder.file("out.csv"))) {
        phases += row.at("phase") + " ";
        check_load(row);
        CHECK(number(row, "gets") + number(row, "puts") == 2000);
    }
    CHECK(phases == "d f a ");
    // d has inserted some hundred.
    for (const std::string key : {"bench0", "bench199", "bench200", "bench260"}) {
        CHECK(cluster.client({"--get", key}).code == 1);
    }
}

TEST_CASE("bench scale has a cluster for each point", "[e2e]") {
    const Folder folder;
    const auto done = run(folder.bench({"scale", "--short", "--vary", "nodes", "--keys", "300",
                                        "--partitions", "64", "--clients", "2", "--rounds", "1",
                                        "--seconds", "0.3", "--csv", folder.file("out.csv")}),
                          {}, bench_patience);
    INFO(done.out << done.err);
    REQUIRE(done.code == 0);
    std::string points;
    for (const CsvRow& row : rows_of(folder.file("out.csv"))) {
        points += row.at("value") + "," + row.at("copies") + " ";
        CHECK(row.at("dimension") == "nodes");
        check_load(row);
    }
    CHECK(points == "1,1 3,3 7,3 ");
    CHECK(done.out.find("nodes 1: --rep 1\n") != std::string::npos);
    CHECK(folder.names() == std::set<std::string>{"out.csv"});
}

TEST_CASE("bench ends all that it started when it is interrupted", "[e2e]") {
    const Folder folder;
    Process bench(folder.bench({"rebalance", "--nodes", "2", "--rep", "1", "--keys", "100",
                                "--seconds", "3600", "--csv", folder.file("out.csv")}));
    // What it starts logs there.
    REQUIRE(eventually(patience, [&] {
        for (const std::string& name : folder.names()) {
            if (fs::exists(fs::path(folder.file(name)) / "server2.log")) return true;
        }
        return false;
    }));
    bench.signal(SIGINT);
    const auto status = bench.wait(patience);
    REQUIRE(status);
    CHECK(status->code == 130);
    CHECK(bench.err() == "bench: interrupted\n");
    CHECK(folder.names() == std::set<std::string>{"out.csv"});
}

TEST_CASE("nothing that bench started outlives it when it is killed", "[e2e]") {
    const Folder folder;
    for (const char* command : {"latency", "failover"}) {  // nodes of a coordinator's, and its own
        INFO(command);
        Process bench(folder.bench({command, "--nodes", "2", "--rep", "2", "--keys", "100"}));
        REQUIRE(eventually(patience, [&] { return folder.processes(bench.pid()).size() == 3; }));
        bench.signal(SIGKILL);
        REQUIRE(bench.wait(patience));
        CHECK(eventually(patience, [&] { return folder.processes().empty(); }));
    }
}

TEST_CASE("bench says soon that no cluster answers", "[e2e]") {
    const auto done = run({program("bench"), "latency", "--coordinator", "127.0.0.1:1"});
    CHECK(done.code == 3);
    CHECK(done.err == "bench: no cluster answers at 127.0.0.1:1: not within 10 s\n");
}

TEST_CASE("bench refuses what makes no sense", "[e2e]") {
    const auto refused = [](std::vector<std::string> arguments, const std::string& why) {
        arguments.insert(arguments.begin(), program("bench"));
        const auto done = run(arguments);
        INFO(done.err);
        CHECK(done.code == 2);
        CHECK(done.out.empty());
        CHECK(done.err.starts_with("bench: "));
        CHECK(done.err.find(why) != std::string::npos);
    };
    refused({}, "see bench --help");
    refused({"nonsense"}, "nonsense; see bench --help");
    refused({"rebalance", "--nodes", "2", "--rep", "3"}, "--rep 3 needs as many nodes, not 2");
    refused({"rebalance", "--backfill-rate", "much"}, "--backfill-rate: ");
    refused({"rebalance", "--seconds", "0"}, "--seconds: ");
    refused({"rebalance", "--rate", "10", "--depth", "2"}, "--depth");
    refused({"rebalance", "--coordinator", "127.0.0.1:7000", "--nodes", "3"}, "--nodes");
    refused({"rebalance", "--csv", "/no/such/folder/x.csv"}, "cannot be written");
    refused({"compare", "--against", "nothing"}, "--against");
    refused({"compare", "--ops", "100", "--seconds", "1"}, "--seconds excludes --ops");
    refused({"compare", "--nodes", "3"}, "--rep 5 needs as many nodes, not 3");
    refused({"compare", "--against", "etcd", "--depth", "16"},
            "etcd is compared at --rep 3 and --depth 1");
    refused({"balance", "--rep", "2", "--nodes", "1"}, "--rep 2 needs as many nodes, not 1");
    refused({"failover", "--rep", "1"}, "dies with its node");
    refused({"failover", "--coordinator", "127.0.0.1:7000"}, "--coordinator");
    refused({"scale", "--vary", "weather"}, "--vary");
    refused({"ycsb", "--workload", "a,e"}, "workload e needs scans");
    refused({"throughput", "--rep", "1,9"}, "--rep 9 needs as many nodes, not 7");
}
