#include "bench/record.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sstream>
#include <thread>

#include "runtime/process.h"

namespace grapevine::bench {

namespace {

// "AMD EPYC"; empty: not known.
std::string processor() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const auto colon = line.find(": ");
        if (line.starts_with("model name") && colon != std::string::npos) {
            return line.substr(colon + 2);
        }
    }
    return {};
}

double load_average() {
    double minute = 0;
    return getloadavg(&minute, 1) == 1 ? minute : 0;
}

}  // namespace

std::string describe_run(const RunFacts& facts) {
    utsname system{};
    uname(&system);
    const std::string model = processor();
    return fmt::format(
        "commit {}\n{:%Y-%m-%d %H:%M} UTC\n{} cores{}, {:.0f} GiB, {} {}\nload average {:.2f} "
        "before it began\n{}\n",
        facts.commit, fmt::gmtime(std::time(nullptr)), std::thread::hardware_concurrency(),
        model.empty() ? "" : " of " + model, static_cast<double>(usable_memory()) / (1 << 30),
        system.sysname, system.release, load_average(), facts.command);
}

Result<CsvFile> CsvFile::open(const std::string& path, const std::string& about,
                              const std::string& head) {
    if (path.empty()) return CsvFile(nullptr);
    CsvFile csv(std::make_unique<std::ofstream>(path));
    if (!*csv.file_) return fail("{} cannot be written: {}", path, std::strerror(errno));
    std::istringstream lines(about);
    for (std::string line; std::getline(lines, line);) csv.add("# " + line);
    csv.add(head);
    return csv;
}

void CsvFile::add(const std::string& line) {
    if (file_ != nullptr) *file_ << line << std::endl;
}

bool CsvFile::is_whole() {
    return file_ == nullptr || file_->flush().good();
}

}  // namespace grapevine::bench
