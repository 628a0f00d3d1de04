#include "sim/workers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace grapevine::sim {

namespace {

constexpr std::size_t last_words_max = 2000;  // bytes
constexpr int patience_ms = 100;              // between two looks at the workers

// Of a process that may just have ended: then zero.
std::chrono::nanoseconds processor_time(pid_t pid) {
    clockid_t clock{};
    timespec used{};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) return {};
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

// Set by a signal: the only state of the process that is not in an object.
volatile std::sig_atomic_t interrupted = 0;

extern "C" void on_interrupt(int) {
    interrupted = 1;
}

// While it lives, an interrupt is a flag.
class Interrupts {
public:
    Interrupts() {
        interrupted = 0;
        struct sigaction action{};
        action.sa_handler = on_interrupt;
        for (std::size_t i = 0; i < signals.size(); ++i) {
            sigaction(signals[i], &action, &before_[i]);
        }
    }
    ~Interrupts() {
        for (std::size_t i = 0; i < signals.size(); ++i) {
            sigaction(signals[i], &before_[i], nullptr);
        }
    }
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

private:
    static constexpr std::array signals{SIGINT, SIGTERM};
    std::array<struct sigaction, signals.size()> before_{};
};

void write_all(int file, const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
        const ssize_t written = write(file, text.data() + at, text.size() - at);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        at += static_cast<std::size_t>(written);
    }
}

// Reads what is there. False: the end.
bool read_some(int file, std::string& text) {
    std::array<char, 4096> buffer;
    const ssize_t size = read(file, buffer.data(), buffer.size());
    if (size < 0) return errno == EINTR || errno == EAGAIN;
    text.append(buffer.data(), static_cast<std::size_t>(size));
    return size > 0;
}

void read_rest(int file, std::string& text) {
    while (read_some(file, text)) {
    }
    close(file);
}

std::string signal_name(int signal) {
    const char* name = sigabbrev_np(signal);
    return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", signal);
}

std::string trimmed(const std::string& words) {
    const std::size_t end = words.find_last_not_of("\n ");
    if (end == std::string::npos) return {};
    const std::size_t begin = end < last_words_max ? 0 : end - last_words_max;
    return words.substr(begin, end + 1 - begin);
}

[[noreturn]] void be_worker(int result, int words, std::size_t job, const Workers::TextWork& work) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody reads any more
    // Whatever the caller does about its own crashes, a worker just ends.
    for (const int signal : {SIGINT, SIGTERM, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
        std::signal(signal, SIG_DFL);
    }
    dup2(words, STDERR_FILENO);
    const std::string text =
        work(job, [result](const std::string& line) { write_all(result, line); });
    std::fflush(nullptr);
    write_all(result, text);
    _exit(0);
}

RunOutcome outcome_of(const JobEnd& end) {
    RunOutcome crash;
    crash.result = RunResult::crashed;
    crash.rule = end.crash;
    crash.reason = end.reason;
    crash.faults = early_faults(end.text);
    if (!end.crash.empty()) return crash;
    Result<RunOutcome> outcome = decode_outcome(end.text);
    if (outcome) return *std::move(outcome);
    crash.rule = "no outcome";
    crash.reason = outcome.error().message;
    return crash;
}

}  // namespace

void Workers::begin(std::size_t job, const TextWork& work) {
    std::array<int, 2> result{};
    std::array<int, 2> words{};
    ASSERT(pipe2(result.data(), O_CLOEXEC) == 0 && pipe2(words.data(), O_CLOEXEC) == 0, "{}",
           std::strerror(errno));
    std::fflush(nullptr);
    const pid_t pid = fork();
    ASSERT(pid >= 0, "fork: {}", std::strerror(errno));
    if (pid == 0) be_worker(result[1], words[1], job, work);
    close(result[1]);
    close(words[1]);
    running_[pid] = {.job = job,
                     .result = result[0],
                     .words = words[0],
                     .result_text = {},
                     .last_words = {},
                     .patience = Patience(std::chrono::steady_clock::now())};
}

// Takes in what workers write, so that no pipe is ever full for long.
void Workers::wait_a_little() {
    std::vector<pollfd> files;
    std::vector<std::string*> texts;
    std::vector<int*> owners;
    for (auto& [pid, worker] : running_) {
        for (const auto& [file, text] : {std::pair(&worker.result, &worker.result_text),
                                         std::pair(&worker.words, &worker.last_words)}) {
            if (*file < 0) continue;
            files.push_back({*file, POLLIN, 0});
            texts.push_back(text);
            owners.push_back(file);
        }
    }
    if (poll(files.data(), files.size(), patience_ms) <= 0) return;
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (files[i].revents == 0 || read_some(files[i].fd, *texts[i])) continue;
        close(*owners[i]);
        *owners[i] = -1;
    }
}

void Workers::end_late_ones() {
    const auto now = std::chrono::steady_clock::now();
    for (auto& [pid, worker] : running_) {
        const bool late = worker.patience.is_exhausted(now, processor_time(pid), config_.limit);
        if (late && !std::exchange(worker.timed_out, true)) kill(pid, SIGKILL);
    }
}

JobEnd Workers::end(Worker& worker, int status) {
    if (worker.result >= 0) read_rest(worker.result, worker.result_text);
    if (worker.words >= 0) read_rest(worker.words, worker.last_words);
    JobEnd end{.text = std::move(worker.result_text), .crash = {}, .reason = {}};
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return end;
    if (worker.timed_out) {
        end.crash = "never ends";
        end.reason =
            fmt::format("did not end within {} s of processor time, or stood still for as long",
                        config_.limit.count());
    } else if (WIFSIGNALED(status)) {
        end.crash = signal_name(WTERMSIG(status));
        end.reason = fmt::format("ended by {}", end.crash);
    } else {
        end.crash = "no outcome";
        end.reason = fmt::format("ended with {} and no outcome", WEXITSTATUS(status));
    }
    const std::string words = trimmed(worker.last_words);
    if (!words.empty()) end.reason += "; its last words: " + words;
    return end;
}

void Workers::stop_all() {
    for (auto& [pid, worker] : running_) {
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
        if (worker.result >= 0) close(worker.result);
        if (worker.words >= 0) close(worker.words);
    }
    running_.clear();
}

bool Workers::run(std::size_t jobs, const Work& work, const Done& done) {
    return run_text(
        jobs, [&](std::size_t job, const Report& report) { return encode(work(job, report)); },
        [&](std::size_t job, const JobEnd& end) { return done(job, outcome_of(end)); });
}

bool Workers::run_text(std::size_t jobs, const TextWork& work, const TextDone& done) {
    const Interrupts catching;
    std::size_t next = 0;
    while (next < jobs || !running_.empty()) {
        while (next < jobs && running_.size() < config_.at_once) begin(next++, work);
        wait_a_little();
        if (on_wait_) on_wait_();
        if (interrupted != 0) {
            stop_all();
            return false;
        }
        end_late_ones();
        std::vector<std::pair<Worker, int>> ended;
        for (auto at = running_.begin(); at != running_.end();) {
            int status = 0;
            const bool has_ended = waitpid(at->first, &status, WNOHANG) == at->first;
            if (has_ended) ended.emplace_back(std::move(at->second), status);
            at = has_ended ? running_.erase(at) : std::next(at);
        }
        for (auto& [worker, status] : ended) {
            if (!done(worker.job, end(worker, status))) jobs = next;
        }
    }
    return true;
}

RunOutcome run_apart(const WorkersConfig& config, const Workers::Work& work,
                     bool& was_interrupted) {
    RunOutcome result;
    Workers workers(config);
    was_interrupted = !workers.run(1, work, [&](std::size_t, const RunOutcome& outcome) {
        result = outcome;
        return true;
    });
    return result;
}

}  // namespace grapevine::sim
