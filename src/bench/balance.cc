#include "bench/balance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "bench/statistics.h"
#include "coordinator/report.h"

namespace grapevine::bench {

namespace {

constexpr std::size_t bar_width = 50;

using Counts = std::unordered_map<NodeId, std::uint64_t>;

std::vector<NodeShare> shares_of(const Ring& ring, const Counts& counts, const std::string& keys) {
    std::uint64_t all = 0;
    for (const auto& [id, count] : counts) all += count;
    std::vector<NodeShare> shares;
    for (const Member* member : members_in_order(ring)) {
        if (!member->stores()) continue;
        const auto count = counts.find(member->id);
        shares.push_back({.keys = keys,
                          .node = member->name,
                          .partitions = holdings(ring, member->id).primary,
                          .partitions_all = ring.partitions(),
                          .count = count == counts.end() ? 0 : count->second,
                          .count_all = all});
    }
    return shares;
}

Result<void> write_and_count(Session& session, const Setting& setting, const std::string& keys,
                             Balance& result) {
    const auto begun = Experiment::begin_empty(session, setting);
    if (!begun) return std::unexpected(begun.error());
    Experiment& experiment = **begun;
    session.begin_round(fmt::format("writing {} {} keys", setting.workload.keys, keys));
    Counts counts;
    auto phase = experiment.measure_all(every_key(setting.workload, OperationKind::put),
                                        setting.workload.keys, [&](const Answer& answer) {
                                            if (answer.good) ++counts[answer.outcome.server];
                                        });
    if (!phase) return std::unexpected(phase.error());
    phase->name = keys;
    phase->round = 1;
    result.phases.push_back(*std::move(phase));
    for (NodeShare& share : shares_of(*experiment.watch().ring(), counts, keys)) {
        result.shares.push_back(std::move(share));
    }
    return {};
}

std::vector<std::string> row_of(const NodeShare& share, std::uint64_t fullest) {
    const auto width = fullest == 0 ? 0 : share.count * bar_width / fullest;
    return {share.node,
            std::to_string(share.partitions),
            std::to_string(share.count),
            fmt::format("{:.0f} +- {:.0f}", share.expected(), share.two_sigma()),
            fmt::format("{:+.1f} %",
                        share.expected() > 0
                            ? 100 * (static_cast<double>(share.count) / share.expected() - 1)
                            : 0),
            std::string(width, '#')};
}

std::string text_of(const std::vector<NodeShare>& shares) {
    std::uint64_t fullest = 0;
    for (const NodeShare& share : shares) fullest = std::max(fullest, share.count);
    std::vector<std::vector<std::string>> rows = {
        {"node", "partitions", "keys", "expected, 2 sigma", "off by", ""}};
    std::size_t within = 0;
    for (const NodeShare& share : shares) {
        rows.push_back(row_of(share, fullest));
        const double off = static_cast<double>(share.count) - share.expected();
        if (std::abs(off) <= share.two_sigma()) ++within;
    }
    const double mean =
        static_cast<double>(shares.front().count_all) / static_cast<double>(shares.size());
    return fmt::format("{} {} keys\n{}max/mean {:.3f}; {} of {} nodes within 2 sigma\n",
                       shares.front().count_all, shares.front().keys, aligned_table(rows),
                       mean > 0 ? static_cast<double>(fullest) / mean : 0, within, shares.size());
}

}  // namespace

double NodeShare::expected() const {
    return binomial(count_all, partitions, partitions_all).mean;
}

double NodeShare::two_sigma() const {
    return 2 * binomial(count_all, partitions, partitions_all).sigma;
}

Result<Balance> balance(Session& session, const Setting& setting, const ShareDone& done) {
    Balance result;
    session.plan(2);
    // A running cluster may have keys of these names, and they are deleted in the end.
    const bool own = setting.cluster.running.empty();
    Setting numbered = setting;
    if (own) numbered.workload.prefix = "key";
    Setting random = setting;
    if (own) random.workload.prefix = "";
    random.workload.names = KeyNames::random;
    auto over = write_and_count(session, numbered, "numbered", result);
    if (over) over = write_and_count(session, random, "random", result);
    for (const NodeShare& share : result.shares) done(share);
    if (!over) return std::unexpected(over.error());
    return result;
}

std::string share_csv_head() {
    return "keys,node,partitions,count,expected,two_sigma";
}

std::string share_csv_line(const NodeShare& share) {
    return fmt::format("{},{},{},{},{:.1f},{:.1f}", share.keys, share.node, share.partitions,
                       share.count, share.expected(), share.two_sigma());
}

std::string balance_text(const std::vector<NodeShare>& shares) {
    std::string text;
    for (auto first = shares.begin(); first != shares.end();) {
        const auto last = std::find_if(
            first, shares.end(), [&](const NodeShare& share) { return share.keys != first->keys; });
        text += (text.empty() ? "" : "\n") + text_of({first, last});
        first = last;
    }
    return text;
}

}  // namespace grapevine::bench
