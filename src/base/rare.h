#pragma once
// A part of a value that nearly always is empty (its default): one pointer then, and a value of its
// own otherwise, copied and compared as a member would be.

#include <memory>
#include <utility>

namespace grapevine {

template <class T>
class Rare {
public:
    Rare() = default;
    explicit Rare(T value) : value_(std::make_unique<T>(std::move(value))) {}
    Rare(const Rare& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
    Rare(Rare&&) noexcept = default;
    Rare& operator=(const Rare& other) { return *this = Rare(other); }
    Rare& operator=(Rare&&) noexcept = default;
    ~Rare() = default;

    // False: it is empty. True says nothing.
    explicit operator bool() const { return value_ != nullptr; }
    const T& operator*() const { return value_ ? *value_ : empty(); }
    const T* operator->() const { return &**this; }
    T& edit() {
        if (!value_) value_ = std::make_unique<T>();
        return *value_;
    }

    bool operator==(const Rare& other) const {
        return (!value_ && !other.value_) || **this == *other;
    }

private:
    static const T& empty() {
        static const T none{};
        return none;
    }

    std::unique_ptr<T> value_;
};

}  // namespace grapevine
