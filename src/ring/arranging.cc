#include "ring/arranging.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "ring/roster.h"

namespace grapevine {

namespace {

// Backfill that may still go on.
class FillBudget {
public:
    explicit FillBudget(const PlannerConfig& config) : config_(config) {}

    void take(NodeId receiver) {
        ++total_;
        ++received_[receiver];
    }
    bool try_take(NodeId receiver) {
        if (total_ >= config_.fills_max || received_[receiver] >= config_.fills_per_member_max) {
            return false;
        }
        take(receiver);
        return true;
    }

private:
    const PlannerConfig& config_;
    std::size_t total_ = 0;
    std::map<NodeId, std::size_t> received_;
};

// One partition on its way from what it has to what is desired.
struct Move {
    const Entry* entry;  // of the draft
    const NodeList* desired;
    bool may_exchange = false;  // its primary, as far as fills allow
    bool hands_over = false;    // its primary is that of the ring before, and lives
    NodeList held_back;         // copies that stay though they are not desired
    NodeList spares;            // fills that go on as long as a desired one finds no room
    Arrangement arrangement;

    [[nodiscard]] bool lacks(NodeId id) const {
        return !contains(arrangement.copies, id) && !contains(arrangement.fills, id);
    }
    [[nodiscard]] bool complete() const {
        return std::ranges::all_of(*desired, [&](NodeId id) { return entry->is_copy(id); });
    }
    [[nodiscard]] bool changes() const {
        return arrangement.copies != entry->copies ||
               !std::ranges::equal(arrangement.fills, entry->fills, {}, {}, &Fill::id);
    }
};

bool is_short_of_copies(const Entry& entry, const Keeping& keeping) {
    const auto staying =
        std::ranges::count_if(entry.copies, [&](NodeId id) { return keeping.stays(id); });
    return static_cast<std::size_t>(staying) < copies_possible(keeping.draft);
}

// Until a wanted one finds room.
bool goes_on(const Entry& entry, NodeId fill, const Keeping& keeping) {
    return keeping.stays(fill) && keeping.accusations.fits(entry, entry.copies, fill) &&
           is_short_of_copies(entry, keeping);
}

// Fills that are no longer wanted end, or are spares.
Move begin_move(PartitionId id, const Entry& entry, const NodeList& desired, bool fills_rest,
                const Keeping& keeping) {
    Move move{.entry = &entry, .desired = &desired, .arrangement = {id, entry.copies, {}}};
    for (const Fill& fill : entry.fills) {
        const bool rests = fills_rest && keeping.stays(fill.id) &&
                           !keeping.accusations.is_bad(entry.primary(), fill.id);
        if (rests || contains(desired, fill.id) || keeping.contests(id, entry, fill.id)) {
            move.arrangement.fills.push_back(fill.id);
        } else if (goes_on(entry, fill.id, keeping)) {
            move.arrangement.fills.push_back(fill.id);
            move.spares.push_back(fill.id);
        }
    }
    for (const NodeId copy : entry.copies) {
        if (contains(keeping.leavers, copy) || keeping.contests(id, entry, copy)) {
            move.held_back.push_back(copy);
        }
    }
    return move;
}

// Which fills go on and which begin. First those that are wanted and begun, then those that are
// wanted, then the spares: else a spare that ends would make room for the next, ring after ring. Of
// those with as few copies the ones that are not being filled at all come first.
void choose_fills(std::vector<Move>& moves, bool fills_rest, const PlannerConfig& config) {
    FillBudget budget(config);
    std::vector<Move*> order;
    for (Move& move : moves) {
        for (const NodeId id : move.arrangement.fills) {
            if (!contains(move.spares, id)) budget.take(id);
        }
        if (!move.complete() || !move.spares.empty()) order.push_back(&move);
    }
    std::ranges::stable_sort(order, {}, [](const Move* move) {
        return std::pair(move->entry->copies.size(), !move->spares.empty());
    });
    if (!fills_rest) {
        for (Move* move : order) {
            for (const NodeId id : *move->desired) {
                if (move->lacks(id) && budget.try_take(id)) move->arrangement.fills.push_back(id);
            }
        }
    }
    for (Move* move : order) {
        auto lacking =
            std::ranges::count_if(*move->desired, [&](NodeId id) { return move->lacks(id); });
        erase_if(move->arrangement.fills, [&](NodeId id) {
            if (!contains(move->spares, id)) return false;
            if (lacking <= 0 || !budget.try_take(id)) return true;
            --lacking;
            return false;
        });
    }
}

// The wanted ones are copies: the others leave, and the order becomes the wanted one.
void settle(Move& move) {
    if (!move.complete() || move.desired->empty()) return;
    NodeList& copies = move.arrangement.copies;
    if (move.may_exchange && move.entry->fills.empty()) {
        copies = *move.desired;
        for (const NodeId id : move.entry->copies) {
            // Who was the primary stays for one ring more: as a copy it is asked what is
            // unfinished, and says that it has stepped down. Without its word the next one waits
            // for a lease.
            const bool attests = move.hands_over && id == move.entry->primary();
            if (contains(copies, id)) continue;
            if (attests || contains(move.held_back, id)) copies.push_back(id);
        }
        return;
    }
    erase_if(copies, [&](NodeId id) {
        return id != move.entry->primary() && !contains(*move.desired, id) &&
               !contains(move.held_back, id);
    });
}

std::vector<Move> begin_moves(const Ring& ring, bool evicts, const Goal& goal,
                              const Keeping& keeping) {
    const Ring& draft = keeping.draft;
    const Roster roster_before(ring);
    const Roster roster(draft);
    std::vector<Move> moves;
    moves.reserve(draft.partitions());
    for (std::uint32_t i = 0; i < draft.partitions(); ++i) {
        const Entry& entry = draft.table[i];
        if (roster.is_down(entry)) continue;
        const Entry& before = ring.table[i];
        const bool exchanged = roster_before.is_down(before) || before.primary() != entry.primary();
        const bool is_young = goal.young_from && entry.tenure >= *goal.young_from;
        moves.push_back(
            begin_move(PartitionId{i}, entry, (*goal.holders)[i], goal.fills_rest, keeping));
        moves.back().may_exchange = exchanged || (!evicts && !is_young);
        moves.back().hands_over = !exchanged;
    }
    return moves;
}

}  // namespace

Placement stand_in(const Ring& draft, const TranslatedPlacement& latest, const Observations& seen,
                   const Accusations& accusations) {
    const std::size_t enough = copies_possible(draft);
    std::vector<NodeId> staying;  // ascending
    for (const Member& member : draft.members) {
        if (member.stays()) staying.push_back(member.id);
    }
    const auto stays = [&](NodeId id) { return std::ranges::binary_search(staying, id); };
    Placement wanted(draft.partitions());
    for (std::uint32_t i = 0; i < draft.partitions(); ++i) {
        const Entry& entry = draft.table[i];
        NodeList& holders = wanted[i];
        for (const NodeId id : entry.copies) {
            if (stays(id)) holders.push_back(id);
        }
        const bool is_down = draft.is_down(entry);
        const auto add = [&](NodeId id) {
            const bool fits = is_down || accusations.fits(entry, holders, id);
            if (fits && !contains(holders, id)) holders.push_back(id);
        };
        for (const Fill& fill : entry.fills) {
            if (stays(fill.id)) add(fill.id);
        }
        if (holders.size() >= enough) continue;
        for (const NodeId id : latest.holders(i)) {
            const bool was_ended = !is_down && seen.ended.contains({PartitionId{i}, id});
            if (holders.size() < enough && !was_ended) add(id);
        }
    }
    return wanted;
}

std::vector<Arrangement> arrangements(const Ring& ring, bool evicts, const Goal& goal,
                                      const Keeping& keeping, const PlannerConfig& config) {
    std::vector<Move> moves = begin_moves(ring, evicts, goal, keeping);
    choose_fills(moves, goal.fills_rest, config);

    std::vector<Arrangement> result;
    for (Move& move : moves) {
        if (goal.is_final) settle(move);
        if (move.changes()) result.push_back(std::move(move.arrangement));
    }
    return result;
}

}  // namespace grapevine
