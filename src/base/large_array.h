#pragma once
// An allocator for arrays of megabytes, in huge pages where the system has them on demand: a table
// that grows is in the middle of a turn, and on some machines each fresh page of 4 KiB costs 15 us
// there.

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace grapevine {

template <class T>
struct LargeArray {
    using value_type = T;

    static constexpr std::size_t page = std::size_t{2} << 20;
    static constexpr std::size_t large =
        4 * page;  // so that less than a quarter is lost to rounding

    LargeArray() = default;
    template <class U>
    explicit LargeArray(const LargeArray<U>&) {}

    // Throws std::bad_alloc, as any allocator.
    T* allocate(std::size_t count) {
        const std::size_t bytes = count * sizeof(T);
        if (bytes < large) return static_cast<T*>(::operator new(bytes));
        void* const memory = std::aligned_alloc(page, (bytes + page - 1) / page * page);
        if (memory == nullptr) throw std::bad_alloc();
        madvise(memory, bytes, MADV_HUGEPAGE);  // where it cannot be done nothing is lost
        return static_cast<T*>(memory);
    }

    void deallocate(T* memory, std::size_t count) noexcept {
        if (count * sizeof(T) < large) return ::operator delete(memory);
        std::free(memory);
    }

    bool operator==(const LargeArray&) const { return true; }
};

}  // namespace grapevine
