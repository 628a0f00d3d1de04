#include "runtime/coordinator_host.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <ranges>
#include <utility>

#include "base/counted.h"
#include "base/print.h"
#include "coordinator/report.h"
#include "runtime/clock.h"
#include "runtime/socket_address.h"

namespace grapevine {

namespace {

constexpr Duration survey_period = 20ms;
constexpr Duration survey_timeout = 500ms;
constexpr Duration ready_patience = 5s;  // until it is said that it is not, and again

void say(const std::string& line) {
    print_out("{}\n", line);
    std::fflush(stdout);
}

}  // namespace

CoordinatorHost::CoordinatorHost(Loop& loop, std::unique_ptr<Endpoint> endpoint,
                                 const NodeConfig& node, CoordinatorConfig config, Logger& log)
    : loop_(loop),
      config_(std::move(config)),
      log_(log),
      address_(node.self.address),
      launch_(boot_time(), config_.launch),
      children_(loop,
                [this](const std::string& name, int status, int signal) {
                    launch_.exited(boot_time(), name, status, signal);
                    turn_.again();
                }),
      node_(loop, std::move(endpoint), node, nullptr, log,
            {.ring = [this](const RingPtr& ring) { ring_changed(ring); },
             .stop =
                 [this] {
                     stopped_by_client_ = true;
                     stop();
                 },
             .occupied =
                 [this](Address member) {
                     occupied_by_ = member;
                     loop_.stop();
                 },
             .save = [this](const SavedState& state) { return save(state); }}),
      turn_(loop, [this] { carry_out(); }),
      interrupted_(loop, SIGINT, [this] { interrupted(); }),
      terminated_(loop, SIGTERM, [this] { interrupted(); }) {
    if (node.resume) {
        resumed_ = node.resume->ring->epoch;
        say(fmt::format(
            "going on as the coordinator of ring {}, with {} of a key in {} as it was "
            "founded (not --rep, --partitions); nothing is launched, nor launched again "
            "(--nodes, --respawn)",
            node.resume->ring->epoch, counted(node.resume->ring->copies_wanted, "copy", "copies"),
            counted(node.resume->ring->partitions(), "partition")));
        if (config_.vault) {
            say(fmt::format(
                "if all nodes of that cluster have ended, what they held is gone: remove {}, and "
                "the next start founds a new one",
                config_.vault->path()));
        }
    } else if (!node.found) {
        say(fmt::format("looking for the cluster at {}", fmt::join(node.seeds, ", ")));
    } else if (config_.launch.nodes == 0) {
        say(fmt::format("waiting for peers at {}; start one with: kvnode --seed {}", address_,
                        address_));
    } else {
        say(fmt::format("logs are in {}", config_.log_folder));
    }
    survey_alarm_.emplace(loop, survey_period, survey_period, [this] { look_whether_ready(); });
    turn_.again();
}

bool CoordinatorHost::run() {
    loop_.run();
    if (config_.vault && has_ended_cluster()) forget();
    return !launch_.failed() && !occupied_by_ && !unsaved_;
}

bool CoordinatorHost::save(const SavedState& state) {
    if (!config_.vault) return true;
    const auto saved = config_.vault->save(state);
    if (saved) return true;
    log_.log(LogLevel::error, "{}: it ends, for it must not promise what it may forget",
             saved.error().message);
    unsaved_ = true;
    loop_.stop();
    return false;
}

// Not where the process has to end for another reason. Of whom it did not launch nobody knows.
bool CoordinatorHost::has_ended_cluster() const {
    if (unsaved_ || occupied_by_) return false;
    if (stopped_by_client_) return true;
    return ring_ != nullptr && std::ranges::all_of(ring_->members, [&](const Member& member) {
               return !member.stores() || launch_.launched(member.name, member.pid);
           });
}

void CoordinatorHost::forget() {
    const auto forgotten = config_.vault->forget();
    if (!forgotten) return log_.log(LogLevel::error, "{}", forgotten.error().message);
    say("the cluster has ended, and what it held: the next start with this --data-dir founds a new "
        "one");
}

void CoordinatorHost::stop() {
    if (ring_ == nullptr) return loop_.stop();  // nothing was launched
    launch_.stop(boot_time());
    turn_.again();
}

void CoordinatorHost::interrupted() {
    is_hurried_ = std::exchange(interrupted_before_, true);
    if (farewell_) return loop_.stop();
    stop();
}

void CoordinatorHost::launched_have_ended() {
    const bool knows_others = interrupted_before_ && ring_->is_up(node_.node().self().id);
    if (!knows_others || is_hurried_) return loop_.stop();
    if (farewell_) return;
    farewell_.emplace(
        loop_, [this] { return farewell_view(); },
        [this] {
            tell_who_stays();
            loop_.stop();
        });
}

Farewell::View CoordinatorHost::farewell_view() const {
    Farewell::View view{.epoch = ring_->epoch, .staying = {}, .ended_are_in = false};
    for (const Member* member : others()) view.staying.push_back(member->address);
    view.ended_are_in = std::ranges::any_of(ring_->members, [&](const Member& member) {
        return member.is_up() && launch_.launched(member.name, member.pid);
    });
    return view;
}

void CoordinatorHost::tell_who_stays() {
    if (const auto staying = others(); !staying.empty()) {
        const bool is_one = staying.size() == 1;
        const Address one = staying.front()->address;
        const auto left = staying | std::views::transform(&Member::id);
        const bool serves = ring_->votes_of(left) >= ring_->majority();
        say(fmt::format(
            "{} that {} not launched here {} running{}; to stop {}: client --stop "
            "--coordinator {}; for a coordinator again: coordinator --seed {}",
            counted(staying.size(), "node"), is_one ? "was" : "were", is_one ? "keeps" : "keep",
            serves ? "" : ", without a majority of the votes, so nothing is served",
            is_one ? "it" : "them", one, one));
    }
    for (const Address waiting : node_.node().status(boot_time()).waiting) {
        if (launched_at_.contains(waiting)) continue;  // it was put out of the ring, and has ended
        say(
            fmt::format("what waits at {} to be let in keeps running; to stop it: client --stop "
                        "--coordinator {}",
                        waiting, waiting));
    }
}

std::vector<const Member*> CoordinatorHost::others() const {
    std::vector<const Member*> others;
    if (ring_ == nullptr) return others;
    const auto suspected = node_.node().status(boot_time()).suspected;
    for (const Member* member : members_in_order(*ring_)) {
        if (!member->is_up() || !member->stores()) continue;
        if (launch_.launched(member->name, member->pid)) continue;
        if (std::ranges::find(suspected, member->id) != suspected.end()) continue;
        others.push_back(member);
    }
    return others;
}

void CoordinatorHost::carry_out() {
    if (ring_ == nullptr) return;  // what is launched has to find a cluster here
    launch_.tick(boot_time());
    LaunchEffects effects = launch_.take_effects();
    for (const std::string& name : effects.spawns) start(name);
    for (const auto& signal : effects.signals) children_.signal(signal.name, signal.number);
    for (const std::string& line : effects.lines) say(line);
    if (effects.formed) say_formed();
    if (effects.over) launched_have_ended();
    if (!effects.spawns.empty()) turn_.again();
    turn_.wake_at(boot_time(), launch_.next_deadline());
}

void CoordinatorHost::start(const std::string& name) {
    const std::string number = name.substr(name.find_last_not_of("0123456789") + 1);
    const unsigned first_port = address_.port + static_cast<unsigned>(std::stoul(number));
    std::vector<std::string> command = config_.node_command;
    command.insert(command.end(), {"--name", name, "--first-port", fmt::format("{}", first_port)});
    const auto pid =
        children_.start(name, command, fmt::format("{}/{}.log", config_.log_folder, name));
    if (pid) {
        launch_.spawned(boot_time(), name, *pid);
    } else {
        launch_.spawn_failed(boot_time(), name, pid.error().message);
    }
}

void CoordinatorHost::ring_changed(const RingPtr& ring) {
    if (ready_) say(describe_change(ring_.get(), *ring));
    ring_ = ring;
    for (const Member& member : ring->members) {
        if (!member.is_up()) continue;
        if (launch_.launched(member.name, member.pid)) {
            launched_at_.insert(member.address);
        } else {
            launched_at_.erase(member.address);
        }
    }
    launch_.ring_changed(*ring);
    turn_.again();
}

void CoordinatorHost::print_nodes() const {
    std::vector<std::vector<std::string>> rows = {{"name", "address", "pid"}};
    for (const Member* member : members_in_order(*ring_)) {
        if (!member->stores() || !member->is_up()) continue;
        rows.push_back({member->name, to_string(member->address), fmt::format("{}", member->pid)});
    }
    print_out("{}", aligned_table(rows));
}

void CoordinatorHost::say_formed() {
    if (ring_->epoch == resumed_) say("as it was when this coordinator ended:");
    print_nodes();
    if (ring_->storage_count() < ring_->copies_wanted) {
        say(
            fmt::format("{} copies are wanted, but there are fewer nodes: writes are acknowledged "
                        "with fewer copies; start more with: kvnode --seed {}",
                        ring_->copies_wanted, address_));
    }
    survey_.left = 0;
    not_ready_said_at_ = boot_time() + ready_patience;
    look_whether_ready();
}

// A ring alone does not serve: its primaries must have their leases.
void CoordinatorHost::look_whether_ready() {
    if (ready_ || survey_.left > 0 || ring_ == nullptr || !launch_.is_formed()) return;
    survey_ = {};
    for (const Member& member : ring_->members) {
        if (!member.stores() || !member.is_up()) continue;
        ++survey_.left;
        survey_.asks.push_back(std::make_unique<Ask>(
            loop_, member.address, StatusRequest{}, survey_timeout,
            [this](const Result<ServerMessage>& answer) { answered(answer); }));
    }
}

void CoordinatorHost::answered(const Result<ServerMessage>& answer) {
    const auto* status = answer ? std::get_if<StatusReply>(&*answer) : nullptr;
    if (status != nullptr) survey_.serving += status->serving;
    if (--survey_.left > 0) return;
    if (survey_.serving < ring_->partitions()) {
        if (boot_time() < not_ready_said_at_) return;
        not_ready_said_at_ = boot_time() + ready_patience;
        return say(fmt::format("not ready yet: {} of {} partitions are served", survey_.serving,
                               ring_->partitions()));
    }
    ready_ = true;
    survey_alarm_.reset();
    if (resumed_) {
        say("as it is:");
        print_nodes();
    }
    say(survives(*ring_));
    say("ready");
}

}  // namespace grapevine
