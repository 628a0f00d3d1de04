#pragma once
// One connection of the lean load (lanes.h).

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "bench/lanes.h"
#include "runtime/stream.h"

namespace grapevine::bench {

class Lane final : private StreamOwner, private Asker {
public:
    // `all` outlives it.
    Lane(Loop& loop, Address node, std::size_t node_index, std::unique_ptr<Dialect> dialect,
         std::size_t depth, Lanes& all);

    [[nodiscard]] bool is_connected() const { return stream_.is_connected(); }
    // Begins operations until `depth` are in flight or there are no more; at a fixed rate, no more
    // that are due.
    void fill_up();
    // At a fixed rate: one more is.
    void add_due(Time due) { due_.push_back(due); }

private:
    void connected(Stream& stream) override;
    void received(Stream& stream, std::string_view bytes) override;
    void ended(Stream& stream, int error) override;

    [[nodiscard]] const Flight* asked(std::uint64_t sequence) const override;
    void answered(std::uint64_t sequence, std::string_view defect) override;
    void repeat(std::uint64_t sequence) override;

    [[nodiscard]] bool has_next() const { return !all_.is_paced() || !due_.empty(); }
    [[nodiscard]] Time take_next(Time now);
    void say(const Flight& flight);
    void write();
    std::string_view key_text(Key key);
    void broke(std::string why);

    Lanes& all_;
    Address node_;
    std::size_t node_index_;
    std::size_t depth_;
    std::unique_ptr<Dialect> dialect_;
    Flights flights_;
    Time read_at_{};
    std::deque<Time> due_;                // at a fixed rate: what has not begun yet
    std::vector<std::uint64_t> repeats_;  // to say again
    std::string out_;                     // to write; here to keep its memory
    std::string key_text_;
    Outbox outbox_;
    Stream stream_;
};

}  // namespace grapevine::bench
