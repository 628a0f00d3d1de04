#include "sim/script.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace grapevine::sim {

namespace {

constexpr std::string_view blank = " \t\r";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // some editors begin UTF-8 with it

std::string_view trim(std::string_view line) {
    line = line.substr(0, line.find('#'));
    const std::size_t begin = line.find_first_not_of(blank);
    if (begin == std::string_view::npos) return {};
    return line.substr(begin, line.find_last_not_of(blank) + 1 - begin);
}

}  // namespace

Result<std::vector<Fault>> parse_script(std::string_view name, std::string_view text,
                                        const FaultCheck& check) {
    std::vector<Fault> faults;
    std::vector<std::size_t> lines;
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trim(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) continue;
        const Result<Fault> fault = parse_fault(line);
        if (!fault) return fail("{}:{}: {}", name, number, fault.error().message);
        faults.push_back(*fault);
        lines.push_back(number);
    }
    for (std::size_t i = 0; i < faults.size(); ++i) {
        const Result<void> known = check(faults[i], faults);
        if (!known) return fail("{}:{}: {}", name, lines[i], known.error().message);
    }
    return faults;
}

Result<std::vector<Fault>> read_script(const std::string& path, const FaultCheck& check) {
    std::ifstream file(path);
    if (!file) return fail("{} cannot be read: {}", path, std::strerror(errno));
    // By read(), which tells of a failure (a directory can be opened, and no more) in the stream.
    std::string text;
    std::array<char, 4096> part;
    while (file.read(part.data(), part.size()), file.gcount() > 0) {
        text.append(part.data(), static_cast<std::size_t>(file.gcount()));
    }
    if (file.bad()) return fail("{} cannot be read: {}", path, std::strerror(errno));
    return parse_script(path, text, check);
}

}  // namespace grapevine::sim
