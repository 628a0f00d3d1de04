#pragma once
// A form for requests that differ in their numbers and their key alone: its frame is encoded once,
// by append_frame(), and each request is a copy of it with the blanks filled in. For whoever sends
// very many, a load generator: it costs a copy and a checksum.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "store/operation.h"

namespace grapevine {

class RequestForm {
public:
    // The client, kind, condition, deadline, value and the size of the key are those of `model`.
    explicit RequestForm(Request model);

    struct Blanks {
        std::uint64_t sequence = 0;  // these five as in Request
        std::uint64_t floor = 0;
        std::int64_t stamp_ms = -1;
        Epoch epoch;
        std::string_view key;  // of the size that the model's has
    };
    // Appends one frame to `out`, which holds whole frames or nothing.
    void append(std::string& out, const Blanks& blanks) const;

private:
    std::string frame_;
    std::size_t key_size_ = 0;
    std::size_t head_at_ = 0;  // in the frame
    std::size_t key_at_ = 0;
};

}  // namespace grapevine
