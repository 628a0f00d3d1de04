#pragma once
// One child process of an end-to-end test: started with fork and exec, its output captured, ended
// with its owner. Nothing is ever found by name: only pids that were started here, or that a
// program started here told, are signalled.

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace grapevine::e2e {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using Wait = std::chrono::milliseconds;

// How long a test waits for what happens in a fraction of a second on an idle machine. Not a
// verdict on speed: machines that run tests are noisy, sanitizers slow.
inline constexpr Wait patience = 30s;

// Asks until the answer is true or the bound has passed; the last answer.
bool eventually(Wait bound, const std::function<bool()>& condition);

// A file without a name, for output: never blocks its writer, and needs no thread to drain it.
class Capture {
public:
    Capture();
    ~Capture();
    Capture(Capture&& other) noexcept;
    Capture& operator=(Capture&&) = delete;

    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] std::string text() const;

private:
    int descriptor_;
};

struct ExitStatus {
    int code = -1;   // -1: ended by a signal
    int signal = 0;  // 0: ended by itself
};

// What a process is given otherwise than the test has it.
struct Confines {
    int network = -1;           // descriptor of a network namespace
    std::size_t files_max = 0;  // descriptors that it may have open; 0: as many as the test
};

class Process {
public:
    // argv[0] is the path of the program.
    explicit Process(const std::vector<std::string>& argv, Confines confines = {});
    // Kills and reaps it where it still runs.
    ~Process();
    Process(Process&& other) noexcept;
    Process& operator=(Process&&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] std::string out() const { return out_.text(); }
    [[nodiscard]] std::string err() const { return err_.text(); }

    void feed(std::string_view input);
    void end_input();
    void signal(int number) const;

    // Ended, without waiting.
    [[nodiscard]] bool ended();
    // Nothing: it still runs when the bound has passed.
    std::optional<ExitStatus> wait(Wait bound);

private:
    Capture out_;
    Capture err_;
    int input_ = -1;
    pid_t pid_ = -1;
    std::optional<ExitStatus> status_;
};

struct Finished {
    int code = -1;  // -1: ended by a signal, or killed because it took too long
    std::string out;
    std::string err;
};

// Runs a program to its end. One that takes longer than the bound is killed.
Finished run(const std::vector<std::string>& argv, std::string_view input = {},
             Wait bound = patience, Confines confines = {});

// The path of one of the programs under test.
std::string program(const std::string& name);

// A port that was free, for TCP and UDP, a moment ago.
std::uint16_t free_port();

// What a running process takes.
struct Resources {
    std::size_t resident_kib = 0;
    std::size_t descriptors = 0;
};
Resources resources_of(pid_t pid);

// False also for a process that has ended and waits to be reaped.
bool is_running(pid_t pid);

}  // namespace grapevine::e2e
