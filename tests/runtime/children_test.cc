#include "runtime/children.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "runtime/socket_fixture.h"
#include "runtime/system.h"

namespace grapevine {
namespace {

struct End {
    std::string name;
    int status = 0;
    int signal = 0;
};

// A file for one child's output, removed at the end.
struct LogFile {
    LogFile() : path((std::filesystem::temp_directory_path() / "children_test-XXXXXX").string()) {
        close(mkstemp(path.data()));
    }
    ~LogFile() { std::filesystem::remove(path); }
    [[nodiscard]] std::string contents() const {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    std::string path;
};

}  // namespace

TEST_CASE("how a child ended is told, and what it said is in its log") {
    Loop loop;
    std::vector<End> ends;
    Children children(loop, [&](const std::string& name, int status, int signal) {
        ends.push_back({name, status, signal});
    });
    const LogFile log;
    REQUIRE(children.start("one", {"/bin/sh", "-c", "echo out; echo err >&2; exit 3"}, log.path));
    REQUIRE(run_until(loop, [&] { return ends.size() == 1; }));
    CHECK(ends[0].name == "one");
    CHECK(ends[0].status == 3);
    CHECK(ends[0].signal == 0);
    CHECK(log.contents() == "out\nerr\n");

    REQUIRE(children.start("two", {"/bin/sleep", "60"}, log.path));
    children.signal("two", SIGKILL);
    REQUIRE(run_until(loop, [&] { return ends.size() == 2; }));
    CHECK(ends[1].signal == SIGKILL);
}

TEST_CASE("a child leads a process group of its own") {
    Loop loop;
    bool ended = false;
    Children children(loop, [&](const std::string&, int, int) { ended = true; });
    const LogFile log;
    const auto pid = children.start("one", {"/bin/sleep", "60"}, log.path);
    REQUIRE(pid.has_value());
    CHECK(getpgid(*pid) == *pid);
    CHECK(getpgid(*pid) != getpgid(0));
    children.signal("one", SIGTERM);
    CHECK(run_until(loop, [&] { return ended; }));
}

namespace {

// In a child of this process, which is killed when it has started one of its own; whether that one
// lives on.
bool outlives_parent(int orphaned) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t parent = fork();
    if (parent == 0) {
        Loop loop;
        Children children(loop, [](const std::string&, int, int) {}, orphaned);
        const int pid = children.start("one", {"/bin/sleep", "60"}, "/dev/null").value_or(0);
        (void)!write(ends[1], &pid, sizeof pid);
        pause();
    }
    int pid = 0;
    const bool is_told = read(ends[0], &pid, sizeof pid) == sizeof pid;
    close(ends[0]);
    close(ends[1]);
    kill(parent, SIGKILL);
    waitpid(parent, nullptr, 0);
    REQUIRE(is_told);
    REQUIRE(pid > 0);
    // An orphan that has ended is nobody's here, and may be left to be reaped.
    const auto lives = [&] { return use_of_process(pid).value_or(ProcessUse{}).running; };
    for (int i = 0; i < (orphaned != 0 ? 10'000 : 200) && lives(); ++i) usleep(1000);
    const bool lived = lives();
    if (lived) kill(pid, SIGKILL);
    return lived;
}

}  // namespace

TEST_CASE("a child outlives its parent, but where it is to get a signal then") {
    CHECK(outlives_parent(0));
    CHECK_FALSE(outlives_parent(SIGINT));
}

TEST_CASE("a program that is not there is an error") {
    Loop loop;
    Children children(loop, [](const std::string&, int, int) {});
    const LogFile log;
    const auto pid = children.start("one", {"/no/such/program"}, log.path);
    REQUIRE_FALSE(pid.has_value());
    CHECK(pid.error().message.find("/no/such/program") != std::string::npos);
}

}  // namespace grapevine
