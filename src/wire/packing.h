#pragma once
// Tools with which wire's codecs turn plain values into FlatBuffers tables (pack) and verified
// tables into plain values (unpack). For the files of wire only.

#include <flatbuffers/flatbuffers.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace grapevine::wire {

using Builder = flatbuffers::FlatBufferBuilder;
using PackedBytes = flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>>;
using PackedText = flatbuffers::Offset<flatbuffers::String>;

template <class T>
struct TableOfOffset : std::false_type {};
template <class T>
struct TableOfOffset<flatbuffers::Offset<T>> : std::true_type {
    using Table = T;
};

// An offset of zero leaves a field out: so are empty strings and lists written.
inline PackedBytes pack_bytes(Builder& builder, std::string_view bytes) {
    if (bytes.empty()) return 0;
    return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

inline PackedText pack_text(Builder& builder, std::string_view text) {
    if (text.empty()) return 0;
    return builder.CreateString(text.data(), text.size());
}

// A list of what `convert` makes of the items: offsets of tables, structs or numbers.
template <class T, class Convert>
auto pack_list(Builder& builder, const std::vector<T>& items, const Convert& convert) {
    using Element = std::decay_t<decltype(convert(items.front()))>;
    const auto pack = [&](const Element* elements) {
        if constexpr (std::is_arithmetic_v<Element> || TableOfOffset<Element>::value) {
            return builder.CreateVector(elements, items.size());
        } else {
            return builder.CreateVectorOfStructs(elements, items.size());
        }
    };
    using Packed = decltype(pack(nullptr));
    if (items.empty()) return Packed{0};
    // Most lists are short, and cost no allocation.
    std::array<Element, 16> few{};
    if (items.size() <= few.size()) {
        for (std::size_t i = 0; i < items.size(); ++i) few[i] = convert(items[i]);
        return pack(few.data());
    }
    std::vector<Element> elements;
    elements.reserve(items.size());
    for (const T& item : items) elements.push_back(convert(item));
    return pack(elements.data());
}

// Reads out of one verified message. FlatBuffers' verifier leaves two holes, closed here. Elements
// of lists may be misaligned. And a few bytes may be referred to many times, so that a small
// message unpacks to a huge one: what is unpacked is counted against the size of the message, which
// an honest one, holding everything once, cannot exceed. Once something is wrong, lists come out
// empty.
class Unpacker {
public:
    explicit Unpacker(std::size_t message_size) : budget_(message_size) {}

    std::string bytes(const flatbuffers::Vector<std::uint8_t>* in) {
        if (in == nullptr || !spend(in->size(), 1)) return {};
        return {reinterpret_cast<const char*>(in->Data()), in->size()};
    }

    std::string text(const flatbuffers::String* in) {
        if (in == nullptr || !spend(in->size(), 1)) return {};
        return {in->c_str(), in->size()};
    }

    // The results of `convert` for each element: a pointer to a table or a struct, or a number.
    template <class Element, class Convert>
    auto list(const flatbuffers::Vector<Element>* in, const Convert& convert) {
        std::vector<std::decay_t<decltype(convert(in->Get(0)))>> out;
        if (in == nullptr || in->size() == 0 || !spend(in->size(), size_of<Element>())) return out;
        if (reinterpret_cast<std::uintptr_t>(in->Data()) % alignment_of<Element>() != 0) {
            fail("a list is misaligned");
            return out;
        }
        out.reserve(in->size());
        for (flatbuffers::uoffset_t i = 0; i < in->size() && defect_.empty(); ++i) {
            out.push_back(convert(in->Get(i)));
        }
        if (!defect_.empty()) out.clear();
        return out;
    }

    // The first defect is kept.
    void fail(std::string defect) {
        if (defect_.empty()) defect_ = std::move(defect);
    }
    [[nodiscard]] const std::string& defect() const { return defect_; }

private:
    // A listed table takes at least this: its place in the list, its own head, and 8 bytes of what
    // each of ours begins with (an id, a version or an entry). All else may be left out.
    static constexpr std::size_t listed_table_size_min = 16;

    template <class Element>
    static constexpr std::size_t size_of() {
        if constexpr (TableOfOffset<Element>::value) return listed_table_size_min;
        return sizeof(std::remove_pointer_t<Element>);
    }
    template <class Element>
    static constexpr std::size_t alignment_of() {
        return alignof(std::remove_pointer_t<Element>);
    }

    bool spend(std::size_t count, std::size_t size) {
        if (!defect_.empty()) return false;
        if (count * size > budget_) {
            fail("a message unpacks to more than it holds");
            return false;
        }
        budget_ -= count * size;
        return true;
    }

    std::size_t budget_;
    std::string defect_;
};

}  // namespace grapevine::wire
