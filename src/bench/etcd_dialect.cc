#include "bench/etcd_dialect.h"

#include "base/assert.h"

namespace grapevine::bench {

namespace {

std::string base64(std::string_view bytes) {
    std::string text;
    append_base64(text, bytes);
    return text;
}

}  // namespace

EtcdDialect::EtcdDialect(std::string_view value) : value_(base64(value)) {}

void EtcdDialect::say(std::string& out, const Command& command) {
    ASSERT(command.sequence == answered_ + 1, "one at a time");
    body_ = R"({"key":")";
    append_base64(body_, command.key);
    if (command.put) {
        body_ += R"(","value":")";
        body_ += value_;
    }
    body_ += "\"}";
    append_post(out, command.put ? "/v3/kv/put" : "/v3/kv/range", body_);
}

Result<void> EtcdDialect::hear(std::string_view bytes, Asker& asker) {
    const std::string_view all = carry_.join(bytes);
    const auto reply = parse_http(all, pieces_);
    if (!reply) return std::unexpected(reply.error());
    if (!*reply) {
        carry_.keep(all);
        return {};
    }
    const Flight* const flight = asker.asked(answered_ + 1);
    if (flight == nullptr || (*reply)->size != all.size()) {
        return fail("an answer to what was not asked");
    }
    const std::string_view defect = defect_of(**reply, flight->put);
    carry_.keep({});
    asker.answered(++answered_, defect);
    return {};
}

// Words that live on.
std::string_view EtcdDialect::defect_of(const HttpReply& reply, bool put) const {
    if (reply.status != 200) return "an answer other than 200 OK";
    if (put) return "";
    constexpr std::string_view before = R"("value":")";
    const auto at = reply.body.find(before);
    if (at == std::string_view::npos) {
        const bool empty = value_.empty() && reply.body.find("\"kvs\"") != std::string_view::npos;
        return empty ? "" : "a key was not found";
    }
    const std::string_view value = reply.body.substr(at + before.size());
    return value.starts_with(value_ + '"') ? "" : "another value";
}

}  // namespace grapevine::bench
