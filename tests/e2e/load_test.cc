// Nodes die while eight clients write at full speed: every acknowledged write is read back, and no
// shared key ever goes backwards.
#include <catch2/catch.hpp>
#include <csignal>
#include <deque>

#include "e2e/cluster.h"
#include "e2e/load.h"

using namespace grapevine;
using namespace grapevine::e2e;

namespace {

// How two of seven nodes go while the clients write.
using Blow = std::function<void(Cluster&, Loop&)>;

void kill_two_at_once(Cluster& cluster, Loop&) {
    cluster.kill_now(std::vector<std::string>{"server2", "server6"});
}

// The second one dies in the middle of the first one's failover.
void kill_two_in_a_row(Cluster& cluster, Loop& loop) {
    cluster.kill_now("server1");
    run_for(loop, 100ms);
    cluster.kill_now("server4");
}

// The second one dies while the first one's partitions are backfilled.
void kill_one_during_repair(Cluster& cluster, Loop& loop) {
    cluster.kill_now("server7");
    run_for(loop, 600ms);
    cluster.kill_now("server3");
}

// Stopped long enough to lose its place; then it goes on, with all that it believed.
void stop_one_and_kill_one(Cluster& cluster, Loop& loop) {
    ::kill(cluster.pid("server5"), SIGSTOP);
    run_for(loop, 100ms);
    cluster.kill_now("server2");
    run_for(loop, 1500ms);
    ::kill(cluster.pid("server5"), SIGCONT);
}

void kill_one_and_the_coordinator(Cluster& cluster, Loop&) {
    cluster.coordinator().signal(SIGKILL);
    cluster.kill_now("server6");
}

// One by the client program, one by its signal. They end by themselves.
void two_leave(Cluster& cluster, Loop& loop) {
    Process client({program("client"), "--coordinator", cluster.address(), "--leave", "server2"});
    REQUIRE(::kill(cluster.pid("server6"), SIGTERM) == 0);
    CHECK(run_until(loop, patience, [&] {
        return client.ended() && !is_running(cluster.pid("server2")) &&
               !is_running(cluster.pid("server6"));
    }));
    INFO(client.err());
    CHECK(client.wait(1s)->code == 0);
    CHECK(cluster.table().size() == 5);
}

// `survivor`: a node that the blow spares.
void round(const Blow& blow, const std::string& survivor) {
    Cluster cluster = Cluster::launched(7, 3);
    const Address seed = parse_address(cluster.address()).value();
    Loop loop;
    Book book(5);
    std::deque<LoadClient> clients;
    for (int i = 0; i < 8; ++i) {
        clients.emplace_back(loop, seed, "client" + std::to_string(i), book);
    }
    for (LoadClient& client : clients) client.begin();
    // Busy on both sides of the blow, however slow the machine is.
    const auto written = [&](std::size_t more) {
        const std::size_t begin = book.unique_keys().size();
        run_for(loop, 500ms);
        return run_until(loop, 60s, [&] { return book.unique_keys().size() >= begin + more; });
    };
    CHECK(written(500));
    const std::size_t before = book.unique_keys().size();
    blow(cluster, loop);
    run_for(loop, 500ms);
    CHECK(written(500));
    for (LoadClient& client : clients) client.end();
    const bool all_answered = run_until(loop, 60s, [&] {
        return std::all_of(clients.begin(), clients.end(),
                           [](const LoadClient& client) { return client.idle(); });
    });
    const std::size_t acknowledged = book.unique_keys().size();
    INFO(before << " unique keys written before, " << acknowledged << " in all");
    CHECK(all_answered);
    // A handle that comes later asks a node, because the coordinator may be gone.
    const Address node = parse_address(cluster.address_of(survivor)).value();
    CHECK(read_back(loop, node, book, 60s));
    INFO(book.broken().size() << " promises broken");
    CHECK(book.first_broken().empty());
}

}  // namespace

TEST_CASE("under load: two nodes are killed at once", "[e2e]") {
    round(kill_two_at_once, "server1");
}

TEST_CASE("under load: a second node is killed during the failover of the first", "[e2e]") {
    round(kill_two_in_a_row, "server2");
}

TEST_CASE("under load: a second node is killed during the repair of the first", "[e2e]") {
    round(kill_one_during_repair, "server1");
}

TEST_CASE("under load: one node is stopped for a while and another is killed", "[e2e]") {
    round(stop_one_and_kill_one, "server1");
}

TEST_CASE("under load: the coordinator and a node are killed at once", "[e2e]") {
    round(kill_one_and_the_coordinator, "server1");
}

TEST_CASE("under load: two nodes leave", "[e2e]") {
    round(two_leave, "server1");
}
