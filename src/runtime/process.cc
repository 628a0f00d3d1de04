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
#include <iterator>
#include <sstream>
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

// Of the group and all above it. The path may be the host's, where a container sees its own group
// as the root: each folder of it is looked for, and the root.
std::optional<std::uint64_t> least_bound(const fs::path& mount, const fs::path& path,
                                         const char* name) {
    std::optional<std::uint64_t> least;
    for (fs::path group = path.relative_path();; group = group.parent_path()) {
        std::uint64_t bound = 0;  // "max": none
        if (std::ifstream(mount / group / name) >> bound && bound > 0) {
            least = std::min(least.value_or(bound), bound);
        }
        if (group.empty()) return least;
    }
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
    const std::uint64_t memory = uv_get_total_memory();
    std::ifstream file("/proc/self/cgroup");
    const std::string groups{std::istreambuf_iterator<char>(file), {}};
    return std::min(memory, memory_bound(groups, "/sys/fs/cgroup").value_or(memory));
}

std::optional<std::uint64_t> memory_bound(std::string_view groups, const std::string& root) {
    std::optional<std::uint64_t> least;
    std::istringstream lines{std::string(groups)};
    for (std::string line; std::getline(lines, line);) {
        const std::size_t first = line.find(':');
        const std::size_t second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        // Version 2 names no controllers.
        const std::string controllers = ',' + line.substr(first + 1, second - first - 1) + ',';
        const bool is_second_version = controllers == ",,";
        if (!is_second_version && controllers.find(",memory,") == std::string::npos) continue;
        const fs::path mount = is_second_version ? fs::path(root) : fs::path(root) / "memory";
        const char* name = is_second_version ? "memory.max" : "memory.limit_in_bytes";
        const auto bound = least_bound(mount, fs::path(line.substr(second + 1)), name);
        if (bound) least = std::min(least.value_or(*bound), *bound);
    }
    return least;
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
