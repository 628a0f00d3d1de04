#pragma once
// A list of small values that is nearly always short: so many stand in the list itself, more on the
// heap. A table of thousands of such lists is made, copied and freed without a call of the
// allocator for each of them.
//
// It is used like a std::vector; erase_if() and erase() are found by its arguments. Whatever makes
// it longer or shorter, or moves it, makes references and iterators void.

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

#include "base/assert.h"

namespace grapevine {

template <class T, std::uint32_t in_place>
class ShortList {
    static_assert(std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T>);

public:
    using value_type = T;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using reference = T&;
    using const_reference = const T&;
    using iterator = T*;
    using const_iterator = const T*;

    ShortList() = default;
    ShortList(std::initializer_list<T> items) { append(items.begin(), items.size()); }
    // Of a list of another kind.
    template <std::ranges::contiguous_range List>
        requires(std::same_as<std::ranges::range_value_t<List>, T> &&
                 !std::same_as<std::remove_cvref_t<List>, ShortList>)
    explicit ShortList(const List& items) {
        append(std::ranges::data(items), std::ranges::size(items));
    }
    ShortList(const ShortList& other) : near_(other.near_) {
        if (other.far_) {
            append(other.data(), other.size_);
        } else {
            size_ = other.size_;
        }
    }
    ShortList(ShortList&& other) noexcept
        : far_(std::move(other.far_)),
          near_(other.near_),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, in_place)) {}
    ShortList& operator=(const ShortList& other) { return *this = ShortList(other); }
    ShortList& operator=(ShortList&& other) noexcept {
        far_ = std::move(other.far_);
        near_ = other.near_;
        size_ = std::exchange(other.size_, 0);
        capacity_ = std::exchange(other.capacity_, in_place);
        return *this;
    }
    ~ShortList() = default;

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    // How many it can have without using the heap anew.
    [[nodiscard]] std::size_t capacity() const { return capacity_; }
    // Bytes on the heap.
    [[nodiscard]] std::size_t heap_bytes() const { return far_ ? capacity_ * sizeof(T) : 0; }

    T* data() { return far_ ? far_.get() : near_.data(); }
    [[nodiscard]] const T* data() const { return far_ ? far_.get() : near_.data(); }
    T* begin() { return data(); }
    T* end() { return data() + size_; }
    [[nodiscard]] const T* begin() const { return data(); }
    [[nodiscard]] const T* end() const { return data() + size_; }
    T& operator[](std::size_t index) { return data()[index]; }
    const T& operator[](std::size_t index) const { return data()[index]; }
    T& front() { return *begin(); }
    [[nodiscard]] const T& front() const { return *begin(); }
    T& back() { return data()[size_ - 1]; }
    [[nodiscard]] const T& back() const { return data()[size_ - 1]; }

    void push_back(T item) {
        reserve(size_ + std::size_t{1});
        data()[size_++] = item;
    }
    void pop_back() { --size_; }
    void clear() { size_ = 0; }
    T* erase(const T* first, const T* last) {
        T* const to = begin() + (first - begin());
        if (first == last) return to;
        size_ =
            static_cast<std::uint32_t>(std::copy(last, std::as_const(*this).end(), to) - begin());
        return to;
    }
    // Behind what it has; the items are not its own.
    void append(const T* items, std::size_t count) {
        reserve(size_ + count);
        std::copy_n(items, count, data() + size_);
        size_ += static_cast<std::uint32_t>(count);
    }

    // Also with lists of other kinds.
    template <std::ranges::contiguous_range List>
    bool operator==(const List& other) const {
        return std::ranges::equal(*this, other);
    }

private:
    void reserve(std::size_t count) {
        if (count <= capacity_) return;
        const std::size_t capacity = std::max<std::size_t>(count, std::size_t{2} * capacity_);
        ASSERT(capacity <= UINT32_MAX, "{}", capacity);
        auto items = std::make_unique_for_overwrite<T[]>(capacity);
        std::copy_n(data(), size_, items.get());
        far_ = std::move(items);
        capacity_ = static_cast<std::uint32_t>(capacity);
    }

    std::unique_ptr<T[]> far_;  // null: the items are near
    std::array<T, in_place> near_{};
    std::uint32_t size_ = 0;
    std::uint32_t capacity_ = in_place;
};

template <class T, std::uint32_t in_place, class Predicate>
std::size_t erase_if(ShortList<T, in_place>& list, Predicate predicate) {
    const auto gone = std::ranges::remove_if(list, std::move(predicate));
    list.erase(gone.begin(), gone.end());
    return gone.size();
}

template <class T, std::uint32_t in_place>
std::size_t erase(ShortList<T, in_place>& list, const T& item) {
    return erase_if(list, [&](const T& other) { return other == item; });
}

}  // namespace grapevine
