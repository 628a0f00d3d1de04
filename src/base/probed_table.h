#pragma once
// A hash table in one piece, for small entries that come and go all the time: open addressing with
// linear probing, and deletion by moving back (Knuth, TAOCP volume 3, section 6.4, algorithm R), so
// that no place has to remember that something was there. The places are a power of two; when there
// have to be more or fewer of them the owner says.
//
// Whatever the seed is, the contents are the same. A host that serves strangers draws it at random,
// so that nobody can choose keys that collide.
//
// An Entry is empty when it is made, and can be copied. It has
//   using Key = ...;
//   bool is_used() const;
//   Key key() const;                                             // of one that is used
//   static std::uint64_t mix(const Key& key, std::uint64_t odd)  // its upper bits are the home

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace grapevine {

template <class Entry>
class ProbedTable {
public:
    using Key = typename Entry::Key;

    explicit ProbedTable(std::uint64_t seed) : seed_(seed) {}

    [[nodiscard]] std::uint64_t seed() const { return seed_; }
    [[nodiscard]] std::size_t size() const { return count_; }
    [[nodiscard]] bool empty() const { return count_ == 0; }
    // Zero at first; then nothing below may be called.
    [[nodiscard]] std::size_t places() const { return entries_.size(); }

    [[nodiscard]] Entry& operator[](std::size_t place) { return entries_[place]; }
    [[nodiscard]] const Entry& operator[](std::size_t place) const { return entries_[place]; }
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

    // Where probing for the key begins. With an odd factor that nobody knows nobody can tell which
    // keys meet (Dietzfelbinger and others, "A reliable randomized algorithm for the closest-pair
    // problem", 1997).
    [[nodiscard]] std::size_t home_of(const Key& key) const {
        constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio
        return Entry::mix(key, (seed_ ^ golden) | 1) >> (64 - std::countr_zero(entries_.size()));
    }

    // Where the key is or, at an empty place, would be. One place is empty.
    [[nodiscard]] std::size_t locate(const Key& key) const {
        std::size_t place = home_of(key);
        while (entries_[place].is_used() && !(entries_[place].key() == key)) place = next(place);
        return place;
    }

    // At the empty place that locate() gave. Another one stays empty.
    void insert(std::size_t place, const Entry& entry) {
        entries_[place] = entry;
        ++count_;
    }

    // The entry goes; others move to where they are found without it. `moved(from, to)` hears of
    // each when it has moved; until the next one its old place has it too.
    template <class Moved>
    void erase(std::size_t place, const Moved& moved) {
        std::size_t gap = place;
        for (std::size_t at = next(gap); entries_[at].is_used(); at = next(at)) {
            const std::size_t home = home_of(entries_[at].key());
            // Whoever has its home in (gap, at] is found without the gap.
            if (distance(home, at) < distance(gap, at)) continue;
            entries_[gap] = entries_[at];
            moved(at, gap);
            gap = at;
        }
        entries_[gap] = {};
        --count_;
    }
    void erase(std::size_t place) {
        erase(place, [](std::size_t, std::size_t) {});
    }

    // So many places, all empty; what there was is the caller's to insert again. Two at least, or
    // none.
    [[nodiscard]] std::vector<Entry> exchange_places(std::size_t places) {
        count_ = 0;
        return std::exchange(entries_, std::vector<Entry>(places));
    }
    // The same contents in so many places.
    void resize(std::size_t places) {
        for (const Entry& entry : exchange_places(places)) {
            if (entry.is_used()) insert(locate(entry.key()), entry);
        }
    }

private:
    [[nodiscard]] std::size_t next(std::size_t place) const {
        return (place + 1) & (entries_.size() - 1);
    }
    [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const {
        return (to - from) & (entries_.size() - 1);
    }

    std::uint64_t seed_;
    std::vector<Entry> entries_;  // none, or a power of two
    std::size_t count_ = 0;       // of them are used
};

}  // namespace grapevine
