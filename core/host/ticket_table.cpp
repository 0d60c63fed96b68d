#include "core/host/ticket_table.hpp"

#include <thread>
#include <utility>

namespace postern::daemon {

ticket_table::ticket_table() : shards_{std::make_unique<std::array<shard, shard_count>>()}
{
    static_assert(shard_count << slot_bits == 1U << index_bits && chunk_size * chunk_count == 1U << slot_bits);
}

ticket_table::~ticket_table()
{
    for (auto& each : *shards_)
        for (auto& chunk : each.chunks)
            delete[] chunk.load(std::memory_order_relaxed);
}

ticket_slot* ticket_table::slot_of(std::uint32_t index) const noexcept
{
    const auto& in = (*shards_)[index >> slot_bits];
    const auto within = index & slot_mask;
    auto* chunk = in.chunks[within / chunk_size].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : chunk + within % chunk_size;
}

ticket_slot* ticket_table::at(std::uint64_t ticket) const noexcept
{
    return slot_of(static_cast<std::uint32_t>(ticket & ((std::uint64_t{1} << index_bits) - 1)));
}

ticket_slot* ticket_table::pop(shard& from) noexcept
{
    auto head = from.free_head.load(std::memory_order_acquire);
    while ((head & 0xffffffffU) != 0) {
        auto* slot = slot_of(static_cast<std::uint32_t>(head & 0xffffffffU) - 1);
        // The tag in the upper half makes a head that was taken and put back in between differ.
        const auto next = ((head >> 32U) + 1) << 32U | slot->next_free.load(std::memory_order_relaxed);
        if (from.free_head.compare_exchange_weak(head, next, std::memory_order_acq_rel, std::memory_order_acquire))
            return slot;
    }
    return nullptr;
}

void ticket_table::push(ticket_slot& slot) noexcept
{
    auto& to = (*shards_)[slot.index >> slot_bits];
    auto head = to.free_head.load(std::memory_order_relaxed);
    std::uint64_t next = 0;
    do {
        slot.next_free.store(static_cast<std::uint32_t>(head & 0xffffffffU), std::memory_order_relaxed);
        next = ((head >> 32U) + 1) << 32U | (slot.index + 1);
    } while (!to.free_head.compare_exchange_weak(head, next, std::memory_order_acq_rel, std::memory_order_relaxed));
}

ticket_slot* ticket_table::grow(shard& of, std::uint32_t shard_number) noexcept
{
    const std::scoped_lock lock{of.growing};
    if (auto* slot = pop(of))
        return slot;
    if (of.used_chunks == chunk_count)
        return nullptr;
    auto* chunk = new ticket_slot[chunk_size];
    for (unsigned i = 0; i < chunk_size; ++i) {
        chunk[i].index = shard_number << slot_bits | (of.used_chunks * chunk_size + i);
        chunk[i].word.store(word(1, state::free), std::memory_order_relaxed);
    }
    of.chunks[of.used_chunks++].store(chunk, std::memory_order_release);
    const bool is_first = of.used_chunks == 1;
    for (unsigned i = is_first ? 2 : 1; i < chunk_size; ++i)
        push(chunk[i]);
    if (!is_first)
        return chunk;
    of.home = chunk;
    of.owner.store(this_thread(), std::memory_order_release);
    return chunk + 1;
}

ticket_slot* ticket_table::open_another(shard& from, std::uint32_t number) noexcept
{
    auto* slot = pop(from);
    if (slot == nullptr)
        slot = grow(from, number);
    if (slot != nullptr)
        slot->word.store(slot->word.load(std::memory_order_relaxed) | static_cast<std::uint64_t>(state::calling),
                         std::memory_order_release);
    return slot;
}

/// By the caller, of one that was answered while it was called.
void ticket_table::end_answered(ticket_slot& slot, std::uint64_t generation) noexcept
{
    await_answered(slot);
    slot.word.store(word(generation, state::delivering), std::memory_order_release);
}

// Another thread is copying its answer: a matter of microseconds, so waiting is not worth a wake-up.
void ticket_table::await_answered(ticket_slot& slot) noexcept
{
    while (state_of(slot.word.load(std::memory_order_acquire)) == state::claimed)
        std::this_thread::yield();
}

bool ticket_table::collect(ticket_slot& slot) noexcept
{
    await_answered(slot);
    return state_of(slot.word.load(std::memory_order_acquire)) == state::answered;
}

bool ticket_table::leave_pending(ticket_slot& slot, std::shared_ptr<ticket_owner> owner) noexcept
{
    slot.kept = std::move(owner);
    const auto generation = generation_of(slot);
    if (advance(slot, generation, state::calling, state::pending))
        return true;
    await_answered(slot);
    slot.kept.reset();
    return false;
}

void ticket_table::deliver(ticket_slot& slot, std::uint64_t generation) noexcept
{
    bar_reading(slot); // whoever waits may free the message once it is told
    slot.kept->finish();
    release(slot, generation);
}

postern_status ticket_table::answer(std::uint64_t ticket, const postern_reply* reply) noexcept
{
    auto* slot = at(ticket);
    if (slot == nullptr)
        return POSTERN_E_STALE;
    const auto generation = ticket >> index_bits;
    if (advance(*slot, generation, state::calling, state::claimed)) {
        const bool sound = slot->caller->take(reply);
        slot->word.store(word(generation, state::answered), std::memory_order_release);
        return sound ? POSTERN_PASS : POSTERN_E_INVALID;
    }
    if (advance(*slot, generation, state::pending, state::delivering)) {
        const bool sound = slot->kept->take(reply);
        deliver(*slot, generation);
        return sound ? POSTERN_PASS : POSTERN_E_INVALID;
    }
    return POSTERN_E_STALE;
}

bool ticket_table::give_up(std::uint64_t ticket) noexcept
{
    auto* slot = at(ticket);
    const auto generation = ticket >> index_bits;
    if (slot == nullptr || !advance(*slot, generation, state::pending, state::delivering))
        return false;
    deliver(*slot, generation);
    return true;
}

bool ticket_table::withdraw(std::uint64_t ticket) noexcept
{
    auto* slot = at(ticket);
    const auto generation = ticket >> index_bits;
    if (slot == nullptr)
        return false;
    if (advance(*slot, generation, state::pending, state::delivering)) {
        bar_reading(*slot);
        release(*slot, generation);
        return true;
    }
    // Somebody is delivering: when this returns, that is over.
    while (slot->word.load(std::memory_order_acquire) == word(generation, state::delivering))
        std::this_thread::yield();
    return false;
}

bool ticket_table::is_open(std::uint64_t ticket) const noexcept
{
    const auto* slot = at(ticket);
    return slot != nullptr && may_read(*slot, ticket);
}

bool ticket_table::may_read(const ticket_slot& slot, std::uint64_t ticket) noexcept
{
    const auto now = slot.word.load(std::memory_order_acquire);
    return now >> state_bits == ticket >> index_bits && (state_of(now) == state::calling || state_of(now) == state::pending);
}

std::int64_t ticket_table::blob_size(std::uint64_t ticket) noexcept
{
    auto* slot = at(ticket);
    if (slot == nullptr)
        return POSTERN_E_STALE;
    const std::scoped_lock lock{slot->reading};
    if (!may_read(*slot, ticket) || slot->blob == nullptr)
        return POSTERN_E_STALE;
    return static_cast<std::int64_t>(slot->blob->size());
}

std::int64_t ticket_table::blob_read(std::uint64_t ticket, std::uint64_t offset, char* to, std::size_t length) noexcept
{
    if (to == nullptr && length != 0)
        return POSTERN_E_INVALID;
    auto* slot = at(ticket);
    if (slot == nullptr)
        return POSTERN_E_STALE;
    const std::scoped_lock lock{slot->reading};
    if (!may_read(*slot, ticket) || slot->blob == nullptr)
        return POSTERN_E_STALE;
    return slot->blob->read(offset, to, length);
}

} // namespace postern::daemon
