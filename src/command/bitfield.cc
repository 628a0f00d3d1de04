// BITFIELD: numbers of any width at any bit of a value.

#include <algorithm>
#include <utility>
#include <vector>

#include "command/bits.h"
#include "command/handlers.h"

namespace grapevine::command {

namespace {

enum class FieldAction : std::uint8_t { get, set, add };
enum class Overflow : std::uint8_t { wrap, saturate, fail };

// Any number of up to 64 bits, with or without a sign, and the sum of two.
__extension__ using Wide = __int128;

struct FieldType {
    bool is_signed = false;
    unsigned bits = 1;  // to 64, without a sign to 63

    [[nodiscard]] Wide max() const { return (Wide{1} << bits >> (is_signed ? 1 : 0)) - 1; }
    [[nodiscard]] Wide min() const { return is_signed ? -max() - 1 : 0; }
};

struct FieldStep {
    FieldAction action = FieldAction::get;
    Overflow overflow = Overflow::wrap;
    FieldType type;
    std::size_t bit = 0;
    std::int64_t number = 0;  // of set and add

    [[nodiscard]] std::size_t end() const { return bit + type.bits; }
};

std::optional<FieldType> field_type(std::string_view text) {
    if (!text.starts_with('i') && !text.starts_with('u')) return {};
    const bool is_signed = text[0] == 'i';
    const auto bits = to_integer(text.substr(1));
    if (!bits || *bits < 1 || *bits > (is_signed ? 64 : 63)) return {};
    return FieldType{is_signed, static_cast<unsigned>(*bits)};
}

// "#2": behind two fields of the same width.
std::optional<std::size_t> field_offset(std::string_view text, const FieldType& type) {
    if (text.starts_with('#')) return to_bit_offset(text.substr(1), type.bits);
    return to_bit_offset(text);
}

std::optional<Overflow> overflow_of(std::string_view word) {
    if (is_word(word, "WRAP")) return Overflow::wrap;
    if (is_word(word, "SAT")) return Overflow::saturate;
    if (is_word(word, "FAIL")) return Overflow::fail;
    return {};
}

std::optional<FieldAction> field_action(std::string_view word, std::size_t arguments) {
    if (is_word(word, "GET") && arguments >= 2) return FieldAction::get;
    if (is_word(word, "SET") && arguments >= 3) return FieldAction::set;
    if (is_word(word, "INCRBY") && arguments >= 3) return FieldAction::add;
    return {};
}

// The arguments of a step from `at` on. False: the reply is the error.
bool parse_step(Call& call, std::size_t at, FieldStep& step) {
    const auto type = field_type(call[at + 1]);
    if (!type) {
        call.reply.error(
            "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported "
            "but i64 is.");
        return false;
    }
    step.type = *type;
    const auto bit = field_offset(call[at + 2], *type);
    if (!bit) {
        call.reply.error(text::bad_bit_offset);
        return false;
    }
    step.bit = *bit;
    if (step.action == FieldAction::get) return true;
    const auto number = call.integer(at + 3);
    if (number) step.number = *number;
    return number.has_value();
}

// Nothing: the reply is the error.
std::optional<std::vector<FieldStep>> parse_steps(Call& call) {
    std::vector<FieldStep> steps;
    Overflow overflow = Overflow::wrap;
    for (std::size_t at = 2; at < call.size();) {
        const std::size_t left = call.size() - at - 1;
        if (is_word(call[at], "OVERFLOW") && left >= 1) {
            const auto said = overflow_of(call[at + 1]);
            if (!said) {
                call.reply.error("ERR Invalid OVERFLOW type specified");
                return {};
            }
            overflow = *said;
            at += 2;
            continue;
        }
        const auto action = field_action(call[at], left);
        if (!action) {
            call.reply.error(text::syntax);
            return {};
        }
        FieldStep step{*action, overflow};
        if (!parse_step(call, at, step)) return {};
        steps.push_back(step);
        at += *action == FieldAction::get ? 3 : 4;
    }
    return steps;
}

// Unsigned, of the lowest bits.
std::uint64_t read_bits(std::string_view value, std::size_t bit, unsigned bits) {
    std::uint64_t number = 0;
    for (unsigned i = 0; i < bits; ++i) {
        number = number << 1 | (bit_at(value, bit + i) ? 1U : 0U);
    }
    return number;
}

Wide read_field(std::string_view value, const FieldStep& step) {
    const Wide number = read_bits(value, step.bit, step.type.bits);
    return number > step.type.max() ? number - (Wide{1} << step.type.bits) : number;
}

void write_field(std::string& value, const FieldStep& step, Wide number) {
    for (unsigned i = 0; i < step.type.bits; ++i) {
        set_bit(value, step.bit + i, (number >> (step.type.bits - 1 - i) & 1) != 0);
    }
}

// The number that the field gets for `wanted`; nothing where it stays as it is.
std::optional<Wide> fitted(const FieldStep& step, Wide wanted) {
    if (wanted >= step.type.min() && wanted <= step.type.max()) return wanted;
    if (step.overflow == Overflow::fail) return {};
    if (step.overflow == Overflow::saturate) {
        return wanted > step.type.max() ? step.type.max() : step.type.min();
    }
    const Wide modulus = Wide{1} << step.type.bits;
    const Wide low = wanted & (modulus - 1);
    return low > step.type.max() ? low - modulus : low;
}

// What a SET asks for: its number is one of 64 bits, without a sign where the field has none.
Wide wanted_by_set(const FieldStep& step) {
    if (step.type.is_signed) return step.number;
    return static_cast<std::uint64_t>(step.number);
}

// True where the field has another number now.
bool run_step(Reply& reply, std::string& value, const FieldStep& step) {
    const Wide old = read_field(value, step);
    const bool sets = step.action == FieldAction::set;
    const auto number = fitted(step, sets ? wanted_by_set(step) : old + step.number);
    if (!number) {
        reply.null();
        return false;
    }
    write_field(value, step, *number);
    reply.integer(static_cast<std::int64_t>(sets ? old : *number));
    return *number != old;
}

void read_fields(Call& call, const std::vector<FieldStep>& steps) {
    const std::string_view value = call.value_or_empty(call[1]);
    call.reply.array(steps.size());
    for (const FieldStep& step : steps) {
        call.reply.integer(static_cast<std::int64_t>(read_field(value, step)));
    }
}

bool is_get(const FieldStep& step) {
    return step.action == FieldAction::get;
}

}  // namespace

void bitfield(Call& call) {
    const auto steps = parse_steps(call);
    if (!steps) return;
    if (std::ranges::all_of(*steps, is_get)) return read_fields(call, *steps);
    std::size_t end = 0;
    for (const FieldStep& step : *steps) {
        if (!is_get(step)) end = std::max(end, step.end());
    }
    const std::size_t bytes = (end + 7) / 8;
    if (!call.allows_value(bytes)) return;
    const auto entry = call.keys.find(call[1]);
    std::string value(entry ? entry->value : std::string_view());
    bool changes = value.size() < bytes;
    value.resize(std::max(value.size(), bytes), '\0');
    call.reply.array(steps->size());
    for (const FieldStep& step : *steps) {
        if (is_get(step)) {
            call.reply.integer(static_cast<std::int64_t>(read_field(value, step)));
        } else {
            changes |= run_step(call.reply, value, step);
        }
    }
    if (changes) call.keys.put(call[1], std::move(value), entry ? entry->expires_ms : 0);
}

void bitfield_ro(Call& call) {
    const auto steps = parse_steps(call);
    if (!steps) return;
    if (std::ranges::all_of(*steps, is_get)) return read_fields(call, *steps);
    call.reply.error("ERR BITFIELD_RO only supports the GET subcommand");
}

bool bitfield_reads(Arguments args) {
    for (std::size_t at = 2; at < args.size();) {
        if (is_word(args[at], "OVERFLOW")) {
            at += 2;
        } else if (is_word(args[at], "GET")) {
            at += 3;
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace grapevine::command
