#pragma once
// Faults from a file: one a line, as --at takes them; empty lines and what follows a # are passed
// over.
//
//     # two copies at once, one returns
//     2s:kill=server3,server5
//     4s:restart=server3

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/fault.h"

namespace grapevine::sim {

// Says what is wrong with one of these faults, which can be read: such as a name that nobody has.
using FaultCheck = std::function<Result<void>(const Fault&, const std::vector<Fault>& all)>;

// `name` is what errors call the file: "NAME:3: \"explode\" is not a fault; ...".
Result<std::vector<Fault>> parse_script(std::string_view name, std::string_view text,
                                        const FaultCheck& check);
Result<std::vector<Fault>> read_script(const std::string& path, const FaultCheck& check);

}  // namespace grapevine::sim
