#include "e2e/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace grapevine::e2e {

namespace {

// In flight at any time, for each client.
constexpr int unique_writes = 8;
constexpr int shared_writes = 2;
constexpr int shared_reads = 2;
constexpr std::size_t batch_at_once = 256;

// Far beyond any failover: an operation that is not answered by then has been forgotten.
constexpr Duration deadline = 30s;

ClientConfig config_for(Address seed) {
    ClientConfig config;
    config.seeds = {seed};
    return config;
}

class Pipeline {
public:
    Pipeline(Loop& loop, Address seed, const Batch& batch)
        : host_(loop, config_for(seed)), batch_(batch) {}

    void begin() {
        for (std::size_t i = 0; i < batch_at_once; ++i) next();
    }
    [[nodiscard]] bool done() const { return next_ == batch_.count && host_.in_flight() == 0; }

private:
    void next() {
        if (next_ == batch_.count) return;
        const std::size_t number = next_++;
        Operation operation = batch_.make(number);
        operation.deadline = deadline;
        host_.submit(std::move(operation), [this, number](const Outcome& outcome) {
            batch_.done(number, outcome);
            next();
        });
    }

    ClientHost host_;
    const Batch& batch_;
    std::size_t next_ = 0;
};

}  // namespace

void Book::saw(std::size_t shared, Version version) {
    seen_[shared] = std::max(seen_[shared], version);
}

std::string shared_key(std::size_t number) {
    return "shared" + std::to_string(number);
}

std::string value_of(const std::string& unique_key) {
    return "value of " + unique_key;
}

LoadClient::LoadClient(Loop& loop, Address seed, std::string name, Book& book)
    : host_(loop, config_for(seed)), name_(std::move(name)), book_(book) {}

void LoadClient::begin() {
    for (int i = 0; i < unique_writes; ++i) write_unique();
    for (int i = 0; i < shared_writes; ++i) write_shared();
    for (int i = 0; i < shared_reads; ++i) read_shared();
}

void LoadClient::submit(Operation operation, std::function<void(const Outcome&)> done) {
    if (ending_) return;
    operation.deadline = deadline;
    const std::string key = operation.key;
    host_.submit(std::move(operation), [this, key, done = std::move(done)](const Outcome& outcome) {
        const bool answered =
            outcome.kind == OutcomeKind::ok || outcome.kind == OutcomeKind::not_found;
        if (!answered) {
            book_.broken(fmt::format("{}: {} was not answered within {} s: {}", name_, key,
                                     deadline / 1s, outcome.detail));
        }
        done(outcome);
    });
}

void LoadClient::write_unique() {
    Operation operation;
    operation.kind = OperationKind::put;
    operation.key = fmt::format("{}-{}", name_, unique_++);
    operation.value = value_of(operation.key);
    const std::string key = operation.key;
    submit(std::move(operation), [this, key](const Outcome& outcome) {
        if (outcome.kind == OutcomeKind::ok) book_.written(key);
        write_unique();
    });
}

void LoadClient::write_shared() {
    const std::size_t shared = next_shared();
    Operation operation;
    operation.kind = OperationKind::put;
    operation.key = shared_key(shared);
    operation.value = name_;
    submit(std::move(operation),
           [this, shared, before = book_.seen(shared)](const Outcome& outcome) {
               if (outcome.kind == OutcomeKind::ok) {
                   // It was asked for when `before` was there, so it comes after it.
                   if (outcome.version <= before) {
                       book_.broken(fmt::format("a write of {} got version {}, after {} was seen",
                                                shared_key(shared), outcome.version, before));
                   }
                   book_.saw(shared, outcome.version);
               }
               write_shared();
           });
}

void LoadClient::read_shared() {
    const std::size_t shared = next_shared();
    Operation operation;
    operation.key = shared_key(shared);
    submit(std::move(operation), [this, shared,
                                  before = book_.seen(shared)](const Outcome& outcome) {
        // Absent has no version: {0, 0}.
        const bool read = outcome.kind == OutcomeKind::ok || outcome.kind == OutcomeKind::not_found;
        const Version version = outcome.kind == OutcomeKind::ok ? outcome.version : Version{};
        if (read && version < before) {
            book_.broken(fmt::format("{} read as version {}, after {} was seen", shared_key(shared),
                                     version, before));
        }
        if (read) book_.saw(shared, version);
        read_shared();
    });
}

bool perform(Loop& loop, Address seed, const Batch& batch, Wait bound) {
    Pipeline pipeline(loop, seed, batch);
    pipeline.begin();
    return run_until(loop, bound, [&] { return pipeline.done(); });
}

bool read_back(Loop& loop, Address seed, Book& book, Wait bound) {
    const auto& keys = book.unique_keys();
    const Batch reads{
        .count = keys.size(),
        .make =
            [&](std::size_t number) {
                Operation operation;
                operation.key = keys[number];
                return operation;
            },
        .done =
            [&](std::size_t number, const Outcome& outcome) {
                if (outcome.kind == OutcomeKind::ok && outcome.value == value_of(keys[number]))
                    return;
                book.broken(fmt::format("{} was acknowledged and reads as \"{}\" {}", keys[number],
                                        outcome.value, outcome.detail));
            }};
    return perform(loop, seed, reads, bound);
}

}  // namespace grapevine::e2e
