#pragma once
// A command as it came: views of its words, the first of which is its name.

#include <span>
#include <string_view>

namespace grapevine::resp {

using Args = std::span<const std::string_view>;

}  // namespace grapevine::resp
