#include "runtime/json.h"

#include <fmt/format.h>

#include "runtime/output.h"

namespace grapevine {

namespace {

// Before the closing bracket.
void append(std::string& text, std::string_view item) {
    const char closing = text.back();
    text.pop_back();
    if (text.size() > 1) text += ", ";
    text += item;
    text += closing;
}

}  // namespace

Json::Json(std::string_view value) : text_(1, '"') {
    for (const char c : escape(value)) {
        if (c == '"' || c == '\\') text_ += '\\';
        text_ += c;
    }
    text_ += '"';
}

JsonArray& JsonArray::add(const Json& value) {
    append(text_, value.text());
    return *this;
}

JsonObject& JsonObject::add(std::string_view name, const Json& value) {
    append(text_, fmt::format("{}: {}", Json(name).text(), value.text()));
    return *this;
}

}  // namespace grapevine
