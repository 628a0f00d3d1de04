#pragma once
// Runs jobs in processes of their own, several at once: a run that crashes or never ends is then an
// outcome like others. The only part of the simulator that knows real time, beside its progress.

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "sim/outcome.h"
#include "sim/patience.h"

namespace grapevine::sim {

struct WorkersConfig {
    std::size_t at_once = 1;
    // Processor time that one job may take: far more than any takes that ends, and no matter how
    // busy the machine is. Also how long it may stand still, in real time. A process that exceeds
    // it is ended and counts as crashed.
    std::chrono::seconds limit{300};
};

// What became of a job.
struct JobEnd {
    std::string text;   // what it told and then returned; where it crashed, what it told until then
    std::string crash;  // in a word: "SIGABRT", "never ends"; empty: it returned
    std::string reason;  // a sentence, where it crashed
};

class Workers {
public:
    // Tells the caller at once; what is told with early_fault() outlives a crash.
    using Report = std::function<void(const std::string& line)>;
    // In the worker's process. What it writes to stderr is kept, as the last words of a crash.
    using Work = std::function<RunOutcome(std::size_t job, const Report& report)>;
    // In the caller's, in the order in which jobs end. False: no further jobs are begun.
    using Done = std::function<bool(std::size_t job, const RunOutcome& outcome)>;
    // The same for jobs whose result is any text.
    using TextWork = std::function<std::string(std::size_t job, const Report& report)>;
    using TextDone = std::function<bool(std::size_t job, const JobEnd& end)>;

    explicit Workers(const WorkersConfig& config) : config_(config) {}

    // Called several times a second while jobs run.
    void on_wait(std::function<void()> then) { on_wait_ = std::move(then); }
    // Jobs 0 ... jobs - 1. False: interrupted (SIGINT or SIGTERM); all workers are gone by then.
    bool run(std::size_t jobs, const Work& work, const Done& done);
    bool run_text(std::size_t jobs, const TextWork& work, const TextDone& done);

private:
    struct Worker {
        std::size_t job = 0;
        int result = -1;  // pipes
        int words = -1;
        std::string result_text;
        std::string last_words;
        Patience patience{{}};
        bool timed_out = false;
    };

    void begin(std::size_t job, const TextWork& work);
    void wait_a_little();
    void end_late_ones();
    [[nodiscard]] JobEnd end(Worker& worker, int status);
    void stop_all();

    WorkersConfig config_;
    std::function<void()> on_wait_;
    std::map<int, Worker> running_;  // by process id
};

// One job in a process of its own.
RunOutcome run_apart(const WorkersConfig& config, const Workers::Work& work, bool& interrupted);

}  // namespace grapevine::sim
