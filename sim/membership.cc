#include "sim/membership.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "ring/planner.h"
#include "sim/event_log.h"
#include "sim/member_net.h"

namespace grapevine::sim {

namespace {

constexpr Duration adoption_spread = 40ms;  // over which members adopt the first ring
constexpr Duration bootstrap_max = 120s;
constexpr Duration fault_max = 30s;
constexpr Duration between_faults = 300ms;
constexpr Duration paused_lately = 1s;
constexpr std::string_view broken_prefix = "broken invariant: ";

class MembershipRun {
public:
    using Tell = std::function<void(const std::string&)>;

    MembershipRun(const MembershipConfig& config, std::uint64_t seed, const Tell& tell)
        : config_(config),
          net_(config.network, config.fast ? TurnCost{1us, 0us} : TurnCost{}, seed),
          tell_(tell) {
        result_.seed = seed;
        net_.on_ring([this](MemberIndex member, const RingPtr& ring) { adopted(member, ring); });
        if (!tell_) return;
        net_.on_log([this](MemberIndex member, const LogLine& line) {
            if (line.level != LogLevel::debug) say(fmt::format("{}: {}", name(member), line.text));
        });
    }

    MembershipResult go() {
        for (const auto step : {&MembershipRun::begin, &MembershipRun::stay_quiet,
                                &MembershipRun::crash, &MembershipRun::cut}) {
            if (result_.failure.empty()) (this->*step)();
        }
        result_.rings = newest_ != nullptr ? newest_->epoch.value : 0;
        result_.events = net_.events();
        result_.hash = net_.hash();
        return std::move(result_);
    }

private:
    // --- beginning ---

    void begin() {
        // Loss and cuts begin when the cluster is there.
        net_.set_loss(0);
        if (config_.bootstrap) {
            bootstrap();
        } else {
            found();
        }
        net_.set_loss(config_.network.loss_percent);
        net_.run_until(net_.now() + config_.warm_up);
    }

    NodeConfig config_of(MemberIndex number) {
        NodeConfig config;
        config.self.id = net_.rng().draw<NodeId>();
        config.self.name = name(number);
        config.self.role = number == 0 ? Role::coordinator : Role::storage;
        config.self.address = MemberNet::address_of(number);
        config.copies_wanted = config_.copies;
        config.partitions = config_.partitions;
        if (number == 0 && config_.bootstrap) {
            config.found = true;
            config.cluster = net_.rng().draw<ClusterId>();
            config.genesis_members = config_.nodes;
        } else if (config_.bootstrap) {
            config.seeds.push_back(MemberNet::address_of(0));
        }
        members_[config.self.id] = number;
        return config;
    }

    static std::string name(MemberIndex number) {
        return number == 0 ? "coordinator" : fmt::format("server{}", number);
    }

    // The ring of all, and everybody learns it within one heartbeat.
    void found() {
        Observations seen;
        seen.genesis_members = config_.nodes;
        Member coordinator;
        for (MemberIndex number = 0; number <= config_.nodes; ++number) {
            const NodeConfig config = config_of(number);
            (number == 0 ? coordinator : seen.joiners.emplace_back()) = config.self;
            net_.add(config);
        }
        const Ring first = found_ring(net_.rng().draw<ClusterId>(), coordinator, config_.copies,
                                      config_.partitions);
        const auto change = plan(first, seen, PlannerConfig{});
        ASSERT(change.has_value());
        const auto made = net_.rings().make(std::make_shared<const Ring>(first), *change);
        ASSERT(made, "{}", made.error().message);
        std::multimap<Time, MemberIndex> learn;
        for (MemberIndex number = 0; number <= config_.nodes; ++number) {
            learn.emplace(net_.now() + net_.rng().between(0us, adoption_spread), number);
        }
        for (const auto& [at, number] : learn) {
            net_.run_until(at);
            net_.give_ring(number, made->ring);
        }
    }

    void bootstrap() {
        const Time begun = net_.now();
        std::multimap<Time, MemberIndex> starts;
        for (MemberIndex number = 1; number <= config_.nodes; ++number) {
            starts.emplace(begun + net_.rng().between(0us, config_.start_spread), number);
        }
        net_.add(config_of(0));
        for (const auto& [at, was] : starts) {
            net_.run_until(at);
            net_.add(config_of(static_cast<MemberIndex>(net_.size())));
        }
        waiting_ = net_.size();
        arrived_ = [this](const Ring& ring) { return ring.members.size() == net_.size(); };
        for (MemberIndex number = 0; number < net_.size(); ++number) {
            const RingPtr& ring = net_.node(number).ring();
            if (ring != nullptr && arrived_(*ring)) --waiting_;
        }
        if (!wait(bootstrap_max)) return fail("the cluster did not come together");
        result_.bootstrap = net_.now() - begun;
        result_.bootstrap_rings = newest_->epoch.value;
    }

    // --- the quiet time ---

    struct Pauser {
        MemberIndex member = 0;
        bool paused = false;
        Time next;
    };

    void stay_quiet() {
        std::vector<Traffic> before;
        for (MemberIndex i = 0; i < net_.size(); ++i) before.push_back(net_.traffic(i));
        std::vector<Pauser> pausers;
        if (config_.pause_max > Duration{}) {
            for (std::size_t i = 0; i < config_.pausing; ++i) pausers.push_back({.next = rest()});
        }
        is_quiet_ = true;
        const Time end = net_.now() + config_.quiet;
        while (net_.now() < end) {
            Time until = end;
            for (const Pauser& pauser : pausers) until = std::min(until, pauser.next);
            net_.run_until(until);
            for (Pauser& pauser : pausers) {
                if (net_.now() >= pauser.next && net_.now() < end) switch_pause(pauser);
            }
        }
        for (const Pauser& pauser : pausers) {
            if (pauser.paused) net_.resume(pauser.member);
        }
        result_.quiet = config_.quiet;
        result_.member_us = static_cast<std::uint64_t>(to_us(config_.quiet)) * net_.size();
        measure_load(before);
        is_quiet_ = false;
        net_.run_until(net_.now() + net_.rng().between(0ms, 200ms));
    }

    Time rest() { return net_.now() + net_.rng().between(1ms, config_.pause_gap_max); }

    void switch_pause(Pauser& pauser) {
        if (pauser.paused) {
            paused_until_[pauser.member] = net_.now();
            net_.resume(pauser.member);
            pauser = {.next = rest()};
            return;
        }
        pauser.member = static_cast<MemberIndex>(net_.rng().below(net_.size()));
        pauser.next = rest();
        if (net_.is_paused(pauser.member)) return;  // another pauser has it
        pauser.paused = true;
        pauser.next = net_.now() + net_.rng().between(config_.pause_min, config_.pause_max);
        say(fmt::format("{} pauses until {}", name(pauser.member), seconds(pauser.next)));
        paused_until_[pauser.member] = never;
        net_.pause(pauser.member);
        ++result_.pauses;
    }

    template <class Number>
    SentRate load_of(const std::vector<Traffic>& before, Number number) {
        std::vector<std::uint64_t> rates;
        std::uint64_t sum = 0;
        const auto span = static_cast<std::uint64_t>(to_us(config_.quiet));
        for (MemberIndex i = 0; i < net_.size(); ++i) {
            const std::uint64_t sent = number(net_.traffic(i) - before[i]);
            sum += sent;
            rates.push_back(sent * 1'000'000 / span);
        }
        std::ranges::sort(rates);
        const std::uint64_t per_milli = span / 1000 * rates.size();
        return {.mean_milli = sum * 1'000'000 / per_milli,
                .p99 = rates[(rates.size() - 1) * 99 / 100],
                .max = rates.back()};
    }

    void measure_load(const std::vector<Traffic>& before) {
        if (config_.quiet < 1ms) return;
        using T = Traffic;
        result_.swim_datagrams = load_of(before, [](const T& t) { return t.swim_datagrams; });
        result_.swim_bytes = load_of(before, [](const T& t) { return t.swim_bytes; });
        result_.lease_datagrams = load_of(before, [](const T& t) { return t.lease_datagrams; });
        result_.lease_bytes = load_of(before, [](const T& t) { return t.lease_bytes; });
        result_.link_bytes = load_of(before, [](const T& t) { return t.link_bytes; });
        result_.overflowed = load_of(before, [](const T& t) { return t.overflowed; });
        result_.busy_us = load_of(before, [](const T& t) { return t.busy_us; });
    }

    // --- faults ---

    void crash() {
        if (config_.crash == 0) return;
        const auto victims = choose(config_.crash);
        for (const MemberIndex victim : victims) {
            say(fmt::format("{} is killed", name(victim)));
            net_.kill(victim);
        }
        await_removal(victims, result_.crash_decided, result_.crash_everywhere);
        net_.run_until(net_.now() + between_faults + net_.rng().between(0ms, 200ms));
    }

    void cut() {
        if (config_.cut == 0) return;
        const auto victims = choose(config_.cut);
        for (const MemberIndex victim : victims) {
            say(fmt::format("{} is {}", name(victim), config_.stop ? "stopped" : "cut off"));
            if (config_.stop) {
                net_.pause(victim);
            } else {
                net_.cut(victim);
            }
        }
        await_removal(victims, result_.cut_decided, result_.cut_everywhere);
    }

    [[nodiscard]] bool is_there(MemberIndex number) const {
        return net_.is_alive(number) && !net_.is_cut(number) && !net_.is_paused(number);
    }

    // Storage members, all different, that are well and in the newest ring.
    std::vector<MemberIndex> choose(std::size_t count) {
        std::vector<MemberIndex> eligible;
        for (MemberIndex i = 1; i < net_.size(); ++i) {
            if (is_there(i) && newest_->is_up(net_.node(i).self().id)) eligible.push_back(i);
        }
        net_.rng().shuffle(eligible);
        eligible.resize(std::min(count, eligible.size()));
        return eligible;
    }

    void await_removal(const std::vector<MemberIndex>& victims, std::optional<Duration>& decided,
                       std::optional<Duration>& everywhere) {
        const Time struck = net_.now();
        std::vector<NodeId> ids;
        for (const MemberIndex victim : victims) ids.push_back(net_.node(victim).self().id);
        arrived_ = [ids](const Ring& ring) {
            return std::ranges::none_of(ids, [&](NodeId id) { return ring.is_up(id); });
        };
        waiting_ = 0;
        for (MemberIndex i = 0; i < net_.size(); ++i) waiting_ += is_there(i) ? 1 : 0;
        first_arrival_ = never;
        if (!wait(fault_max)) {
            return fail(fmt::format("{} of {} members not in a ring without the dead after {}",
                                    waiting_, net_.size(), seconds(Time{fault_max})));
        }
        decided = first_arrival_ - struck;
        everywhere = net_.now() - struck;
        say(fmt::format("decided after {} us, everywhere after {} us", to_us(*decided),
                        to_us(*everywhere)));
    }

    // --- watching rings ---

    bool wait(Duration limit) {
        const bool all = net_.run_until(net_.now() + limit, [this] { return waiting_ == 0; });
        arrived_ = {};
        return all;
    }

    void adopted(MemberIndex member, const RingPtr& ring) {
        check(ring);
        if (newest_ == nullptr || ring->epoch > newest_->epoch) {
            if (is_quiet_) count_evictions(*ring);
            newest_ = ring;
        }
        const RingPtr before = std::exchange(ring_of_[member], ring);
        if (before != nullptr && ring->epoch < before->epoch) {
            broken(fmt::format("{} went back from ring {} to {}", name(member), before->epoch,
                               ring->epoch));
        }
        if (!arrived_ || !is_there(member) || !arrived_(*ring)) return;
        if (before != nullptr && arrived_(*before)) return;
        first_arrival_ = std::min(first_arrival_, net_.now());
        --waiting_;
    }

    // One ring per epoch, and well-formed.
    void check(const RingPtr& ring) {
        const std::uint64_t digest = net_.rings().digest_of(ring);
        const auto [known, added] = digests_.try_emplace(ring->epoch, digest);
        if (known->second != digest) broken(fmt::format("two rings of epoch {}", ring->epoch));
        if (!added) return;
        const std::string defect = ring_defect(*ring);
        if (!defect.empty()) broken(fmt::format("ring {}: {}", ring->epoch, defect));
    }

    void count_evictions(const Ring& next) {
        for (const Member& member : newest_->members) {
            if (!member.is_up() || next.is_up(member.id)) continue;
            const MemberIndex number = members_.at(member.id);
            const auto paused = paused_until_.find(number);
            const bool lately =
                paused != paused_until_.end() &&
                (paused->second == never || net_.now() < paused->second + paused_lately);
            ++(lately ? result_.evictions.paused : result_.evictions.healthy);
            say(fmt::format("{} is evicted, {}", member.name, lately ? "paused" : "and is well"));
        }
    }

    // Says more than what follows from it.
    void broken(const std::string& rule) {
        if (result_of(result_) != RunResult::broken) {
            result_.failure = std::string(broken_prefix) + rule;
        }
    }

    void fail(std::string why) {
        if (result_.failure.empty()) result_.failure = std::move(why);
    }

    void say(const std::string& text) {
        if (tell_) tell_(fmt::format("{}  {}", seconds(net_.now()), text));
    }

    const MembershipConfig config_;
    MemberNet net_;
    const Tell& tell_;
    MembershipResult result_;
    std::map<NodeId, MemberIndex> members_;
    std::map<MemberIndex, RingPtr> ring_of_;
    std::map<MemberIndex, Time> paused_until_;  // never: is paused
    std::map<Epoch, std::uint64_t> digests_;
    RingPtr newest_;
    bool is_quiet_ = false;  // nobody should be removed
    // What is waited for: that so many more members are in a ring of which this holds.
    std::function<bool(const Ring&)> arrived_;
    std::size_t waiting_ = 0;
    Time first_arrival_ = never;
};

}  // namespace

RunResult result_of(const MembershipResult& result) {
    if (result.failure.empty()) return RunResult::pass;
    return result.failure.starts_with(broken_prefix) ? RunResult::broken : RunResult::not_converged;
}

MembershipResult run_membership(const MembershipConfig& config, std::uint64_t seed,
                                const std::function<void(const std::string&)>& tell) {
    return MembershipRun(config, seed, tell).go();
}

}  // namespace grapevine::sim
