#pragma once
// etcd through its HTTP/JSON gateway, which takes one request after the other on a connection: one
// operation in flight.

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/dialect.h"
#include "bench/http.h"

namespace grapevine::bench {

class EtcdDialect final : public Dialect {
public:
    explicit EtcdDialect(std::string_view value);

    void say(std::string& out, const Command& command) override;
    Result<void> hear(std::string_view bytes, Asker& asker) override;

private:
    [[nodiscard]] std::string_view defect_of(const HttpReply& reply, bool put) const;

    std::string value_;  // in base64
    std::string body_;   // of the last request; here to keep its memory
    std::string pieces_;
    Carry carry_;
    std::uint64_t answered_ = 0;
};

}  // namespace grapevine::bench
