#pragma once
// Keeps a voter's saved state in a folder, so that it is the same voter after a restart. The folder
// belongs to one process at a time (a lock on the file `lock`). The state is the file `promises`:
// one frame with a checksum (wire/wire.h), written beside it, made durable, and put in its place,
// so that a crash leaves the old one or the new one. Blocks while the disk works, which is what is
// wanted: nothing may be sent before.

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "node/node.h"

namespace grapevine {

class Vault {
public:
    // Makes the folder if it is not there. Fails, with a sentence, where another process has it.
    static Result<std::unique_ptr<Vault>> open(const std::string& folder);
    ~Vault();
    Vault(const Vault&) = delete;
    Vault& operator=(const Vault&) = delete;

    // Nothing: none was saved yet. A file that cannot be read or is damaged is an error: with the
    // same id and without its promises this process could break the cluster.
    [[nodiscard]] Result<std::optional<SavedState>> load() const;
    // Durable when it returns. After an error the old state or the new one is there, and the
    // process must not send what it would have promised.
    [[nodiscard]] Result<void> save(const SavedState& state) const;
    // Nothing is saved any more: whoever opens it next is a new member.
    [[nodiscard]] Result<void> forget() const;
    [[nodiscard]] std::string path() const;  // of the state

private:
    Vault(std::string folder, int folder_fd, int lock_fd)
        : folder_(std::move(folder)), folder_fd_(folder_fd), lock_fd_(lock_fd) {}

    std::string folder_;
    int folder_fd_;
    int lock_fd_;
};

}  // namespace grapevine
