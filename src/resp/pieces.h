#pragma once
// Bytes to be written, in order. Large strings are kept as they are and handed on one by one, so
// that a reply of hundreds of megabytes is never put together in memory; small ones are one string,
// which is all that there is in the usual case. Pure.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grapevine::resp {

class Pieces {
public:
    void append(std::string_view bytes) {
        if (last_.size() >= large) close();
        last_ += bytes;
        size_ += bytes.size();
    }
    // Large ones without a copy.
    void append_moved(std::string&& bytes) {
        if (!last_.empty() && bytes.size() < large) return append(bytes);
        if (!last_.empty()) close();
        size_ += bytes.size();
        last_ = std::move(bytes);
    }
    void append(Pieces&& others) {
        while (others.size() > 0) append_moved(others.take());
    }

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool starts_with(char first) const {
        return (closed_.empty() ? last_ : closed_[taken_]).starts_with(first);
    }
    // The first of them; empty: there is none. A large one is alone, small ones between two large
    // ones are together.
    [[nodiscard]] std::string take() {
        std::string first = std::move(closed_.empty() ? last_ : closed_[taken_++]);
        if (closed_.empty()) last_.clear();
        if (taken_ == closed_.size()) {
            closed_.clear();
            taken_ = 0;
        }
        size_ -= first.size();
        return first;
    }

private:
    static constexpr std::size_t large = 64UZ * 1024;

    void close() { closed_.push_back(std::exchange(last_, {})); }

    std::vector<std::string> closed_;  // before last_; nothing is appended to them
    std::size_t taken_ = 0;            // of closed_: not all of them, or it is empty
    std::string last_;
    std::size_t size_ = 0;
};

}  // namespace grapevine::resp
