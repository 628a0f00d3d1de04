#pragma once
// Notes for a person, such as --verbose tells: the same one over and over is shown once, and how
// often it came again as soon as there is another one to show, or in the end.

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <utility>

namespace grapevine {

class Notes {
public:
    using Print = std::function<void(const std::string&)>;
    explicit Notes(Print print) : print_(std::move(print)) {}
    ~Notes() { tell_repeats(); }
    Notes(const Notes&) = delete;
    Notes& operator=(const Notes&) = delete;

    void add(const std::string& text);

private:
    struct Told {
        std::string text;
        std::size_t repeats = 0;  // that were not told
    };
    void tell_repeats();

    Print print_;
    std::deque<Told> told_;  // the latest different ones, told longest ago first
};

}  // namespace grapevine
