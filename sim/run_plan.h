#pragma once
// Everything about one run, as a value: drawn from a seed, or set on the command line, or a bit of
// both. Together with the program's version it says what happens, event for event.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "sim/chaos.h"
#include "sim/fault.h"
#include "sim/load.h"
#include "sim/world.h"

namespace grapevine::sim {

// How long the faults of a drawn run go on at least.
inline constexpr Duration faults_least = 35s;
// When those of RunPlan::kill die.
inline constexpr Duration kill_after = 500ms;

// A failure on purpose, for tests of what is done about failures: a kill and a later pause, or the
// other way round, and then this; torn: somebody stays cut off.
enum class Planted : std::uint8_t { nothing, broken, torn, crash, hang };

struct RunPlan {
    WorldConfig world;  // with the seed
    LoadConfig load;
    std::size_t keys = 20;  // written before the faults, read back at last; the load has its own

    ChaosConfig chaos;     // faults that are drawn as the run goes on, or a list
    std::size_t kill = 0;  // beside a list: as many nodes, drawn, die at once
    Duration faults_for = 10s;
    // Keys and faults wait until every partition has its copies, not only for the ring of all.
    bool waits_for_copies = false;
    bool revive = true;  // the dead are replaced when the faults end

    // Draws may kill more at once than the promise covers: nothing false is answered, is all that
    // is asked.
    bool beyond_promise = false;
    // All faults, drawn or from a list, are within the limits up to which nobody is to be evicted.
    bool is_gentle = false;
    // Waits in the end until idle clients' ids have to be forgotten.
    bool checks_memory = false;
    Planted planted = Planted::nothing;
};

// What a person fixed; the rest is drawn from the seed as it would be otherwise.
struct PlanChoice {
    std::optional<std::size_t> nodes;
    std::optional<std::uint32_t> copies;
    std::optional<std::uint32_t> partitions;
    std::optional<bool> coordinator;
    std::optional<std::size_t> clients;
    std::optional<std::size_t> keys;  // of the load
    std::optional<Duration> think;    // longest pause of a client
    std::optional<Duration> faults_for;
    FaultMix faults = FaultMix::all();
    std::optional<std::vector<Fault>> script;
    Planted planted = Planted::nothing;
    // A cluster, load and time for one run that is told; instead of drawing them.
    bool is_story = false;
    std::size_t kill = 0;  // of a story
};

// One node alone up to thirteen, seven in the mean; one to five copies, 16 to 1,024 partitions. A
// fifth stands in two to four zones, a fifth has nodes of half to three times the usual weight.
RunPlan draw_plan(std::uint64_t seed, const PlanChoice& choice = {});

// The options of ./sim that make this plan again, --seed included.
std::string replay_options(std::uint64_t seed, const PlanChoice& choice);

// "broken", as ./sim --planted takes it.
std::string_view to_string(Planted planted);

// In words: "7 nodes, 3 copies, ...".
std::string to_string(const RunPlan& plan);

// The plan with everything spelled out, for changing it bit by bit. Its draw is the same plan.
PlanChoice spelled_out(const RunPlan& plan, const PlanChoice& choice,
                       const std::vector<Fault>& faults);

}  // namespace grapevine::sim
