#pragma once
// A store in memory that something else takes the room of.

#include <algorithm>
#include <cstddef>

#include "store/memory_store.h"

namespace grapevine::sim {

class LadenStore final : public MemoryStore {
public:
    using MemoryStore::MemoryStore;

    // So many bytes are left of `bound`, beside what it holds now.
    void leave(std::size_t bytes, std::size_t bound) {
        laden_ = bound - std::min(bound, MemoryStore::memory_bytes() + bytes);
    }
    void unload() { laden_ = 0; }

    [[nodiscard]] std::size_t memory_bytes() const override {
        return MemoryStore::memory_bytes() + laden_;
    }

private:
    std::size_t laden_ = 0;
};

}  // namespace grapevine::sim
