#include "runtime/process.h"

#include <malloc.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "runtime/endpoint.h"

namespace grapevine {

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> state_folders() {
    std::vector<fs::path> folders;
    if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') {
        folders.emplace_back(fs::path(state) / "grapevine");
    }
    if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
        folders.emplace_back(fs::path(home) / ".local/state/grapevine");
    }
    std::error_code error;
    folders.emplace_back(fs::temp_directory_path(error) / "grapevine");
    return folders;
}

}  // namespace

void prepare_process() {
    std::signal(SIGPIPE, SIG_IGN);
    std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
    raise_open_file_limit();
    // Values of megabytes come and go through buffers of their size. Given back to the system each
    // time, they cost more in page faults than in copies.
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 96 << 20);
}

std::uint64_t usable_memory() {
    std::uint64_t memory = uv_get_total_memory();
    if (const std::uint64_t bound = uv_get_constrained_memory(); bound > 0) {
        memory = std::min(memory, bound);
    }
    // Of version 2, as far as it can be seen from inside of a container. "max": no bound.
    std::uint64_t bound = 0;
    if (std::ifstream("/sys/fs/cgroup/memory.max") >> bound && bound > 0) {
        memory = std::min(memory, bound);
    }
    return memory;
}

std::string beside_this_program(const std::string& name) {
    std::array<char, 4096> path{};
    std::size_t size = path.size();
    if (uv_exepath(path.data(), &size) != 0) return name;
    return (fs::path(std::string(path.data(), size)).parent_path() / name).string();
}

Result<std::string> make_log_folder() {
    for (const fs::path& folder : state_folders()) {
        std::error_code error;
        fs::create_directories(folder, error);
        std::string name = (folder / "run-XXXXXX").string();
        if (!error && mkdtemp(name.data()) != nullptr) return name;
    }
    return fail("no folder for logs could be made ({}); name one with --log-dir",
                std::strerror(errno));
}

Result<std::string> use_log_folder(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (!fs::is_directory(path)) {
        return fail("{} is no folder for logs ({}); name another with --log-dir", path,
                    error.message());
    }
    return path;
}

}  // namespace grapevine
