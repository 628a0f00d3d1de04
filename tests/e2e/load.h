#pragma once
// Load from inside the test: client handles on one loop, writing and reading as fast as they are
// answered, and the book of what the answers promised.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "e2e/process.h"
#include "runtime/client_host.h"
#include "runtime/loop.h"
#include "runtime/wait.h"

namespace grapevine::e2e {

// What answers have promised so far, and where one broke it.
class Book {
public:
    explicit Book(std::size_t shared_keys) : seen_(shared_keys) {}

    // A unique key was written and acknowledged.
    void written(const std::string& key) { unique_.push_back(key); }
    [[nodiscard]] const std::vector<std::string>& unique_keys() const { return unique_; }

    // The newest version of a shared key that an answer has shown. What is asked from now on must
    // not be answered with an older one.
    [[nodiscard]] Version seen(std::size_t shared) const { return seen_[shared]; }
    [[nodiscard]] std::size_t shared_keys() const { return seen_.size(); }
    void saw(std::size_t shared, Version version);

    void broken(std::string story) { broken_.push_back(std::move(story)); }
    [[nodiscard]] const std::vector<std::string>& broken() const { return broken_; }
    // The story of the first; empty: none.
    [[nodiscard]] std::string first_broken() const {
        return broken_.empty() ? std::string() : broken_.front();
    }

private:
    std::vector<std::string> unique_;
    std::vector<Version> seen_;
    std::vector<std::string> broken_;
};

std::string shared_key(std::size_t number);
// The only value that is ever written to a unique key.
std::string value_of(const std::string& unique_key);

// One client: some unique keys, some overwrites and some reads of shared keys at any time.
class LoadClient {
public:
    LoadClient(Loop& loop, Address seed, std::string name, Book& book);

    void begin();
    // No new operations; those under way go on.
    void end() { ending_ = true; }
    [[nodiscard]] bool idle() const { return host_.in_flight() == 0; }

private:
    void write_unique();
    void write_shared();
    void read_shared();
    [[nodiscard]] std::size_t next_shared() { return shared_++ % book_.shared_keys(); }
    void submit(Operation operation, std::function<void(const Outcome&)> done);

    ClientHost host_;
    std::string name_;
    Book& book_;
    std::uint64_t unique_ = 0;
    std::size_t shared_ = 0;
    bool ending_ = false;
};

// Operations 0 ... count - 1, many at a time, on a handle of its own. False: it took longer than
// the bound.
struct Batch {
    std::size_t count = 0;
    std::function<Operation(std::size_t)> make;
    std::function<void(std::size_t, const Outcome&)> done;
};
bool perform(Loop& loop, Address seed, const Batch& batch, Wait bound);

// Reads every unique key that was acknowledged, and notes in the book which are missing or
// different. False: it took longer than the bound.
bool read_back(Loop& loop, Address seed, Book& book, Wait bound);

}  // namespace grapevine::e2e
