#pragma once
// Redis: GET and SET, and after each SET a WAIT for so many replicas where they are asked for.
// While a WAIT is not over, Redis does nothing else for the connection.

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/dialect.h"

namespace grapevine::bench {

class RespDialect final : public Dialect {
public:
    // `acks`: replicas that a put waits for; 0: none.
    RespDialect(std::string_view value, unsigned acks);

    void say(std::string& out, const Command& command) override;
    Result<void> hear(std::string_view bytes, Asker& asker) override;

private:
    Result<void> heard(char type, std::string_view text, bool absent, Asker& asker);

    std::size_t value_size_;
    std::uint64_t acks_;
    std::string after_put_key_;  // the value, and the WAIT
    Carry carry_;
    std::uint64_t answered_ = 0;  // operations: answers come in their order
    std::string put_defect_;      // of the put that is being waited for
    bool waiting_ = false;        // for the answer of a WAIT
};

}  // namespace grapevine::bench
