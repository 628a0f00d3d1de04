// The runner of the end-to-end tests, in two processes, so that nothing that a test started
// outlives it, however it ends. The tests run in a child. The parent adopts every orphan below it
// (a subreaper: nodes outlive their coordinator, on purpose), and when the tests have ended, or it
// is told to stop, it kills what is left of its own descendants, and only those.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <string>
#include <vector>

#include "runner.h"

namespace {

void add_descendants(pid_t pid, std::vector<pid_t>& found) {
    const std::string id = std::to_string(pid);
    std::ifstream children("/proc/" + id + "/task/" + id + "/children");
    for (pid_t child = 0; children >> child;) {
        found.push_back(child);
        add_descendants(child, found);
    }
}

void kill_descendants() {
    // Again, because a descendant may fork while the list is made.
    for (;;) {
        std::vector<pid_t> left;
        add_descendants(getpid(), left);
        if (left.empty()) return;
        for (const pid_t pid : left) kill(pid, SIGKILL);
        while (waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        usleep(1000);
    }
}

// Waits until the tests have ended and returns their exit code.
int guard(pid_t tests, const sigset_t& signals) {
    for (;;) {
        int number = 0;
        sigwait(&signals, &number);
        if (number != SIGCHLD) kill(tests, SIGKILL);
        int status = 0;
        for (pid_t ended = 0; (ended = waitpid(-1, &status, WNOHANG)) > 0;) {
            if (ended != tests) continue;
            kill_descendants();
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    sigset_t signals;
    sigset_t before;
    sigemptyset(&signals);
    for (const int number : {SIGCHLD, SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, number);
    sigprocmask(SIG_BLOCK, &signals, &before);
    const pid_t tests = fork();
    if (tests != 0) return tests < 0 ? 1 : guard(tests, signals);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sigprocmask(SIG_SETMASK, &before, nullptr);
    (void)signal(SIGPIPE, SIG_IGN);  // a child that ended early is an error of feed(), not our end
    return run_tests(argc, argv);
}
