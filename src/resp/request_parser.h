#pragma once
// Cuts what a Redis client sends into commands: arrays of bulk strings, or lines of text
// ("inline"). Bytes come in any pieces. What is said of bytes that make no sense, and where, is
// Redis's own.
//
// Nothing is reserved for what a header announces: memory grows with what has come. Redis takes
// bulks of up to 512 MiB. Those over `part_max`, and commands of more than `command_max` or of more
// than `parts_max` parts, are read past and not kept: they come out as `too_large` or `too_much`,
// and the connection goes on.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace grapevine::resp {

struct ParserLimits {
    std::size_t line_max = 64 * 1024;            // of an inline command or a header; Redis's own
    std::size_t bulk_max = 512 * 1024 * 1024;    // proto-max-bulk-len; above: an error
    std::size_t part_max = 16 * 1024 * 1024;     // above: read past
    std::size_t command_max = 64 * 1024 * 1024;  // of all parts together
    std::size_t parts_max = 65'536 + 1;          // the command's name and its arguments
};

class RequestParser {
public:
    enum class Got : std::uint8_t {
        nothing,    // not a whole command yet
        command,    // args(), at least one
        too_large,  // a command that was read past, for one of its parts; args() is empty
        too_much,   // the same for all of them together
        error,      // error(); nothing more comes out
    };

    explicit RequestParser(ParserLimits limits = {}) : limits_(limits) {}

    void feed(std::string_view bytes);
    Got next();

    // Valid until the next call of feed() or next().
    [[nodiscard]] std::span<const std::string_view> args() const { return args_; }
    // First arguments, mostly keys, of the next commands that are here whole and that next() was
    // not asked for; so many are in `keys` then, and valid as long as args().
    std::size_t look_ahead(std::span<std::string_view> keys) const;
    // "Protocol error: ...".
    [[nodiscard]] const std::string& error() const { return error_; }
    // Bytes that are kept: of commands that have not been handed out.
    [[nodiscard]] std::size_t buffered() const { return buffer_.size() - consumed_; }
    [[nodiscard]] std::size_t memory_bytes() const {
        return buffer_.capacity() + parts_.capacity() * sizeof(Part);
    }
    // A command has begun and is not whole.
    [[nodiscard]] bool is_inside() const { return parts_left_ > 0 || buffered() > 0; }

private:
    struct Part {
        std::size_t begin;
        std::size_t size;
    };
    enum class Step : std::uint8_t { done, more, failed };

    Step fail(std::string what);
    Step read_inline();
    Step read_array();
    Step read_header();
    Step read_part();
    Step read_bulk_header();
    Step read_body();
    Step skip_body();
    Got hand_out();
    // The line at position_, without its end; position_ is behind that then.
    Step read_line(std::string_view& line, std::string_view too_long);
    [[nodiscard]] bool reads_past() const { return got_ != Got::command; }
    [[nodiscard]] std::string_view rest() const {
        return std::string_view(buffer_).substr(position_);
    }

    ParserLimits limits_;
    std::string buffer_;
    std::size_t consumed_ = 0;        // before this: of commands that were handed out
    std::size_t position_ = 0;        // before this: understood
    std::vector<Part> parts_;         // of the command that is being read, in buffer_
    std::uint64_t parts_left_ = 0;    // 0: between commands
    std::size_t weight_ = 0;          // of parts_, as command_max counts
    bool in_body_ = false;            // a bulk's header was read
    std::size_t body_left_ = 0;       // of it, with the line's end behind it
    Got got_ = Got::command;          // another: the command is read past, for that reason
    std::vector<std::string> words_;  // of an inline command
    std::vector<std::string_view> args_;
    std::string error_;
};

// The words of a line: quotes and escapes as Redis understands them ("\x41\n", 'it\'s'). False
// where quotes are not closed.
bool split_words(std::string_view line, std::vector<std::string>& words);

}  // namespace grapevine::resp
