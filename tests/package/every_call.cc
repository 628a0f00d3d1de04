// usage: every_call SEEDS. Uses the whole interface against a cluster, as a program elsewhere
// would. Prints the first thing that is not as documented and ends with 1.
#include <grapevine/client.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>
#include <vector>

namespace {

void expect(bool condition, const char* what, const grapevine::Result& result = {}) {
    if (condition) return;
    std::fprintf(stderr, "not so: %s (%s, \"%s\")\n", what, grapevine::to_string(result.code),
                 result.message.c_str());
    std::exit(1);
}

#define EXPECT_CODE(result, wanted) \
    expect((result).code == grapevine::Code::wanted, #result " is " #wanted, result)

void blocking(grapevine::Client& client) {
    const auto first = client.put("key1", "value1");
    EXPECT_CODE(first, ok);
    expect(!first.server.empty(), "a node's name comes with an answer");
    const auto read = client.get("key1", std::chrono::seconds(10));
    EXPECT_CODE(read, ok);
    expect(read.value == "value1", "a read returns what was written");
    expect(read.version == first.version, "and its version");

    const auto absent = client.put_if_absent("key1", "other");
    EXPECT_CODE(absent, condition_failed);
    expect(absent.version == first.version, "the version that is there is told");
    const auto second = client.put_if_version("key1", "value2", first.version);
    EXPECT_CODE(second, ok);
    expect(first.version < second.version, "versions grow");
    const auto stale = client.put_if_version("key1", "value3", first.version);
    EXPECT_CODE(stale, condition_failed);
    const auto kept = client.erase_if_version("key1", first.version);
    EXPECT_CODE(kept, condition_failed);
    const auto erased = client.erase_if_version("key1", second.version);
    EXPECT_CODE(erased, ok);
    const auto gone = client.get("key1");
    EXPECT_CODE(gone, not_found);
    const auto none = client.erase("key1");
    EXPECT_CODE(none, not_found);
    const auto created = client.put_if_absent("key1", "again");
    EXPECT_CODE(created, ok);

    const std::string bytes("\0\n\xff any", 7);
    const auto binary = client.put(bytes, bytes);
    EXPECT_CODE(binary, ok);
    const auto same = client.get(bytes);
    expect(same.value == bytes, "keys and values are any bytes", same);
    const auto large = client.put("k", std::string(grapevine::value_size_max + 1, 'v'));
    EXPECT_CODE(large, invalid);
}

void pipelined(grapevine::Client& client) {
    std::vector<std::future<grapevine::Result>> writes;
    for (int i = 0; i < 1000; ++i) {
        const std::string number = std::to_string(i);
        writes.push_back(client.submit(grapevine::Operation::put("many" + number, number)));
    }
    for (auto& write : writes) {
        const auto result = write.get();
        EXPECT_CODE(result, ok);
    }
    std::atomic<int> right{0};
    std::promise<void> all;
    for (int i = 0; i < 1000; ++i) {
        const std::string number = std::to_string(i);
        const auto refused = client.submit(grapevine::Operation::get("many" + number),
                                           [&, number](const grapevine::Result& result) {
                                               expect(result.value == number, "a read", result);
                                               if (++right == 1000) all.set_value();
                                           });
        expect(!refused, "a callback was taken");
    }
    all.get_future().wait();
}

// Many threads count the same number up: none is lost, by conditions on its version.
void counted(grapevine::Client& client) {
    const auto begun = client.put("counter", "0");
    EXPECT_CODE(begun, ok);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&client] {
            for (int done = 0; done < 25;) {
                const auto read = client.get("counter");
                EXPECT_CODE(read, ok);
                const auto next = std::to_string(std::stoi(read.value) + 1);
                const auto written = client.put_if_version("counter", next, read.version);
                if (written.ok()) {
                    ++done;
                } else {
                    EXPECT_CODE(written, condition_failed);
                }
            }
        });
    }
    for (auto& thread : threads) thread.join();
    const auto sum = client.get("counter");
    expect(sum.value == "100", "every count is there", sum);
}

void callbacks(grapevine::Client& client) {
    std::promise<grapevine::Result> inside;
    const auto refused =
        client.submit(grapevine::Operation::get("key1").within(std::chrono::seconds(10)),
                      [&](const grapevine::Result&) { inside.set_value(client.get("key1")); });
    expect(!refused, "a callback was taken");
    const auto result = inside.get_future().get();
    EXPECT_CODE(result, invalid);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    grapevine::Options options;
    options.seeds = argv[1];
    options.deadline = std::chrono::seconds(20);
    options.connections = 2;
    auto [client, error] = grapevine::Client::open(options);
    if (client == nullptr) {
        std::fprintf(stderr, "%s\n", error.c_str());
        return 1;
    }
    blocking(*client);
    pipelined(*client);
    counted(*client);
    callbacks(*client);
    expect(client->in_flight() == 0, "nothing is left");
    std::puts("all as documented");
    return 0;
}
