// What it costs to find a key's latest change among a partition's unfinished operations, when one
// operation begins and the oldest ends all the while. To be counted in instructions:
//
//   valgrind --tool=callgrind --toggle-collect='*measure*' unfinished_measure [UNFINISHED [ROUNDS]]
//                                                                             (10000, 10000)
#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "replication/partition_log.h"

namespace grapevine {

namespace {

OpPtr put_of(std::uint64_t counter) {
    return make_op({.version = {Epoch{1}, counter},
                    .kind = OpKind::put,
                    .answer = {},
                    .key = fmt::format("key{}", counter),
                    .value = "value",
                    .more = {}});
}

[[gnu::noinline]] std::uint64_t measure(PartitionLog& log, std::uint64_t rounds) {
    std::uint64_t found = 0;
    for (std::uint64_t i = 0; i < rounds; ++i) {
        log.append(put_of(log.held() + 1));
        if (log.last_change(fmt::format("key{}", log.watermark() + 1))) ++found;
        if (log.last_change("no such key")) ++found;
        log.take_oldest();
    }
    return found;
}

void run(std::uint64_t unfinished, std::uint64_t rounds) {
    PartitionLog log;
    log.start({Epoch{1}, 0}, 0);
    while (log.held() < unfinished) log.append(put_of(log.held() + 1));
    fmt::print("{} unfinished, {} rounds, {} found\n", unfinished, rounds, measure(log, rounds));
}

}  // namespace

}  // namespace grapevine

int main(int argc, char** argv) {
    const auto number = [&](int at, std::uint64_t otherwise) {
        return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
    };
    grapevine::run(number(1, 10'000), number(2, 10'000));
}
