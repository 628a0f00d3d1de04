#include "command/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <vector>

#include "base/assert.h"
#include "command/call.h"
#include "command/rows.h"

namespace grapevine::command {

namespace {

constexpr char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr char to_upper(char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

// `name` is in lower case.
bool is_name(std::string_view text, std::string_view name) {
    return text.size() == name.size() &&
           std::ranges::equal(text, name, [](char a, char b) { return to_lower(a) == b; });
}

// FNV-1a of the lower case.
std::uint32_t hash_name(std::string_view text) {
    std::uint32_t hash = 2166136261U;
    for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(to_lower(c))) * 16777619U;
    return hash;
}

// Commands by hash, open addressing, built once.
class Index {
public:
    Index() {
        for (const auto rows :
             {bitmap_rows(), cluster_rows(), connection_rows(), generic_rows(), scripting_rows(),
              server_rows(), string_rows(), transactions_rows()}) {
            for (const CommandInfo& info : rows) commands_.push_back(&info);
        }
        std::ranges::sort(commands_, {}, &CommandInfo::name);
        places_.resize(std::bit_ceil(4 * commands_.size()));
        for (const CommandInfo* info : commands_) {
            std::size_t at = home(info->name);
            while (places_[at] != nullptr) at = next(at);
            places_[at] = info;
        }
    }

    [[nodiscard]] const CommandInfo* find(std::string_view name) const {
        for (std::size_t at = home(name); places_[at] != nullptr; at = next(at)) {
            if (is_name(name, places_[at]->name)) return places_[at];
        }
        return nullptr;
    }

    [[nodiscard]] std::span<const CommandInfo* const> all() const { return commands_; }

private:
    [[nodiscard]] std::size_t home(std::string_view name) const {
        return hash_name(name) & (places_.size() - 1);
    }
    [[nodiscard]] std::size_t next(std::size_t at) const { return (at + 1) & (places_.size() - 1); }

    std::vector<const CommandInfo*> commands_;
    std::vector<const CommandInfo*> places_;
};

const Index& the_index() {
    static const Index index;
    return index;
}

// "object|encoding": "encoding"
std::string_view own_name(const CommandInfo& subcommand) {
    return subcommand.name.substr(subcommand.name.find('|') + 1);
}

const CommandInfo* find_subcommand(const CommandInfo& info, std::string_view name) {
    for (const CommandInfo& subcommand : info.subcommands) {
        if (is_name(name, own_name(subcommand))) return &subcommand;
    }
    return nullptr;
}

constexpr std::size_t told_size_max = 128;  // bytes of a name, and of arguments, in errors

// Redis prints C strings.
std::string_view until_nul(std::string_view text) {
    return text.substr(0, text.find('\0'));
}

std::string unknown_command(Arguments args) {
    std::string told;
    for (std::size_t i = 1; i < args.size() && told.size() < told_size_max; ++i) {
        told += fmt::format("'{}' ", until_nul(args[i]).substr(0, told_size_max - told.size()));
    }
    return fmt::format("ERR unknown command '{}', with args beginning with: {}",
                       until_nul(args[0]).substr(0, told_size_max), told);
}

std::string unknown_subcommand(const CommandInfo& info, std::string_view name) {
    std::string parent(info.name);
    std::ranges::transform(parent, parent.begin(), to_upper);
    return fmt::format("ERR unknown subcommand '{}'. Try {} HELP.",
                       until_nul(name).substr(0, told_size_max), parent);
}

// What the argument in front of the first key says; nothing where there cannot be so many.
std::optional<std::int64_t> key_count(const KeySpec& spec, Arguments args) {
    if (spec.first > args.size()) return {};
    const auto count = to_integer(args[spec.first - 1]);
    if (!count || *count < 1 || *count > static_cast<std::int64_t>(args.size())) return {};
    return count;
}

}  // namespace

std::span<const CommandInfo* const> all_commands() {
    return the_index().all();
}

const CommandInfo* find_command(std::string_view name) {
    const std::size_t bar = name.find('|');
    const CommandInfo* info = the_index().find(name.substr(0, bar));
    if (info == nullptr || bar == std::string_view::npos) return info;
    return find_subcommand(*info, name.substr(bar + 1));
}

const CommandInfo* find_command(Arguments args) {
    if (args.empty()) return nullptr;
    const CommandInfo* info = the_index().find(args[0]);
    if (info == nullptr || info->subcommands.empty() || args.size() == 1) return info;
    return find_subcommand(*info, args[1]);
}

bool arity_allows(const CommandInfo& info, std::size_t arguments) {
    const int count = static_cast<int>(arguments);
    return info.arity < 0 ? count >= -info.arity : count == info.arity;
}

std::expected<const CommandInfo*, std::string> check_command(Arguments args) {
    ASSERT(!args.empty(), "a command has a name");
    const CommandInfo* info = the_index().find(args[0]);
    if (info == nullptr) return std::unexpected(unknown_command(args));
    if (!info->subcommands.empty() && args.size() > 1) {
        const CommandInfo* subcommand = find_subcommand(*info, args[1]);
        if (subcommand == nullptr) return std::unexpected(unknown_subcommand(*info, args[1]));
        info = subcommand;
    }
    if (arity_allows(*info, args.size())) return info;
    return std::unexpected(
        fmt::format("ERR wrong number of arguments for '{}' command", info->name));
}

KeyRange key_range(const KeySpec& spec, Arguments args) {
    constexpr KeyRange bad{.good = false};
    const auto size = static_cast<std::int64_t>(args.size());
    const auto first = static_cast<std::int64_t>(spec.first);
    std::int64_t last = spec.last < 0 ? size + spec.last : first + spec.last;
    if (spec.counted) {
        const auto count = key_count(spec, args);
        if (!count) return bad;
        last = first + (*count - 1) * spec.step;
    }
    if (last >= size) return bad;
    return {.first = spec.first, .last = static_cast<std::size_t>(last), .step = spec.step};
}

}  // namespace grapevine::command
