#include "conformance/cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>

namespace grapevine::conformance {

namespace {

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<std::int64_t> number_of(std::string_view text, int base = 10) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (error != std::errc{} || end != text.data() + text.size()) return {};
    return number;
}

char escaped(char c) {
    switch (c) {
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return c;
    }
}

// Takes a word in double quotes off `text`, of which the first quote is taken already.
std::string take_quoted(std::string_view& text) {
    std::string word;
    while (true) {
        if (text.empty()) throw std::runtime_error("a quote is not closed");
        const char c = text[0];
        text.remove_prefix(1);
        if (c == '"') return word;
        if (c != '\\' || text.empty()) {
            word += c;
        } else if (text[0] == 'x' && text.size() >= 3) {
            const auto byte = number_of(text.substr(1, 2), 16);
            if (!byte) throw std::runtime_error("\\x wants two digits");
            word += static_cast<char>(*byte);
            text.remove_prefix(3);
        } else {
            word += escaped(text[0]);
            text.remove_prefix(1);
        }
    }
}

// "<3*ab>": "ababab"
std::optional<std::string> repeated(std::string_view word) {
    if (!word.starts_with('<') || !word.ends_with('>')) return {};
    const std::size_t star = word.find('*');
    if (star == std::string_view::npos) return {};
    const auto times = number_of(word.substr(1, star - 1));
    if (!times) return {};
    std::string text;
    for (std::int64_t i = 0; i < *times; ++i) text += word.substr(star + 1, word.size() - star - 2);
    return text;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
        if (text[0] == '"') {
            text.remove_prefix(1);
            words.push_back(take_quoted(text));
            continue;
        }
        const std::string_view word = text.substr(0, text.find(' '));
        text.remove_prefix(word.size());
        words.push_back(repeated(word).value_or(std::string(word)));
    }
    return words;
}

// Takes a mark of one character off a line.
bool take_mark(std::string_view& line, char mark) {
    if (!line.starts_with(mark)) return false;
    line = trimmed(line.substr(1));
    return true;
}

std::int64_t take_number(std::string_view& line) {
    const std::string_view word = line.substr(0, line.find(' '));
    const auto number = number_of(word);
    if (!number) throw std::runtime_error("a number is wanted");
    line = trimmed(line.substr(word.size()));
    return *number;
}

Step step_of(std::string_view line) {
    Step step;
    step.line = line;
    if (line.starts_with("wait ")) {
        line.remove_prefix(5);
        step.mark = Mark::wait;
        step.number = take_number(line);
        return step;
    }
    step.node_only = take_mark(line, '@');
    if (take_mark(line, '~')) {
        step.mark = Mark::near;
        step.number = take_number(line);
    } else if (take_mark(line, '%')) {
        step.mark = Mark::any_order;
    } else if (take_mark(line, '?')) {
        step.mark = Mark::kinds;
    } else if (take_mark(line, '*')) {
        step.mark = Mark::scan;
    } else if (take_mark(line, '^')) {
        step.mark = Mark::begins;
    } else if (take_mark(line, '&')) {
        step.mark = Mark::lines;
    } else if (take_mark(line, '+')) {
        step.mark = Mark::added;
    } else if (take_mark(line, '!')) {
        step.mark = Mark::differs;
    }
    step.args = words_of(line);
    if (step.args.empty()) throw std::runtime_error("a command is wanted");
    return step;
}

std::string expected_of(std::string_view text) {
    const auto words = words_of(text);
    if (words.size() != 1) throw std::runtime_error("one quoted reply is wanted");
    return words[0];
}

// Lines that belong to the step before them.
bool take_detail(std::string_view line, Case* current) {
    constexpr std::string_view details[] = {"2>", "3>", "less>", "more>", "why>"};
    const auto detail = std::ranges::find_if(
        details, [&](std::string_view begin) { return line.starts_with(begin); });
    if (detail == std::end(details)) return false;
    if (current == nullptr || current->steps.empty()) throw std::runtime_error("of what command?");
    Step& step = current->steps.back();
    const std::string_view said = line.substr(detail->size());
    const bool differs = step.mark == Mark::added || step.mark == Mark::differs;
    if (!differs && step.mark != Mark::lines && step.mark != Mark::begins) {
        throw std::runtime_error("the command is marked with none of +, !, & and ^");
    }
    if (*detail == "why>") {
        step.why += (step.why.empty() ? "" : " ") + std::string(trimmed(said));
        return true;
    }
    if (*detail == "less>" || *detail == "more>") {
        if (step.mark != Mark::lines) throw std::runtime_error("the command is not marked with &");
        for (std::string& word : words_of(said)) {
            (*detail == "less>" ? step.less : step.more).insert(std::move(word));
        }
        return true;
    }
    if (!differs) throw std::runtime_error("the command is marked with neither + nor !");
    std::string reply = expected_of(said);
    if (*detail == "2>") step.resp2 = reply;
    step.resp3 = std::move(reply);
    return true;
}

void check(const Case& read) {
    for (const Step& step : read.steps) {
        const bool told = step.mark == Mark::added || step.mark == Mark::differs;
        if (told && step.resp2.empty()) {
            throw std::runtime_error(
                fmt::format("{}: no reply is told for {}", read.name, step.line));
        }
        const bool differs = step.mark == Mark::differs || step.mark == Mark::begins ||
                             !step.less.empty() || !step.more.empty();
        if (differs && step.why.empty()) {
            throw std::runtime_error(
                fmt::format("{}: no reason is told for {}", read.name, step.line));
        }
    }
}

void read_line(std::string_view line, const std::string& file, std::vector<Case>& cases) {
    if (line.empty() || line.starts_with('#')) return;
    if (line.starts_with("==")) {
        const std::string_view name = trimmed(line.substr(2));
        const std::string_view tag = name.substr(std::min(name.find('{'), name.size()));
        cases.push_back({fmt::format("{}: {}", file, name), std::string(tag), {}});
        return;
    }
    if (take_detail(line, cases.empty() ? nullptr : &cases.back())) return;
    if (cases.empty()) throw std::runtime_error("a case has to begin first");
    cases.back().steps.push_back(step_of(line));
}

std::vector<Case> read_file(const std::filesystem::path& path) {
    std::vector<Case> cases;
    std::ifstream file(path);
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        try {
            read_line(trimmed(line), path.stem().string(), cases);
        } catch (const std::runtime_error& error) {
            throw std::runtime_error(fmt::format("{}:{}: {}", path.string(), number, error.what()));
        }
    }
    std::ranges::for_each(cases, check);
    return cases;
}

}  // namespace

std::vector<Case> read_cases(const std::string& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".cases") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    std::vector<Case> cases;
    for (const auto& file : files) {
        for (Case& read : read_file(file)) cases.push_back(std::move(read));
    }
    return cases;
}

std::string readable(std::string_view bytes) {
    constexpr std::size_t shown_max = 1000;
    std::string text;
    for (const char c : bytes.substr(0, shown_max)) {
        if (c == '\r') {
            text += "\\r";
        } else if (c == '\n') {
            text += "\\n";
        } else if (c >= ' ' && c <= '~') {
            text += c;
        } else {
            text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    if (bytes.size() > shown_max) text += fmt::format("... ({} bytes)", bytes.size());
    return text;
}

}  // namespace grapevine::conformance
