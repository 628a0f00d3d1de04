#pragma once
// The tables of the conformance tests, files of lines:
//
//   # comment
//   == name            a case begins, with no keys
//   == name {tag}      the same, and all keys of its commands get the tag in front: what takes
//                      several keys wants them in one slot of a cluster
//   SET k "v\x00" NX   a command, quoted as in redis-cli; its reply must be the reference's, byte
//   by
//                      byte, in RESP2 and in RESP3. <1000*ab> stands for 1,000 times ab.
//   ~5000 PTTL k       the same, but integers may differ by 5,000
//   % KEYS *           the same, but elements may come in any order
//   ? HELLO 3          the same kinds of replies: what they say differs from server to server
//   * SCAN 0 TYPE x    scans to the end; the keys that are found have to be the same
//   ^ CONFIG HELP      begins with the same element; the others differ, for a reason (why>)
//   & INFO cpu         a text of the same lines: names of `name:value`, numbers of words of others;
//                      or a map of the same keys
//     less> a b ...    but for those that the reference alone has
//     more> c ...      and those that it has not
//     why> ...         wanted where there are any
//   + DIGEST k         newer than the reference, which is not asked: the lines that follow tell the
//   ! OBJECT FREQ k    differs from the reference, for a reason: the lines that follow tell the
//     2> "$-1\r\n"     reply in RESP2, quoted, and the reply in RESP3 where that is another
//     3> "_\r\n"
//     why> ...         of ! alone, and wanted there
//   @ PING             only where a whole node is compared; goes before the other marks
//   wait 5             until 5 ms have passed, for keys that expire

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace grapevine::conformance {

enum class Mark : std::uint8_t {
    same,
    near,
    any_order,
    kinds,
    scan,
    begins,
    lines,
    added,
    differs,
    wait
};

struct Step {
    Mark mark = Mark::same;
    bool node_only = false;
    std::vector<std::string> args;
    std::int64_t number = 0;  // near: the tolerance; wait: ms
    std::string resp2;        // of added and differs
    std::string resp3;
    std::multiset<std::string> less;  // of lines
    std::multiset<std::string> more;
    std::string why;
    std::string line;  // as it stands in the file
};

struct Case {
    std::string name;  // "file: name"
    std::string tag;   // "{tag}"
    std::vector<Step> steps;
};

// All tables of a folder. Throws std::runtime_error with file and line where one is not as above.
[[nodiscard]] std::vector<Case> read_cases(const std::string& folder);

// For people: bytes that do not print are escaped.
[[nodiscard]] std::string readable(std::string_view bytes);

}  // namespace grapevine::conformance
