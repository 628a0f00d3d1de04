#pragma once
// The core workloads of YCSB (Cooper et al. 2010), by its names:
//
//   a  50 % reads, 50 % updates           zipfian
//   b  95 % reads, 5 % updates            zipfian
//   c  reads                              zipfian
//   d  95 % reads, 5 % inserts            latest: what was inserted last is read most
//   f  50 % reads, 50 % read-modify-write zipfian
//
// e, short scans, is not offered: keys are placed by their hash, and the store has no order of
// them.
//
// Zipfian is Zipf's distribution with exponent 0.99 over all keys, scrambled: ranks are spread over
// the keys by FNV-1a, so that two ranks may share a key, as in YCSB. Departures from YCSB: records
// have no fields, so that an update writes all of its 1,000 bytes (there one field of 100 unless
// told otherwise), and the distribution is over the keys that there are (there over 10^10 ranks,
// which makes the most popular key less popular).

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/experiment.h"
#include "bench/phase.h"
#include "bench/zipf.h"

namespace grapevine::bench {

struct YcsbMix {
    unsigned reads = 100;  // percent; what is left over are read-modify-writes
    unsigned updates = 0;
    unsigned inserts = 0;
    bool latest = false;
};
// The error says what is wrong with the name.
Result<YcsbMix> ycsb_mix(const std::string& name);

// Names and ranges of them, as in a-c,f: one name after the other. A range leaves out e, and the
// note, a line, says so; it is empty where nothing is left out.
struct YcsbChoice {
    std::vector<std::string> names;
    std::string note;
};
YcsbChoice ycsb_choice(const std::vector<std::string>& given);

// So many operations of one workload. Outlives what it gives out.
class YcsbLoad {
public:
    // `workload` says which keys there are at the beginning.
    YcsbLoad(const YcsbMix& mix, const Workload& workload, std::uint64_t seed,
             std::uint64_t operations);
    YcsbLoad(const YcsbLoad&) = delete;
    YcsbLoad& operator=(const YcsbLoad&) = delete;

    Source source();
    // Hears of inserts, so that only what was answered is read.
    Answered answered();
    // Of the keys from 0 on, how many may be there.
    [[nodiscard]] std::uint64_t keys_begun() const { return inserted_; }

private:
    std::optional<Step> next();
    [[nodiscard]] std::uint64_t draw_key();
    void insert_answered(std::uint64_t number);

    YcsbMix mix_;
    Workload workload_;
    std::string value_;
    Rng rng_;
    Zipf zipf_;
    std::uint64_t left_;
    std::uint64_t inserted_;            // the number of the next insert
    std::uint64_t readable_;            // all below it are there
    std::set<std::uint64_t> answered_;  // inserts above it
};

// The key of a rank among so many.
std::uint64_t scrambled(std::uint64_t rank, std::uint64_t keys);

struct YcsbConfig {
    Setting setting;
    std::vector<std::string> workloads;  // one after the other, on one cluster
    std::uint64_t operations = 100'000;  // of each round; a quarter as many before the first
    unsigned rounds = 5;
};

// Calls `done` after each round.
Result<std::vector<Phase>> ycsb(Session& session, const YcsbConfig& config, const PhaseDone& done);

// Median, min and max of the rounds of each workload, for people.
std::string ycsb_summary(const std::vector<Phase>& phases);

}  // namespace grapevine::bench
