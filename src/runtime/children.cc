#include "runtime/children.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

namespace grapevine {

namespace {

// A file descriptor that is closed at the end of the scope.
class File {
public:
    File(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
    ~File() {
        if (fd_ >= 0) close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

uv_stdio_container_t inherit(const File& file) {
    uv_stdio_container_t stdio{};
    stdio.flags = UV_INHERIT_FD;
    stdio.data.fd = file.get();
    return stdio;
}

// libuv offers no call between fork and exec, so that this is said in the child's first moment;
// what a process asked for outlasts its exec. Of the next child of this thread; 0: nothing is asked
// for.
thread_local int signal_when_orphaned = 0;
thread_local pid_t forking = 0;  // who makes that child

void register_wish() {
    static const int registered = pthread_atfork(nullptr, nullptr, [] {
        if (signal_when_orphaned == 0) return;
        prctl(PR_SET_PDEATHSIG, signal_when_orphaned);
        if (getppid() != forking) _exit(1);  // it died before that was said
    });
    (void)registered;  // without memory for it children are as others
}

}  // namespace

struct Children::Child {
    uv_process_t process{};
    Children* owner;  // null once that is gone
    std::string name;
};

Children::Children(Loop& loop, Exited exited, int orphaned)
    : loop_(loop), exited_(std::move(exited)), orphaned_(orphaned) {
    if (orphaned != 0) register_wish();
}

Children::~Children() {
    for (auto& [name, child] : children_) {
        child->owner = nullptr;
        Child* raw = child.release();
        uv_close(reinterpret_cast<uv_handle_t*>(&raw->process),
                 [](uv_handle_t* handle) { delete static_cast<Child*>(handle->data); });
    }
}

Result<int> Children::start(const std::string& name, const std::vector<std::string>& command,
                            const std::string& log_file) {
    const File nothing("/dev/null", O_RDONLY);
    const File log(log_file, O_WRONLY | O_CREAT | O_APPEND);
    if (nothing.get() < 0 || log.get() < 0) {
        return fail("cannot open {}: {}", log_file, std::strerror(errno));
    }
    std::array<uv_stdio_container_t, 3> stdio = {inherit(nothing), inherit(log), inherit(log)};
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);

    uv_process_options_t options{};
    options.file = arguments[0];
    options.args = arguments.data();
    options.flags = UV_PROCESS_DETACHED;
    options.stdio = stdio.data();
    options.stdio_count = static_cast<int>(stdio.size());
    options.exit_cb = [](uv_process_t* process, std::int64_t status, int signal) {
        auto* child = static_cast<Child*>(process->data);
        if (child->owner != nullptr) child->owner->ended(child, static_cast<int>(status), signal);
    };

    auto child = std::make_unique<Child>();
    child->owner = this;
    child->name = name;
    child->process.data = child.get();
    signal_when_orphaned = orphaned_;
    forking = getpid();
    const int error = uv_spawn(loop_.get(), &child->process, &options);
    signal_when_orphaned = 0;
    // Also after a failure the handle is the loop's until it is closed: children_ keeps it.
    Child* started = child.get();
    children_[name] = std::move(child);
    if (error == 0) return uv_process_get_pid(&started->process);
    return fail("{}: {}", command.front(), uv_strerror(error));
}

void Children::signal(const std::string& name, int number) {
    const auto found = children_.find(name);
    if (found != children_.end()) uv_process_kill(&found->second->process, number);
}

void Children::ended(Child* child, int status, int signal) {
    const auto found = children_.find(child->name);
    Child* raw = found->second.release();
    children_.erase(found);
    uv_close(reinterpret_cast<uv_handle_t*>(&raw->process),
             [](uv_handle_t* handle) { delete static_cast<Child*>(handle->data); });
    exited_(raw->name, status, signal);
}

}  // namespace grapevine
