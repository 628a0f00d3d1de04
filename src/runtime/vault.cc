#include "runtime/vault.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "wire/wire.h"

namespace grapevine {

namespace {

constexpr const char* state_name = "promises";
constexpr const char* new_name = "promises.new";
constexpr const char* lock_name = "lock";

std::string why() {
    return std::strerror(errno);
}

// Closes a file when it is left.
class File {
public:
    explicit File(int fd) : fd_(fd) {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    [[nodiscard]] int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

bool read_all(int fd, std::string& bytes) {
    char block[16384];
    for (;;) {
        const ssize_t read = ::read(fd, block, sizeof block);
        if (read < 0 && errno == EINTR) continue;
        if (read < 0) return false;
        if (read == 0) return true;
        bytes.append(block, static_cast<std::size_t>(read));
    }
}

}  // namespace

Result<std::unique_ptr<Vault>> Vault::open(const std::string& folder) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail("cannot make the folder {}: {}", folder, why());
    }
    File directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.is_open()) return fail("cannot open the folder {}: {}", folder, why());
    File lock(::openat(directory.fd(), lock_name, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock.is_open()) return fail("cannot open {}/{}: {}", folder, lock_name, why());
    if (::flock(lock.fd(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return fail("cannot lock {}/{}: {}", folder, lock_name, why());
        return fail("another process uses {}: stop it, or give this one another --data-dir",
                    folder);
    }
    return std::unique_ptr<Vault>(new Vault(folder, directory.release(), lock.release()));
}

Vault::~Vault() {
    ::close(lock_fd_);
    ::close(folder_fd_);
}

Result<std::optional<SavedState>> Vault::load() const {
    const File file(::openat(folder_fd_, state_name, O_RDONLY | O_CLOEXEC));
    if (!file.is_open() && errno == ENOENT) return std::optional<SavedState>();
    std::string bytes;
    if (!file.is_open() || !read_all(file.fd(), bytes)) {
        return fail("cannot read {}/{}: {}", folder_, state_name, why());
    }
    auto state = decode_saved(bytes);
    if (!state) {
        return fail("{}/{} is damaged ({}): remove it to begin as a new member", folder_,
                    state_name, state.error().message);
    }
    return std::optional(*std::move(state));
}

Result<void> Vault::forget() const {
    const bool gone = ::unlinkat(folder_fd_, state_name, 0) == 0 || errno == ENOENT;
    if (!gone || ::fsync(folder_fd_) != 0) return fail("cannot remove {}: {}", path(), why());
    return {};
}

std::string Vault::path() const {
    return folder_ + "/" + state_name;
}

Result<void> Vault::save(const SavedState& state) const {
    const auto failed = [&] { return fail("cannot save {}/{}: {}", folder_, state_name, why()); };
    {
        const File file(
            ::openat(folder_fd_, new_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (!file.is_open()) return failed();
        if (!write_all(file.fd(), encode(state)) || ::fsync(file.fd()) != 0) return failed();
    }
    if (::renameat(folder_fd_, new_name, folder_fd_, state_name) != 0) return failed();
    if (::fsync(folder_fd_) != 0) return failed();
    return {};
}

}  // namespace grapevine
