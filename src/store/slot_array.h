#pragma once
// An array of slots whose memory is fresh from the system where it is large: zero, and in no page
// until it is written to. So a large one costs nothing to make. Internal to store/.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

#include "base/assert.h"

namespace grapevine::records {

class SlotArray {
public:
    SlotArray() = default;
    SlotArray(SlotArray&& other) noexcept
        : slots_(std::exchange(other.slots_, nullptr)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    SlotArray& operator=(SlotArray&& other) noexcept {
        std::swap(slots_, other.slots_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
        return *this;
    }
    ~SlotArray() { std::free(slots_); }

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }
    [[nodiscard]] std::uint64_t* data() { return slots_; }
    [[nodiscard]] const std::uint64_t* data() const { return slots_; }
    std::uint64_t& operator[](std::size_t i) { return slots_[i]; }
    std::uint64_t operator[](std::size_t i) const { return slots_[i]; }
    [[nodiscard]] const std::uint64_t* begin() const { return slots_; }
    [[nodiscard]] const std::uint64_t* end() const { return slots_ + size_; }

    // At least so long, with room for some more; what is new is zero. Throws std::bad_alloc.
    void extend(std::size_t size) {
        if (size > capacity_) reserve(size + 2 + size / 16);
        size_ = std::max(size_, static_cast<std::uint32_t>(size));
    }
    // The last one, which is no more.
    std::uint64_t pop_back() {
        std::uint64_t& last = slots_[--size_];
        return last == 0 ? 0 : std::exchange(last, 0);  // no page is touched for nothing
    }

private:
    void reserve(std::size_t capacity) {
        ASSERT(capacity <= std::numeric_limits<std::uint32_t>::max(), "{} slots", capacity);
        void* const fresh = std::calloc(capacity, sizeof(std::uint64_t));
        if (fresh == nullptr) throw std::bad_alloc();
        if (size_ > 0) std::memcpy(fresh, slots_, size_ * sizeof(std::uint64_t));
        std::free(slots_);
        slots_ = static_cast<std::uint64_t*>(fresh);
        capacity_ = static_cast<std::uint32_t>(capacity);
    }

    std::uint64_t* slots_ = nullptr;
    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = 0;
};

}  // namespace grapevine::records
