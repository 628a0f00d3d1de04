#pragma once
// Bytes to be written, in order. Large strings are kept as they are and handed on one by one, so
// that a reply of hundreds of megabytes is never put together in memory. Pure.

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

namespace grapevine::resp {

class Pieces {
public:
    void append(std::string_view bytes) {
        if (bytes.empty()) return;
        if (pieces_.empty() || pieces_.back().size() >= large) pieces_.emplace_back();
        pieces_.back() += bytes;
        size_ += bytes.size();
    }
    // Large ones without a copy.
    void append_moved(std::string&& bytes) {
        if (bytes.size() < large && !pieces_.empty()) return append(std::string_view(bytes));
        if (bytes.empty()) return;
        size_ += bytes.size();
        pieces_.push_back(std::move(bytes));
    }
    void append(Pieces&& others) {
        for (std::string& piece : others.pieces_) append_moved(std::move(piece));
        others = {};
    }

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool starts_with(char first) const {
        return !pieces_.empty() && pieces_.front().starts_with(first);
    }
    // The first of them, with all that is small behind it; empty: there is none.
    [[nodiscard]] std::string take() {
        if (pieces_.empty()) return {};
        std::string first = std::move(pieces_.front());
        pieces_.pop_front();
        size_ -= first.size();
        return first;
    }

private:
    static constexpr std::size_t large = 64UZ * 1024;

    std::deque<std::string> pieces_;  // none is empty
    std::size_t size_ = 0;
};

}  // namespace grapevine::resp
