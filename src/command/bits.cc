// Values as arrays of bits, the highest bit of the first byte in front.

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "command/bits.h"
#include "command/handlers.h"

namespace grapevine::command {

namespace {

using Word = std::uint64_t;

std::uint8_t byte_at(std::string_view value, std::size_t index) {
    return static_cast<std::uint8_t>(value[index]);
}

// How many bits of whole bytes are set.
std::int64_t count_bits(std::string_view bytes) {
    std::int64_t count = 0;
    std::size_t at = 0;
    for (; at + sizeof(Word) <= bytes.size(); at += sizeof(Word)) {
        Word word = 0;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        count += std::popcount(word);
    }
    for (; at < bytes.size(); ++at) count += std::popcount(byte_at(bytes, at));
    return count;
}

// The same from the bit `first` to the bit `last`.
std::int64_t count_bits(std::string_view value, const Range& bits) {
    const std::size_t first = bits.first / 8;
    const std::size_t last = bits.last / 8;
    std::int64_t count = count_bits(value.substr(first, last - first + 1));
    for (std::size_t bit = first * 8; bit < bits.first; ++bit) count -= bit_at(value, bit);
    for (std::size_t bit = bits.last + 1; bit < (last + 1) * 8; ++bit) count -= bit_at(value, bit);
    return count;
}

// The first bit of that value in a range of bits.
std::optional<std::size_t> find_bit(std::string_view value, const Range& bits, bool wanted) {
    const char skipped = wanted ? '\0' : '\xff';
    std::size_t bit = bits.first;
    while (bit <= bits.last) {
        if (bit % 8 == 0) {
            const std::size_t byte = value.find_first_not_of(skipped, bit / 8);
            if (byte == std::string_view::npos) return {};
            bit = byte * 8;
        }
        if (bit > bits.last) return {};
        if (bit_at(value, bit) == wanted) return bit;
        ++bit;
    }
    return {};
}

enum class BitUnit : std::uint8_t { byte, bit };

// The unit that an argument names; bytes where there is none. Nothing: the reply is the error.
std::optional<BitUnit> bit_unit(Call& call, std::size_t index) {
    if (index >= call.size() || is_word(call[index], "BYTE")) return BitUnit::byte;
    if (is_word(call[index], "BIT")) return BitUnit::bit;
    call.reply.error(text::syntax);
    return {};
}

// A range in bits. Nothing where it is empty.
std::optional<Range> bit_range(BitUnit unit, std::int64_t first, std::int64_t last,
                               std::size_t bytes) {
    if (unit == BitUnit::bit) return to_range(first, last, bytes * 8);
    const auto range = to_range(first, last, bytes);
    if (!range) return {};
    return Range{range->first * 8, range->last * 8 + 7};
}

enum class BitOperation : std::uint8_t { op_and, op_or, op_xor, op_not };

std::optional<BitOperation> bit_operation(std::string_view word) {
    if (is_word(word, "AND")) return BitOperation::op_and;
    if (is_word(word, "OR")) return BitOperation::op_or;
    if (is_word(word, "XOR")) return BitOperation::op_xor;
    if (is_word(word, "NOT")) return BitOperation::op_not;
    return {};
}

// `value`, which is at least as long as `other`, with that, to which zeros are added.
void combine(std::string& value, std::string_view other, BitOperation operation) {
    const auto merge = [&](const auto& merged) {
        for (std::size_t i = 0; i < other.size(); ++i) {
            value[i] = static_cast<char>(merged(value[i], other[i]));
        }
    };
    switch (operation) {
        case BitOperation::op_and:
            merge([](char a, char b) { return a & b; });
            std::fill(value.begin() + static_cast<std::ptrdiff_t>(other.size()), value.end(), '\0');
            return;
        case BitOperation::op_or:
            return merge([](char a, char b) { return a | b; });
        case BitOperation::op_xor:
            return merge([](char a, char b) { return a ^ b; });
        case BitOperation::op_not:
            break;
    }
}

std::string combine_all(const std::vector<std::string_view>& values, BitOperation operation) {
    std::string result(values.front());
    if (operation == BitOperation::op_not) {
        for (char& c : result) c = static_cast<char>(~c);
        return result;
    }
    result.resize(std::ranges::max(values, {}, &std::string_view::size).size(), '\0');
    for (std::size_t i = 1; i < values.size(); ++i) combine(result, values[i], operation);
    return result;
}

}  // namespace

bool bit_at(std::string_view value, std::size_t bit) {
    return bit / 8 < value.size() && ((byte_at(value, bit / 8) >> (7 - bit % 8)) & 1U) != 0;
}

void set_bit(std::string& value, std::size_t bit, bool on) {
    const auto mask = static_cast<std::uint8_t>(1U << (7 - bit % 8));
    const std::uint8_t byte = byte_at(value, bit / 8);
    value[bit / 8] = static_cast<char>(on ? byte | mask : byte & ~mask);
}

std::optional<std::size_t> to_bit_offset(std::string_view text, std::size_t unit) {
    const auto number = to_integer(text);
    std::int64_t bit = 0;
    if (!number || __builtin_mul_overflow(*number, static_cast<std::int64_t>(unit), &bit))
        return {};
    if (bit < 0 || static_cast<std::uint64_t>(bit) / 8 >= value_size_max) return {};
    return static_cast<std::size_t>(bit);
}

void getbit(Call& call) {
    const auto bit = to_bit_offset(call[2]);
    if (!bit) return call.reply.error(text::bad_bit_offset);
    call.reply.integer(bit_at(call.value_or_empty(call[1]), *bit) ? 1 : 0);
}

void setbit(Call& call) {
    const auto bit = to_bit_offset(call[2]);
    if (!bit) return call.reply.error(text::bad_bit_offset);
    const auto on = to_integer(call[3]);
    if (!on || (*on != 0 && *on != 1)) {
        return call.reply.error("ERR bit is not an integer or out of range");
    }
    const auto entry = call.keys.find(call[1]);
    const std::string_view before = entry ? entry->value : std::string_view();
    const bool old = bit_at(before, *bit);
    call.reply.integer(old ? 1 : 0);
    // What is so already is no change, for those who watch the key neither.
    if (*bit / 8 < before.size() && old == (*on == 1)) return;
    std::string value(before);
    value.resize(std::max(value.size(), *bit / 8 + 1), '\0');
    set_bit(value, *bit, *on == 1);
    call.keys.put(call[1], std::move(value), entry ? entry->expires_ms : 0);
}

void bitcount(Call& call) {
    const auto entry = call.keys.find(call[1]);
    if (!entry) return call.reply.integer(0);
    if (call.size() == 2) return call.reply.integer(count_bits(entry->value));
    if (call.size() != 4 && call.size() != 5) return call.reply.error(text::syntax);
    const auto first = call.integer(2);
    if (!first) return;
    const auto last = call.integer(3);
    if (!last) return;
    if (is_backward(*first, *last)) return call.reply.integer(0);
    const auto unit = bit_unit(call, 4);
    if (!unit) return;
    const auto range = bit_range(*unit, *first, *last, entry->value.size());
    call.reply.integer(range ? count_bits(entry->value, *range) : 0);
}

void bitpos(Call& call) {
    const auto wanted = call.integer(2);
    if (!wanted) return;
    if (*wanted != 0 && *wanted != 1) {
        return call.reply.error("ERR The bit argument must be 1 or 0.");
    }
    const auto entry = call.keys.find(call[1]);
    if (!entry) return call.reply.integer(*wanted == 1 ? -1 : 0);
    if (call.size() > 6) return call.reply.error(text::syntax);
    const auto first = call.size() > 3 ? call.integer(3) : std::optional<std::int64_t>(0);
    if (!first) return;
    const auto unit = bit_unit(call, 5);
    if (!unit) return;
    const bool has_last = call.size() > 4;
    const auto last = has_last ? call.integer(4) : std::optional<std::int64_t>(-1);
    if (!last) return;
    const auto range = bit_range(*unit, *first, *last, entry->value.size());
    if (!range) return call.reply.integer(-1);
    const auto found = find_bit(entry->value, *range, *wanted == 1);
    if (found) return call.reply.integer(static_cast<std::int64_t>(*found));
    // Behind the end zeros follow, unless an end was said.
    const bool zeros_follow = *wanted == 0 && !has_last;
    call.reply.integer(zeros_follow ? static_cast<std::int64_t>(entry->value.size() * 8) : -1);
}

void bitop(Call& call) {
    const auto operation = bit_operation(call[1]);
    if (!operation) return call.reply.error(text::syntax);
    if (*operation == BitOperation::op_not && call.size() != 4) {
        return call.reply.error("ERR BITOP NOT must be called with a single source key.");
    }
    std::vector<std::string_view> values;
    for (const std::string_view key : call.args.subspan(3)) {
        values.push_back(call.value_or_empty(key));
    }
    std::string result = combine_all(values, *operation);
    const auto size = static_cast<std::int64_t>(result.size());
    if (!result.empty()) {
        call.keys.put(call[2], std::move(result), 0);
    } else if (call.keys.find(call[2])) {
        call.keys.erase(call[2]);
    }
    call.reply.integer(size);
}

}  // namespace grapevine::command
