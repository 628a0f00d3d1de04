#include "runtime/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace grapevine {

namespace {

constexpr std::size_t chunk = std::size_t{64} * 1024;

Result<std::string> read_all(int fd, const std::string& path, std::size_t size_max) {
    struct stat about{};
    if (fstat(fd, &about) == 0 && S_ISDIR(about.st_mode)) return fail("{} is a directory", path);
    std::string bytes;
    // One byte over the limit is enough to know.
    while (bytes.size() <= size_max) {
        const std::size_t have = bytes.size();
        const std::size_t more = std::min(chunk, size_max + 1 - have);
        bytes.resize(have + more);
        const ssize_t got = read(fd, bytes.data() + have, more);
        const int error = errno;
        bytes.resize(have + (got > 0 ? static_cast<std::size_t>(got) : 0));
        if (got == 0) return bytes;
        if (got < 0 && error != EINTR) {
            return fail("{} cannot be read: {}", path, std::strerror(error));
        }
    }
    return fail("{} has more than the {} bytes that a value may have", path, size_max);
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t size_max) {
    if (path == "-") return read_all(STDIN_FILENO, "stdin", size_max);
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail("{} cannot be read: {}", path, std::strerror(errno));
    auto bytes = read_all(fd, path, size_max);
    close(fd);
    return bytes;
}

}  // namespace grapevine
