#pragma once
// What every result says of itself, and the file that keeps its numbers.

#include <fstream>
#include <memory>
#include <string>

#include "base/result.h"

namespace grapevine::bench {

// Where, when and how it was measured.
struct RunFacts {
    std::string commit;
    std::string command;
};
// "commit ...", "2026-11-24 12:00 UTC", "2 cores of ..., 23 GiB, Linux ...", "load average 0.10
// before it began", "bench rebalance ...": a line each.
std::string describe_run(const RunFacts& facts);

// A CSV file that is written line by line, so that what was measured is there also where the rest
// did not come. Its first lines, which begin with "# ", are what it says of itself.
class CsvFile {
public:
    // An empty path: nothing is kept.
    static Result<CsvFile> open(const std::string& path, const std::string& about,
                                const std::string& head);

    void add(const std::string& line);
    // False: what was added is not in the file.
    [[nodiscard]] bool is_whole();

private:
    explicit CsvFile(std::unique_ptr<std::ofstream> file) : file_(std::move(file)) {}
    std::unique_ptr<std::ofstream> file_;  // null: none
};

}  // namespace grapevine::bench
