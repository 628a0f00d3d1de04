// Commands drawn at random, on a few keys, and patterns. What is drawn depends on the seed alone.

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <deque>

#include "base/hash.h"
#include "base/rng.h"
#include "command/table.h"
#include "conformance/cases.h"
#include "conformance/compare.h"
#include "conformance/tables.h"

namespace grapevine::conformance {

using namespace std::string_view_literals;

namespace {

using Args = std::vector<std::string>;

// What is drawn for a word: $k a key, $v a value, $n and $i a number, $o a position, $f a number
// with a fraction, $s a time in seconds and $m one in ms (both far in the future or long past), $t
// a type of BITFIELD, $p a pattern. Other words are taken as they are.
const std::vector<std::string> forms = {
    "SET $k $v",
    "SET $k $v NX",
    "SET $k $v XX",
    "SET $k $v GET",
    "SET $k $v NX GET",
    "SET $k $v XX GET",
    "SET $k $v KEEPTTL",
    "SET $k $v EXAT $s",
    "SET $k $v PXAT $m",
    "SET $k $v XX PXAT $m GET",
    "SET $k $n",
    "SET $k $n EXAT $s KEEPTTL",
    "SETNX $k $v",
    "GET $k",
    "GETDEL $k",
    "GETSET $k $v",
    "GETEX $k",
    "GETEX $k PERSIST",
    "GETEX $k EXAT $s",
    "GETEX $k PXAT $m",
    "MGET $k $k $k",
    "MSET $k $v $k $n",
    "MSETNX $k $v $k $n",
    "APPEND $k $v",
    "STRLEN $k",
    "GETRANGE $k $o $o",
    "SETRANGE $k $o $v",
    "SUBSTR $k $o $o",
    "LCS $k $k",
    "LCS $k $k LEN",
    "LCS $k $k IDX",
    "LCS $k $k IDX WITHMATCHLEN",
    "LCS $k $k IDX MINMATCHLEN $o WITHMATCHLEN",
    "INCR $k",
    "DECR $k",
    "INCRBY $k $n",
    "DECRBY $k $n",
    "INCRBYFLOAT $k $f",
    "INCRBYFLOAT $k $n",
    "SET $k $f",
    "SETBIT $k $o 1",
    "SETBIT $k $o 0",
    "SETBIT $k $o $n",
    "GETBIT $k $o",
    "BITCOUNT $k",
    "BITCOUNT $k $o $o",
    "BITCOUNT $k $o $o BYTE",
    "BITCOUNT $k $o $o BIT",
    "BITPOS $k 0",
    "BITPOS $k 1",
    "BITPOS $k 0 $o",
    "BITPOS $k 1 $o",
    "BITPOS $k 0 $o $o",
    "BITPOS $k 1 $o $o",
    "BITPOS $k 0 $o $o BIT",
    "BITPOS $k 1 $o $o BIT",
    "BITPOS $k $n $o $o BYTE",
    "BITOP AND $k $k $k",
    "BITOP OR $k $k $k",
    "BITOP XOR $k $k $k $k",
    "BITOP NOT $k $k",
    "BITFIELD $k GET $t $o",
    "BITFIELD $k SET $t $o $i GET $t $o",
    "BITFIELD $k INCRBY $t $o $n",
    "BITFIELD $k OVERFLOW SAT INCRBY $t $o $n SET $t $o $i",
    "BITFIELD $k OVERFLOW FAIL INCRBY $t $o $n SET $t $o $i GET $t $o",
    "BITFIELD $k OVERFLOW WRAP INCRBY $t $o $n SET $t #1 $i",
    "BITFIELD_RO $k GET $t $o GET $t #2",
    "DEL $k",
    "UNLINK $k $k",
    "EXISTS $k $k",
    "TOUCH $k $k",
    "TYPE $k",
    "RENAME $k $k",
    "RENAMENX $k $k",
    "COPY $k $k",
    "COPY $k $k REPLACE",
    "EXPIREAT $k $s",
    "EXPIREAT $k $s NX",
    "EXPIREAT $k $s XX",
    "EXPIREAT $k $s GT",
    "PEXPIREAT $k $m LT",
    "PEXPIREAT $k $m XX GT",
    "PERSIST $k",
    "EXPIRETIME $k",
    "PEXPIRETIME $k",
    "KEYS $p",
    "OBJECT REFCOUNT missing",
};

// Of one slot.
const std::vector<std::string> keys = {"{t}k", "a{t}", "\xff{t}"};
const std::vector<std::string> numbers = {"0",
                                          "1",
                                          "-1",
                                          "2",
                                          "7",
                                          "10",
                                          "-100",
                                          "255",
                                          "1000",
                                          "4294967296",
                                          "9223372036854775807",
                                          "-9223372036854775808",
                                          "9223372036854775808",
                                          "x",
                                          "",
                                          "01",
                                          "1.5",
                                          " 1"};
// Without one that BITFIELD SET takes for a large one, in the reference.
const std::vector<std::string> small_numbers = {"0",
                                                "1",
                                                "-1",
                                                "127",
                                                "-128",
                                                "300",
                                                "-70000",
                                                "x",
                                                "9223372036854775807",
                                                "-9000000000000000000"};
const std::vector<std::string> positions = {"0",  "1",  "-1", "2",   "3",    "5",  "7",
                                            "8",  "9",  "15", "16",  "-2",   "-8", "4",
                                            "40", "63", "64", "100", "-100", "x"};
const std::vector<std::string> fractions = {
    "0.1", "-0.1", "1e10",      "1.25", "-3.5e-5", "100",   "1e-17",
    "nan", "inf",  "0.3000001", "5.",   ".5",      "1e308", "12345678901234567890.5"};
const std::vector<std::string> seconds = {"99999999999", "99999999998", "99999999990",     "1", "0",
                                          "-1",          "x",           "9223372036854775"};
const std::vector<std::string> milliseconds = {
    "99999999999000", "99999999998500", "99999999998499", "1", "0", "9223372036854775807", "x"};
const std::vector<std::string> types = {"u1",  "i1",  "u8",  "i8",  "i5",  "u13", "i16",
                                        "u32", "i64", "u63", "u64", "i65", "u0",  "x"};
const std::vector<std::string> patterns = {"*",      "{t}k", "a*", "????",
                                           "[a-k]*", "*{t}", "x",  "[^{]*"};

std::vector<std::string_view> keys_of(const Args& args) {
    const std::vector<std::string_view> views(args.begin(), args.end());
    const auto info = command::check_command(views);
    std::vector<std::string_view> found;
    if (info) {
        (void)command::for_each_key(**info, views, [&](auto at) { found.push_back(views[at]); });
    }
    return found;
}

bool has_one_slot(const Args& args) {
    const auto found = keys_of(args);
    return std::ranges::all_of(
        found, [&](auto key) { return slot_of_key(key) == slot_of_key(found.front()); });
}

bool wants_one_slot(const Args& args) {
    constexpr std::array splits{"MGET", "MSET", "DEL", "UNLINK", "EXISTS", "TOUCH"};
    return std::ranges::find(splits, args[0]) == splits.end();
}

class Drawer {
public:
    explicit Drawer(std::uint64_t seed) : rng_(seed) {}

    Args command() {
        Args args;
        std::string form = pick(forms);
        while (!form.empty()) {
            const std::size_t size = std::min(form.find(' '), form.size());
            args.push_back(word(form.substr(0, size)));
            form.erase(0, size + 1);
        }
        if (!rng_.chance(1, 40)) return args;
        Args spoilt = args;
        spoil(spoilt);
        return wants_one_slot(spoilt) && !has_one_slot(spoilt) ? args : spoilt;
    }

    // Of few different bytes, among them those that patterns are made of.
    std::string glob_text() {
        static constexpr std::string_view bytes = "aab\\[]^-*?";
        std::string text;
        for (auto left = 1 + rng_.below(6); left > 0; --left)
            text += bytes[rng_.below(bytes.size())];
        return text;
    }

private:
    const std::string& pick(const std::vector<std::string>& from) {
        return from[rng_.below(from.size())];
    }

    std::string value() {
        if (rng_.chance(1, 4)) return pick(numbers);
        static constexpr auto bytes = "abc\x00\xff\x0f\xaa"sv;
        std::string text;
        const std::uint64_t size = rng_.chance(1, 10) ? 70 : rng_.below(12);
        for (std::uint64_t i = 0; i < size; ++i) text += bytes[rng_.below(bytes.size())];
        return text;
    }

    std::string word(const std::string& form) {
        if (form == "$k") return pick(keys);
        if (form == "$v") return value();
        if (form == "$n") return pick(numbers);
        if (form == "$i") return pick(small_numbers);
        if (form == "$o") return pick(positions);
        if (form == "$f") return pick(fractions);
        if (form == "$s") return pick(seconds);
        if (form == "$m") return pick(milliseconds);
        if (form == "$t") return pick(types);
        if (form == "$p") return pick(patterns);
        return form;
    }

    void spoil(Args& args) {
        switch (rng_.below(4)) {
            case 0:
                if (args.size() > 1) args.pop_back();
                return;
            case 1:
                return args.push_back(value());
            case 2:
                return args.push_back(args.back());
            default:
                args[rng_.below(args.size())] = pick(small_numbers);
        }
    }

    Rng rng_;
};

std::string shown(const Args& args) {
    std::string line;
    for (const std::string& arg : args) line += " \"" + readable(arg) + '"';
    return line;
}

// False: they differ, and what led there was printed.
bool agree(Reference& reference, Peer& subject, const std::vector<Args>& commands,
           std::deque<std::string>& recent) {
    const auto wanted = reference.ask_all(commands);
    const auto replies = subject.ask_all(commands);
    for (std::size_t i = 0; i < commands.size(); ++i) {
        const std::string& reply = replies[i];
        recent.push_back(shown(commands[i]));
        if (recent.size() > 15) recent.pop_front();
        if (in_order(reply) == in_order(wanted[i])) continue;
        std::string story;
        for (const std::string& line : recent) story += line + '\n';
        UNSCOPED_INFO(story << "the reference: " << readable(wanted[i])
                            << "\nreplied:       " << readable(reply));
        return false;
    }
    return true;
}

constexpr int batches = 400;
constexpr int batch_size = 50;

}  // namespace

void compare_random_commands(std::uint64_t seed, Reference& reference, Peer& subject) {
    reference.ask({"FLUSHALL"}, Protocol::resp3);
    subject.ask({"FLUSHALL"}, Protocol::resp3);
    Drawer drawer(seed);
    INFO("seed " << seed);
    std::deque<std::string> recent;
    for (int batch = 0; batch < batches; ++batch) {
        std::vector<Args> commands;
        for (int i = 0; i < batch_size; ++i) commands.push_back(drawer.command());
        REQUIRE(agree(reference, subject, commands, recent));
    }
}

void compare_random_patterns(std::uint64_t seed, Reference& reference, Peer& subject) {
    reference.ask({"FLUSHALL"}, Protocol::resp3);
    subject.ask({"FLUSHALL"}, Protocol::resp3);
    Drawer drawer(seed);
    INFO("seed " << seed);
    std::deque<std::string> recent;
    std::vector<Args> commands;
    for (int i = 0; i < 200; ++i) commands.push_back({"SET", drawer.glob_text(), "v"});
    REQUIRE(agree(reference, subject, commands, recent));
    for (int batch = 0; batch < 40; ++batch) {
        commands.clear();
        for (int i = 0; i < batch_size; ++i) commands.push_back({"KEYS", drawer.glob_text()});
        REQUIRE(agree(reference, subject, commands, recent));
    }
}

}  // namespace grapevine::conformance
