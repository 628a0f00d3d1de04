// LCS: the longest common subsequence of two values, by a table of the lengths for all pairs of
// prefixes, walked back from its end.

#include <algorithm>
#include <vector>

#include "base/limits.h"
#include "command/handlers.h"

namespace grapevine::command {

namespace {

struct LcsOptions {
    bool length = false;
    bool indexes = false;
    bool with_match_length = false;
    std::int64_t match_length_min = 0;
};

// Nothing: the reply is the error.
std::optional<LcsOptions> lcs_options(Call& call) {
    LcsOptions options;
    for (std::size_t i = 3; i < call.size(); ++i) {
        if (is_word(call[i], "LEN")) {
            options.length = true;
        } else if (is_word(call[i], "IDX")) {
            options.indexes = true;
        } else if (is_word(call[i], "WITHMATCHLEN")) {
            options.with_match_length = true;
        } else if (is_word(call[i], "MINMATCHLEN") && i + 1 < call.size()) {
            const auto length = call.integer(++i);
            if (!length) return {};
            options.match_length_min = *length;
        } else {
            call.reply.error(text::syntax);
            return {};
        }
    }
    if (!options.length || !options.indexes) return options;
    call.reply.error("ERR If you want both the length and indexes, please just use IDX.");
    return {};
}

class LcsTable {
public:
    LcsTable(std::string_view a, std::string_view b)
        : columns_(b.size() + 1), lengths_((a.size() + 1) * columns_) {
        for (std::size_t i = 1; i <= a.size(); ++i) {
            for (std::size_t j = 1; j <= b.size(); ++j) {
                lengths_[i * columns_ + j] = a[i - 1] == b[j - 1]
                                                 ? length(i - 1, j - 1) + 1
                                                 : std::max(length(i - 1, j), length(i, j - 1));
            }
        }
    }

    // Of the first i bytes of one and the first j of the other.
    [[nodiscard]] std::uint32_t length(std::size_t i, std::size_t j) const {
        return lengths_[i * columns_ + j];
    }

private:
    std::size_t columns_;
    std::vector<std::uint32_t> lengths_;
};

// Bytes that both have one after the other.
struct Match {
    std::size_t a = 0;  // position of the first
    std::size_t b = 0;
    std::size_t length = 0;
};

// From the end to the beginning.
std::vector<Match> matches_of(std::string_view a, std::string_view b, const LcsTable& table) {
    std::vector<Match> matches;
    std::size_t i = a.size();
    std::size_t j = b.size();
    bool open = false;  // the last match may grow
    while (i > 0 && j > 0) {
        if (a[i - 1] == b[j - 1]) {
            if (!open) matches.push_back({i, j, 0});
            open = true;
            matches.back() = {--i, --j, matches.back().length + 1};
            continue;
        }
        open = false;
        table.length(i - 1, j) > table.length(i, j - 1) ? --i : --j;
    }
    return matches;
}

void reply_span(Reply& reply, std::size_t first, std::size_t length) {
    reply.array(2);
    reply.integer(static_cast<std::int64_t>(first));
    reply.integer(static_cast<std::int64_t>(first + length - 1));
}

void reply_indexes(Reply& reply, std::vector<Match> matches, const LcsOptions& options,
                   std::uint32_t length) {
    std::erase_if(matches, [&](const Match& match) {
        return static_cast<std::int64_t>(match.length) < options.match_length_min;
    });
    reply.map(2);
    reply.bulk("matches");
    reply.array(matches.size());
    for (const Match& match : matches) {
        reply.array(options.with_match_length ? 3 : 2);
        reply_span(reply, match.a, match.length);
        reply_span(reply, match.b, match.length);
        if (options.with_match_length) reply.integer(static_cast<std::int64_t>(match.length));
    }
    reply.bulk("len");
    reply.integer(length);
}

std::string subsequence(std::string_view a, const std::vector<Match>& matches) {
    std::string bytes;
    for (auto match = matches.rbegin(); match != matches.rend(); ++match) {
        bytes += a.substr(match->a, match->length);
    }
    return bytes;
}

}  // namespace

void lcs(Call& call) {
    const std::string_view a = call.value_or_empty(call[1]);
    const std::string_view b = call.value_or_empty(call[2]);
    const auto options = lcs_options(call);
    if (!options) return;
    // As in Redis, the table takes no more than a value may.
    if ((a.size() + 1) * (b.size() + 1) > value_size_max / sizeof(std::uint32_t)) {
        return call.reply.error(
            "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
    }
    constexpr std::uint64_t steps_per_cell = 4;
    if (!call.keys.spend(steps_per_cell * a.size() * b.size()))
        return call.reply.error(text::too_long);
    const LcsTable table(a, b);
    const std::uint32_t length = table.length(a.size(), b.size());
    if (options->length) return call.reply.integer(length);
    auto matches = matches_of(a, b, table);
    if (!options->indexes) return call.reply.bulk(subsequence(a, matches));
    reply_indexes(call.reply, std::move(matches), *options, length);
}

}  // namespace grapevine::command
