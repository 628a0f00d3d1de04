#include "runtime/notes.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace grapevine {

TEST_CASE("repeated notes are counted, and the count is told before the next other one") {
    using Lines = std::vector<std::string>;
    Lines lines;
    {
        Notes notes([&](const std::string& text) { lines.push_back(text); });
        for (int i = 0; i < 3; ++i) {
            notes.add("a is silent");
            notes.add("b is silent");
        }
        CHECK(lines == Lines{"a is silent", "b is silent"});
        notes.add("epoch 7");
        CHECK(lines == Lines{"a is silent", "b is silent", "a is silent (2 times more)",
                             "b is silent (2 times more)", "epoch 7"});
        notes.add("a is silent");
    }
    CHECK(lines.size() == 6);
    CHECK(lines.back() == "a is silent (1 time more)");
}

TEST_CASE("a note that came long ago is shown again") {
    std::vector<std::string> lines;
    Notes notes([&](const std::string& text) { lines.push_back(text); });
    for (int i = 0; i < 17; ++i) notes.add(std::to_string(i));
    notes.add("0");
    CHECK(lines.size() == 18);
}

}  // namespace grapevine
