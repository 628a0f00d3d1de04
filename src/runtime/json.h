#pragma once
// JSON (RFC 8259) as far as the programs print it: one line, members in the order given.

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace grapevine {

// One value, written out.
class Json {
public:
    Json(std::nullptr_t) : text_("null") {}
    Json(std::same_as<bool> auto value) : text_(value ? "true" : "false") {}
    Json(std::integral auto value)
        requires(!std::same_as<decltype(value), bool>)
        : text_(std::to_string(value)) {}
    // Bytes that are no UTF-8 as \xHH, since JSON has no word for them.
    Json(std::string_view value);
    Json(const std::string& value) : Json(std::string_view(value)) {}
    Json(const char* value) : Json(std::string_view(value)) {}
    template <class T>
    Json(const std::optional<T>& value) : Json(value ? Json(*value) : Json(nullptr)) {}

    [[nodiscard]] const std::string& text() const { return text_; }

protected:
    Json() = default;
    std::string text_;
};

class JsonArray : public Json {
public:
    JsonArray() { text_ = "[]"; }
    JsonArray& add(const Json& value);
};

class JsonObject : public Json {
public:
    JsonObject() { text_ = "{}"; }
    JsonObject& add(std::string_view name, const Json& value);
};

}  // namespace grapevine
