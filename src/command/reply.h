#pragma once
// Replies in bytes: a writer for both versions of the protocol, and what a node does to replies
// that another node wrote: taking them apart, and turning RESP3 into RESP2.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace grapevine::command {

enum class Protocol : std::uint8_t { resp2 = 2, resp3 = 3 };

// Appends to a string. Aggregates are opened with their number of elements, which follow. Where
// RESP2 lacks a type, what Redis sends there is written.
class Reply {
public:
    explicit Reply(Protocol protocol = Protocol::resp3) : protocol_(protocol) {}

    void ok() { bytes_ += "+OK\r\n"; }
    void simple(std::string_view text);
    // With its code: "ERR no such key". Ends of lines become spaces.
    void error(std::string_view text);
    void integer(std::int64_t number);
    void bulk(std::string_view bytes);
    void null();
    void null_array();  // as EXEC where a watched key changed; in RESP3 there is one null only
    void array(std::size_t elements);
    void map(std::size_t pairs);
    void set(std::size_t elements);
    void boolean(bool value);
    void verbatim(std::string_view text);  // of the format "txt"
    // What was written for this protocol elsewhere.
    void raw(std::string_view bytes) { bytes_ += bytes; }

    [[nodiscard]] Protocol protocol() const { return protocol_; }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    [[nodiscard]] std::string_view bytes() const { return bytes_; }
    [[nodiscard]] std::string take() { return std::move(bytes_); }
    void reserve(std::size_t size) { bytes_.reserve(size); }
    // What a bulk string takes beside its bytes, at most; and the head of an array.
    static constexpr std::size_t frame_max = 32;

private:
    void head(char type, std::int64_t number);

    Protocol protocol_;
    std::string bytes_;
};

// Nested deeper than that, bytes are no reply.
inline constexpr int reply_depth_max = 16;

// Bytes of the reply that `bytes` begin with, RESP3 or RESP2, with all that is nested in it;
// nothing where it is not complete or none.
[[nodiscard]] std::optional<std::size_t> reply_size(std::string_view bytes);

// Takes the first reply off `bytes`; nothing where there is no complete one, `bytes` is unchanged.
[[nodiscard]] std::optional<std::string_view> take_reply(std::string_view& bytes);

// Takes the head of an aggregate ("*2\r\n", "%1\r\n", "~3\r\n") off `bytes` and returns how many
// replies follow, twice the pairs of a map; nothing where there is no such head.
[[nodiscard]] std::optional<std::size_t> take_aggregate(std::string_view& bytes);

// The number of an integer reply (":5\r\n"), or nothing.
[[nodiscard]] std::optional<std::int64_t> integer_of(std::string_view reply);
// The bytes of a bulk reply, or nothing.
[[nodiscard]] std::optional<std::string_view> bulk_of(std::string_view reply);

// Appends RESP3 replies as RESP2. False where `bytes` are not complete replies: what was appended
// then is of no use.
[[nodiscard]] bool append_resp2(std::string& to, std::string_view bytes);

}  // namespace grapevine::command
