// The client library in a program with threads, while nodes die.
#include <catch2/catch.hpp>
#include <csignal>
#include <deque>
#include <future>
#include <mutex>
#include <string>
#include <thread>

#include "api/public.h"
#include "e2e/cluster.h"

using namespace grapevine;
using namespace grapevine::e2e;
using v1::Code;

namespace {

std::unique_ptr<v1::Client> open(const Cluster& cluster) {
    v1::Options options;
    options.seeds = cluster.address();
    // As long as a test waits for anything: what fails then is not the machine's slowness.
    options.deadline = patience;
    auto [client, error] = v1::Client::open(options);
    INFO(error);
    REQUIRE(client != nullptr);
    return std::move(client);
}

// What threads found to be wrong.
class Findings {
public:
    void add(const std::string& what, const v1::Result& result) {
        const std::lock_guard lock(mutex_);
        found_ += what + ": " + v1::to_string(result.code) + " " + result.value + " " +
                  result.message + "\n";
    }
    [[nodiscard]] std::string text() {
        const std::lock_guard lock(mutex_);
        return found_;
    }

private:
    std::mutex mutex_;
    std::string found_;
};

// One thread's own key: each write is followed by a read, which returns it.
class Writer {
public:
    Writer(v1::Client& client, std::string key, Findings& findings)
        : client_(client), key_(std::move(key)), findings_(findings) {}

    void step() {
        const std::string next = std::to_string(++number_);
        const v1::Result written = client_.put(key_, next);
        if (!written.ok()) return findings_.add("write", written);
        const v1::Result read = client_.get(key_);
        if (read.value != next) return findings_.add("read after " + next, read);
        ++steps;
    }

    std::atomic<int> steps = 0;

private:
    v1::Client& client_;
    std::string key_;
    Findings& findings_;
    int number_ = 0;
};

}  // namespace

TEST_CASE("the library's threads go on while a node dies", "[e2e]") {
    Cluster cluster = Cluster::launched(4, 3);
    auto client = open(cluster);
    Findings findings;
    std::atomic<bool> ending = false;
    std::deque<Writer> writers;
    std::deque<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        Writer& writer = writers.emplace_back(*client, "key" + std::to_string(i), findings);
        threads.emplace_back([&] {
            while (!ending && findings.text().empty()) writer.step();
        });
    }
    // Every thread gets so much further.
    const auto all_go_on = [&] {
        std::vector<int> from;
        for (const Writer& writer : writers) from.push_back(writer.steps);
        return eventually(patience, [&] {
            for (std::size_t i = 0; i < from.size(); ++i) {
                if (writers[i].steps < from[i] + 20) return !findings.text().empty();
            }
            return true;
        });
    };
    CHECK(all_go_on());
    cluster.kill_now("server2");
    CHECK(all_go_on());
    cluster.kill_now("server3");
    CHECK(all_go_on());
    ending = true;
    for (std::thread& thread : threads) thread.join();
    CHECK(findings.text().empty());
}

TEST_CASE("what the library has under way when it ends is told so", "[e2e]") {
    const Cluster cluster = Cluster::launched(1, 1);
    auto client = open(cluster);
    REQUIRE(client->put("k", "before").ok());
    // It takes what is sent, and does not answer.
    ::kill(cluster.pid("server1"), SIGSTOP);
    auto write = client->submit(v1::Operation::put("k", "after"));
    auto read = client->submit(v1::Operation::get("k"));
    // In a callback, so that what was submitted before has been handed over.
    std::promise<void> handed_over;
    REQUIRE_FALSE(client->submit(v1::Operation::get("k").within(1ms),
                                 [&](const v1::Result&) { handed_over.set_value(); }));
    handed_over.get_future().wait();
    client.reset();
    ::kill(cluster.pid("server1"), SIGCONT);
    CHECK(write.get().code == Code::unknown);
    CHECK(read.get().code == Code::ended);
    client = open(cluster);
    const auto value = client->get("k").value;
    CHECK((value == "before" || value == "after"));
}
