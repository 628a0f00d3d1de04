#pragma once
// Grapevine's own frames, as the client core sends them (client/client.h) but for what a steady
// cluster does not need: nothing is sent to another primary, and a refusal is an operation that
// failed.

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "bench/dialect.h"
#include "ring/ring.h"
#include "wire/frame.h"
#include "wire/request_form.h"

namespace grapevine::bench {

// What the connections to one cluster know together.
struct NativeView {
    Epoch epoch;                       // of the ring that keys are routed by
    std::vector<std::int64_t> stamps;  // by partition, as told last; -1: not yet
};
std::shared_ptr<NativeView> native_view(const Ring& ring);

class NativeDialect final : public Dialect {
public:
    // `client` is unique for all time. `value` outlives this.
    NativeDialect(std::shared_ptr<NativeView> view, ClientId client, std::string_view value);

    void greet(std::string& out) override;
    void say(std::string& out, const Command& command) override;
    Result<void> hear(std::string_view bytes, Asker& asker) override;

private:
    using Forms = std::vector<std::unique_ptr<RequestForm>>;  // by the size of the key; null: none

    const RequestForm& form(bool put, std::size_t key_size);
    std::int64_t& stamp_of(std::uint16_t slot);
    Result<void> hear(const Frame& frame, Asker& asker);

    std::shared_ptr<NativeView> view_;
    ClientId client_;
    std::string_view value_;
    Forms gets_;
    Forms puts_;
    FrameReader reader_;
};

}  // namespace grapevine::bench
