#include "e2e/process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include "runtime/system.h"

namespace grapevine::e2e {

namespace {

[[noreturn]] void throw_errno(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

// What stands between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(char* const* argv, Confines confines, int input, int output, int errors) {
    if (confines.network >= 0 && setns(confines.network, CLONE_NEWNET) != 0) _exit(126);
    const rlimit files{confines.files_max, confines.files_max};
    if (confines.files_max > 0 && setrlimit(RLIMIT_NOFILE, &files) != 0) _exit(126);
    // Ends with the test, also where the test crashes; and what the runner ignores, it does not.
    (void)signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(input, STDIN_FILENO);
    dup2(output, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    execv(argv[0], argv);
    _exit(127);
}

}  // namespace

bool eventually(Wait bound, const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + bound;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) return condition();
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

Capture::Capture() : descriptor_(memfd_create("output", MFD_CLOEXEC)) {
    if (descriptor_ < 0) throw_errno("memfd_create");
}

Capture::~Capture() {
    if (descriptor_ >= 0) close(descriptor_);
}

Capture::Capture(Capture&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

std::string Capture::text() const {
    std::string text;
    std::array<char, 65536> block{};
    for (;;) {
        const ssize_t size =
            pread(descriptor_, block.data(), block.size(), static_cast<off_t>(text.size()));
        if (size <= 0) return text;
        text.append(block.data(), static_cast<std::size_t>(size));
    }
}

Process::Process(const std::vector<std::string>& argv, Confines confines) {
    std::vector<char*> pointers;
    pointers.reserve(argv.size() + 1);
    for (const std::string& argument : argv)
        pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);

    std::array<int, 2> input{};
    if (pipe2(input.data(), O_CLOEXEC) != 0) throw_errno("pipe2");
    pid_ = fork();
    if (pid_ < 0) throw_errno("fork");
    if (pid_ == 0)
        become(pointers.data(), confines, input[0], out_.descriptor(), err_.descriptor());
    close(input[0]);
    input_ = input[1];
}

Process::~Process() {
    if (pid_ > 0 && !ended()) {
        signal(SIGKILL);
        signal(SIGCONT);
        wait(patience);
    }
    end_input();
}

Process::Process(Process&& other) noexcept
    : out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      input_(std::exchange(other.input_, -1)),
      pid_(std::exchange(other.pid_, -1)),
      status_(other.status_) {}

void Process::feed(std::string_view input) {
    while (!input.empty()) {
        const ssize_t written = write(input_, input.data(), input.size());
        if (written < 0) throw_errno("write to a child");
        input.remove_prefix(static_cast<std::size_t>(written));
    }
}

void Process::end_input() {
    if (input_ >= 0) close(std::exchange(input_, -1));
}

void Process::signal(int number) const {
    if (pid_ > 0 && !status_) ::kill(pid_, number);
}

bool Process::ended() {
    if (status_) return true;
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
    status_ = WIFEXITED(status) ? ExitStatus{.code = WEXITSTATUS(status), .signal = 0}
                                : ExitStatus{.code = -1, .signal = WTERMSIG(status)};
    return true;
}

std::optional<ExitStatus> Process::wait(Wait bound) {
    eventually(bound, [this] { return ended(); });
    return status_;
}

Finished run(const std::vector<std::string>& argv, std::string_view input, Wait bound,
             Confines confines) {
    Process process(argv, confines);
    process.feed(input);
    process.end_input();
    const auto status = process.wait(bound);
    Finished finished{
        .code = status ? status->code : -1, .out = process.out(), .err = process.err()};
    if (!status) finished.err += "\n[still running after the bound of the test; killed]";
    return finished;
}

std::string program(const std::string& name) {
    return std::string(GRAPEVINE_BIN) + "/" + name;
}

std::uint16_t free_port() {
    const auto port = grapevine::free_port();
    if (!port) throw std::runtime_error(port.error().message);
    return *port;
}

Resources resources_of(pid_t pid) {
    Resources found;
    const std::string folder = "/proc/" + std::to_string(pid);
    if (const auto use = use_of_process(pid)) found.resident_kib = use->rss / 1024;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder + "/fd"))
        ++found.descriptors;
    return found;
}

bool is_running(pid_t pid) {
    const auto use = use_of_process(pid);
    return use && use->running;
}

}  // namespace grapevine::e2e
