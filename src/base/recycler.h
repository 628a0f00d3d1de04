#pragma once
// An allocator for objects of one type that come and go by the thousand: freed blocks are kept for
// the next ones, up to a bound, where malloc would join and split them again. For
// allocate_shared(). Blocks are kept by each thread for itself.

#include <cstddef>
#include <new>
#include <vector>

namespace grapevine {

template <class T>
class Recycler {
public:
    using value_type = T;

    Recycler() = default;
    template <class Other>
    explicit Recycler(const Recycler<Other>&) {}

    T* allocate(std::size_t count) {
        std::vector<void*>& blocks = kept().blocks;
        if (count != 1 || blocks.empty()) {
            return static_cast<T*>(::operator new(count * sizeof(T)));
        }
        void* const block = blocks.back();
        blocks.pop_back();
        return static_cast<T*>(block);
    }

    void deallocate(T* block, std::size_t count) {
        std::vector<void*>& blocks = kept().blocks;
        if (count == 1 && blocks.size() < kept_max) {
            blocks.push_back(block);
        } else {
            ::operator delete(block);
        }
    }

    template <class Other>
    bool operator==(const Recycler<Other>&) const {
        return true;
    }

private:
    static_assert(alignof(T) <= alignof(std::max_align_t));
#ifdef __SANITIZE_ADDRESS__
    static constexpr std::size_t kept_max = 0;  // so that use after free is found
#else
    static constexpr std::size_t kept_max = 4096;
#endif

    struct Kept {
        Kept() { blocks.reserve(kept_max); }
        Kept(const Kept&) = delete;
        Kept& operator=(const Kept&) = delete;
        ~Kept() {
            for (void* const block : blocks) ::operator delete(block);
        }
        std::vector<void*> blocks;
    };
    static Kept& kept() {
        thread_local Kept kept;
        return kept;
    }
};

}  // namespace grapevine
