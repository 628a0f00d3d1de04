// fuzz_seeds DIRECTORY: writes the inputs that fuzzing begins with, DIRECTORY/TARGET/seed-N, and
// prints one line for each target: its name and how long an input may be.

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "fuzz/target.h"
#include "wire/samples.h"

using namespace grapevine;

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: fuzz_seeds DIRECTORY\n", stderr);
        return 2;
    }
    for (const fuzz::Target* target : fuzz::all_targets()) {
        const std::filesystem::path directory = std::filesystem::path(argv[1]) / target->name;
        std::filesystem::create_directories(directory);
        Samples samples(1);
        std::size_t number = 0;
        for (const std::string& seed : target->seeds(samples)) {
            std::ofstream file(directory / fmt::format("seed-{}", number++), std::ios::binary);
            file.write(seed.data(), static_cast<std::streamsize>(seed.size()));
            if (!file.flush()) {
                std::fprintf(stderr, "fuzz_seeds: cannot write to %s\n", directory.c_str());
                return 1;
            }
        }
        std::printf("%s %zu\n", std::string(target->name).c_str(), target->size_max);
    }
}
