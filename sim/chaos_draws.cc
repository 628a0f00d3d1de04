// What each class of faults does, given how the cluster is.
#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "ring/ring.h"
#include "sim/availability.h"
#include "sim/chaos.h"

namespace grapevine::sim {

const std::vector<Chaos::Draw>& Chaos::draws() {
    static const std::vector<Draw> all{
        {FaultClass::kill, 3, &Chaos::kill},
        {FaultClass::kill, 2, &Chaos::restart},
        {FaultClass::kill, 1, &Chaos::kill_and_restart},
        {FaultClass::kill, 2, &Chaos::pause_and_kill},
        {FaultClass::leave, 2, &Chaos::leave},
        {FaultClass::leave, 1, &Chaos::restart},
        {FaultClass::join, 1, &Chaos::join},
        {FaultClass::accept_loss, 2, &Chaos::accept_loss},
        {FaultClass::aim, 2, &Chaos::aim},
        {FaultClass::pause, 1, &Chaos::pause},
        {FaultClass::slow, 1, &Chaos::slow_down},
        {FaultClass::drift, 1, &Chaos::drift},
        {FaultClass::cut, 1, &Chaos::cut},
        {FaultClass::cut, 1, &Chaos::cut_one_way},
        {FaultClass::cut, 1, &Chaos::cut_partly},
        {FaultClass::flap, 1, &Chaos::flap},
        {FaultClass::clog, 1, &Chaos::clog},
        {FaultClass::hang, 1, &Chaos::hang},
        {FaultClass::mute, 1, &Chaos::mute},
        {FaultClass::broken, 1, &Chaos::break_links},
        {FaultClass::refuse, 1, &Chaos::refuse},
        {FaultClass::loss, 1, &Chaos::lose},
        {FaultClass::burst, 1, &Chaos::lose_bursts},
        {FaultClass::delay, 1, &Chaos::delay},
        {FaultClass::duplicate, 1, &Chaos::duplicate},
        {FaultClass::corrupt, 1, &Chaos::corrupt},
        {FaultClass::client, 1, &Chaos::kill_client},
        {FaultClass::echo, 1, &Chaos::echo},
        {FaultClass::full, 1, &Chaos::fill_up},
        {FaultClass::wall, 1, &Chaos::set_wall_clocks},
    };
    return all;
}

// --- nodes ---

// Nobody, where anything else goes on.
std::size_t Chaos::may_die() const {
    if (config_.beyond_promise) return 3;
    return is_calm() ? deaths_survived(*world_.newest_ring()) : 0;
}

void Chaos::kill() {
    const std::size_t most = may_die();
    if (most == 0) return;
    if (config_.beyond_promise) {
        return apply({.kind = FaultKind::kill, .names = pick(alive(), 1 + rng_.below(most))});
    }
    // deaths_survived() counts on the coordinator, so it dies alone.
    if (has_coordinator() && rng_.chance(1, 5)) {
        return apply({.kind = FaultKind::kill, .names = {coordinator_name}});
    }
    // As often all at once that may die as any other number.
    const std::size_t count = rng_.chance(1, 2) ? most : 1 + rng_.below(most);
    apply({.kind = FaultKind::kill, .names = pick(cluster_.running(), count)});
}

void Chaos::restart() {
    const Names names = dead();
    if (names.empty()) return;
    bring_back(pick(names, 1 + rng_.below(names.size())), 1us);
}

// The coordinator as often with what it saved as without.
void Chaos::bring_back(Names names, Duration later) {
    const auto coordinator = std::ranges::find(names, coordinator_name);
    if (coordinator != names.end() && rng_.chance(1, 2) && !would_revive_quorum()) {
        names.erase(coordinator);
        apply_after(later, {.kind = FaultKind::back, .names = {coordinator_name}});
    }
    apply_after(later, {.kind = FaultKind::restart, .names = std::move(names)});
}

// The successor is there before anybody can have noticed, or soon after.
void Chaos::kill_and_restart() {
    const std::size_t most = may_die();
    if (most == 0) return;
    const bool coordinator = has_coordinator() && rng_.chance(1, 5);
    const Names names =
        coordinator ? Names{coordinator_name} : pick(cluster_.running(), 1 + rng_.below(most));
    apply({.kind = FaultKind::kill, .names = names});
    const Duration later = rng_.chance(1, 2) ? Duration{} : rng_.between(Duration{}, 300ms);
    bring_back(names, later + 1us);
}

// Some stand still, and others die before they go on, or some time after. Beyond the promise both
// befall them anyway.
void Chaos::pause_and_kill() {
    if (config_.beyond_promise) return kill();
    // Silence is noticed after 100 ms, and nobody is held dead for it within 300 ms more.
    constexpr Duration missed_after = 60ms;
    const std::size_t most = may_die();
    if (most == 0 || !config_.mix.has(FaultClass::pause)) return;
    const bool is_early = most < 2 || rng_.chance(1, 2);
    const std::size_t to_die = 1 + rng_.below(is_early ? most : most - 1);
    const std::size_t to_pause = 1 + rng_.below(is_early ? 2 : most - to_die);
    Names dying = cluster_.running();
    if (dying.size() <= to_die) return;
    rng_.shuffle(dying);
    Names paused(dying.begin() + static_cast<std::ptrdiff_t>(to_die), dying.end());
    dying.resize(to_die);
    if (is_early && has_coordinator()) paused.push_back(coordinator_name);
    paused = pick(std::move(paused), to_pause);
    std::ranges::sort(dying);
    const Duration later = rng_.between(Duration{}, is_early ? missed_after : 2s);
    kill_at_ = world_.now() + later + 2us;
    apply_for({.kind = FaultKind::pause, .names = paused}, draw_length(),
              {.kind = FaultKind::resume, .names = paused});
    apply_after(later + 2us, {.kind = FaultKind::kill, .names = dying});
}

// Whatever else goes on. Somebody has to stay who is there and not asked to leave.
void Chaos::leave() {
    Names staying = cluster_.running();
    std::erase_if(staying, [this](const auto& name) { return world_.node(name)->is_leaving(); });
    if (staying.size() < 2) return;
    const std::size_t most = std::min<std::size_t>(staying.size() - 1, 2);
    apply({.kind = FaultKind::leave, .names = pick(staying, 1 + rng_.below(most))});
}

// Whatever else goes on. At times two at once; few in a run, and to no more than grown_max nodes,
// as what a run takes grows with their square.
void Chaos::join() {
    constexpr std::size_t joined_max = 3;
    constexpr std::size_t grown_max = 9;
    const std::size_t known = world_.servers().size();
    const std::size_t most = std::min(world_.config().nodes + joined_max, grown_max);
    if (known >= most) return;
    const std::size_t many = 1 + rng_.below(std::min<std::size_t>(most - known, 2));
    Names names;
    for (std::size_t i = 1; i <= many; ++i) names.push_back(server_name(known + i));
    apply({.kind = FaultKind::join, .names = std::move(names)});
}

// As soon as something is down, though who holds it may only be cut off.
void Chaos::accept_loss() {
    if (!config_.accepts_loss) return;
    const RingPtr ring = world_.newest_ring();
    if (ring == nullptr || !ring->genesis) return;
    const bool is_down =
        std::ranges::any_of(ring->table, [&](const Entry& entry) { return ring->is_down(entry); });
    if (is_down) apply({.kind = FaultKind::accept_loss});
}

// Something has to go on for most moments to come: a death or a newcomer.
void Chaos::aim() {
    std::size_t most = may_die();
    if (most == 0) return;
    Fault aim{.kind = FaultKind::aim, .moment = static_cast<Moment>(rng_.below(moments))};
    const Names gone = dead();
    if (most >= 2 && (gone.empty() || rng_.chance(1, 2))) {
        aim.names = cluster_.running();
        const Names first = pick(aim.names, 1 + rng_.below(most - 1));
        std::erase_if(aim.names, [&](const std::string& name) {
            return std::ranges::find(first, name) != first.end();
        });
        if (aim.names.empty()) return;
        apply(aim);
        return apply({.kind = FaultKind::kill, .names = first});
    }
    apply(aim);
    if (!gone.empty()) bring_back(pick(gone, 1), 1us);
}

// As often some milliseconds as some seconds.
Duration Chaos::draw_length() {
    if (config_.lasting && rng_.chance(1, 8)) return rng_.between(8s, 20s);
    const Duration longest = Duration{1000LL << rng_.below(13)};
    return rng_.between(1ms, longest + 1ms);
}

void Chaos::pause() {
    const Names names = pick(rng_.chance(1, 5) ? clients() : alive(), 1);
    apply_for({.kind = FaultKind::pause, .names = names}, draw_length(),
              {.kind = FaultKind::resume, .names = names});
}

void Chaos::slow_down() {
    const Names names = pick(alive(), 1 + rng_.below(2));
    const bool is_extreme = config_.lasting && rng_.chance(1, 3);
    const std::int64_t times =
        is_extreme ? slow_max : 10 + static_cast<std::int64_t>(rng_.below(91));
    apply_for({.kind = FaultKind::slow, .names = names, .number = times}, draw_length(),
              {.kind = FaultKind::slow, .names = names, .number = 1});
}

// No failure: the promise holds with such clocks.
void Chaos::drift() {
    Names names = alive();
    const Names others = clients();
    names.insert(names.end(), others.begin(), others.end());
    if (names.empty()) return;
    names = pick(names, 1 + rng_.below(names.size()));
    for (const std::string& name : names) {
        const auto draw = static_cast<std::int64_t>(rng_.below(LocalClock::drift_max * 2 + 1));
        const std::int64_t ppm = rng_.chance(1, 4)
                                     ? (draw % 2 == 0 ? 1 : -1) * LocalClock::drift_max
                                     : draw - LocalClock::drift_max;
        apply({.kind = FaultKind::drift, .names = {name}, .number = ppm});
    }
}

// No failure. As often by less than keys of the load live as by hours, and both ways.
void Chaos::set_wall_clocks() {
    for (const std::string& name : pick(cluster_.running(), 1 + rng_.below(3))) {
        const std::uint64_t most = rng_.chance(1, 2) ? 1000 : 10'000'000;
        const auto jump_ms = static_cast<std::int64_t>(1 + rng_.below(most));
        apply({.kind = FaultKind::wall,
               .names = {name},
               .number = rng_.chance(1, 2) ? jump_ms : -jump_ms});
    }
}

// No failure: what was acknowledged is held, and copies are made, as without it.
void Chaos::fill_up() {
    const Names names = pick(cluster_.running(), 1 + rng_.below(3));
    const auto left = rng_.chance(1, 2) ? 0 : static_cast<std::int64_t>(rng_.below(64));
    apply({.kind = FaultKind::full, .names = names, .number = left});
    apply_after(draw_length() + 1us, {.kind = FaultKind::roomy, .names = names});
}

// --- ways ---

void Chaos::obstruct(FaultKind kind, std::vector<std::pair<std::string, std::string>> pairs,
                     Duration span) {
    if (pairs.empty()) return;
    Fault fault{.kind = kind, .pairs = pairs, .span = span};
    apply_for(fault, draw_length(), {.kind = FaultKind::heal, .pairs = std::move(pairs)});
}

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Each of the first so many with each of the so many that follow.
Pairs between(const Names& all, std::size_t here, std::size_t there) {
    Pairs pairs;
    for (std::size_t a = 0; a < here; ++a) {
        for (std::size_t b = here; b < std::min(here + there, all.size()); ++b) {
            pairs.emplace_back(all[a], all[b]);
        }
    }
    return pairs;
}

}  // namespace

void Chaos::cut() {
    Names all = ends();
    rng_.shuffle(all);
    const std::size_t here = 1 + rng_.below(std::max<std::size_t>(all.size() / 2, 1));
    const std::size_t there = rng_.chance(1, 2) ? all.size() - here : 1;
    obstruct(FaultKind::cut, between(all, here, there));
}

void Chaos::cut_one_way() {
    Names all = ends();
    rng_.shuffle(all);
    const std::size_t here = rng_.chance(1, 2) ? 1 : 1 + rng_.below(all.size());
    const std::size_t there = rng_.chance(1, 2) ? 1 : all.size();
    obstruct(FaultKind::cut_one_way, between(all, here, there));
}

// Two that cannot reach each other, or two groups, and somebody who reaches both.
void Chaos::cut_partly() {
    Names all = everyone();
    if (all.size() < 3) return;
    rng_.shuffle(all);
    const std::size_t here = rng_.chance(1, 2) ? 1 : all.size() / 2;
    const std::size_t there = rng_.chance(1, 2) ? 1 : all.size() - here - 1;
    obstruct(FaultKind::cut, between(all, here, there));
}

void Chaos::flap() {
    Names all = ends();
    rng_.shuffle(all);
    const std::size_t there = rng_.chance(1, 2) ? 1 : all.size();
    obstruct(FaultKind::flap, between(all, 1, there), Duration{5000LL << rng_.below(8)});
}

void Chaos::obstruct_one(FaultKind both, FaultKind one_way) {
    Names all = ends();
    rng_.shuffle(all);
    Pairs pairs = between(all, 1, rng_.chance(1, 2) ? 1 : all.size());
    if (!rng_.chance(1, 3)) return obstruct(both, std::move(pairs));
    const bool to_it = rng_.chance(1, 2);
    for (auto& [from, to] : pairs) {
        if (to_it) std::swap(from, to);
    }
    obstruct(one_way, std::move(pairs));
}

void Chaos::clog() {
    obstruct_one(FaultKind::clog, FaultKind::clog_one_way);
}

void Chaos::hang() {
    obstruct_one(FaultKind::hang, FaultKind::hang_one_way);
}

void Chaos::mute() {
    obstruct_one(FaultKind::mute, FaultKind::mute_one_way);
}

void Chaos::break_links() {
    const Names pair = pick(ends(), 2);
    if (pair.size() < 2) return;
    apply({.kind = FaultKind::break_links, .pairs = {{pair[0], pair[1]}}});
}

// Links that are up would hide it.
void Chaos::refuse() {
    Names all = ends();
    rng_.shuffle(all);
    const Pairs pairs = between(all, 1 + rng_.below(all.size()), 1);
    if (pairs.empty()) return;
    obstruct(FaultKind::refuse, pairs);
    // Whoever was refused again and again dials again after up to two seconds (node/links.cc).
    // Until then a copy may be given up for the link, and a death of the other one is not covered.
    disturbed_until_ += 2s;
    apply({.kind = FaultKind::break_links, .pairs = pairs});
}

// --- everything that is sent ---

void Chaos::spoil(const Fault& fault, const Fault& end, const NetworkConfig& then) {
    const Duration span = draw_length();
    if (!is_fit(then)) return apply_for(fault, span, end);
    apply(fault);
    apply_after(span + 1us, end);
}

void Chaos::lose() {
    const auto percent = static_cast<std::uint32_t>(rng_.below(60));
    NetworkConfig then = world_.network().config();
    then.loss_percent = percent;
    spoil({.kind = FaultKind::loss, .percent = percent}, {.kind = FaultKind::loss, .percent = 0},
          then);
}

void Chaos::lose_bursts() {
    const auto percent = static_cast<std::uint32_t>(1 + rng_.below(40));
    const auto length = static_cast<std::int64_t>(2 + rng_.below(20));
    apply_for({.kind = FaultKind::burst, .percent = percent, .number = length}, draw_length(),
              {.kind = FaultKind::burst, .percent = 0, .number = 1});
}

void Chaos::delay() {
    const NetworkConfig& usual = world_.config().network;
    DelayPlan plan{.least = 50us, .most = Duration{200LL << rng_.below(8)}};
    if (rng_.chance(2, 3)) plan.tail = plan.most + Duration{1000LL << rng_.below(9)};
    NetworkConfig then = world_.network().config();
    then.delay_max = plan.most;
    then.delay_tail = plan.tail;
    spoil({.kind = FaultKind::delay, .delay = plan},
          {.kind = FaultKind::delay, .delay = {usual.delay_min, usual.delay_max, usual.delay_tail}},
          then);
}

// No failure, as an echo: nothing is missing.
void Chaos::duplicate() {
    const auto percent = static_cast<std::uint32_t>(1 + rng_.below(30));
    apply({.kind = FaultKind::duplicate, .percent = percent, .span = draw_length()});
    apply_after(draw_length() + 1us, {.kind = FaultKind::duplicate, .percent = 0});
}

void Chaos::echo() {
    const auto percent = static_cast<std::uint32_t>(5 + rng_.below(46));
    apply({.kind = FaultKind::echo, .percent = percent, .span = draw_length()});
    apply_after(draw_length() + 1us, {.kind = FaultKind::echo, .percent = 0});
}

void Chaos::kill_client() {
    Names busy;
    for (const ClientHost* client : world_.clients()) {
        if (client->name() == watching_client) continue;
        if (client->client().in_flight() > 0) busy.push_back(client->name());
    }
    if (busy.empty()) return;
    apply({.kind = FaultKind::kill, .names = pick(busy, 1)});
}

// As loss is, for who receives it.
void Chaos::corrupt() {
    const auto percent = static_cast<std::uint32_t>(1 + rng_.below(40));
    NetworkConfig then = world_.network().config();
    then.corrupt_percent = percent;
    spoil({.kind = FaultKind::corrupt, .percent = percent},
          {.kind = FaultKind::corrupt, .percent = 0}, then);
}

}  // namespace grapevine::sim
