#pragma once
// The open questions of one plugin instance. A ticket is a number with a generation: it can be answered exactly once, from any
// thread, at any moment between the call and its withdrawal; afterwards it is stale. Knows nothing of records or hooks.
// SECURITY: tickets come back from plugins, so any 64-bit number may be asked for.

#include "core/base/blob_source.hpp"
#include "core/hooks/plugin.hpp"

#include <postern/abi/core.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace postern::daemon {

/// What waits behind a ticket. Calls: take or fail once, by whoever claimed the ticket; then finish once.
class ticket_owner {
public:
    virtual ~ticket_owner() = default;
    /// Copies what matters out of the plugin's record, which is borrowed and may be null. False: it is nonsense; the owner counts
    /// as failed then, as it does when finish comes without take.
    [[nodiscard]] virtual bool take(const postern_reply* reply) noexcept = 0;
    /// Tells whoever waits. Not called for an answer that the caller collects.
    virtual void finish() noexcept = 0;
};

/// One ticket's place. Who may touch what is settled by the state in `word`:
/// calling: the caller, but `caller` is left alone while the plugin has the ticket; claimed, delivering: the thread that got
/// there; pending: nobody.
struct ticket_slot {
    std::atomic<std::uint64_t> word{0}; ///< generation << 3 | state
    std::atomic<std::uint32_t> next_free{0};
    std::uint32_t index = 0;
    ticket_owner* caller = nullptr;     ///< takes an answer while calling; in the caller's frame
    std::shared_ptr<ticket_owner> kept; ///< takes it once pending
    base::blob_source* blob = nullptr;  ///< what the ticket's number reads as a blob handle
    std::mutex reading;                 ///< held while a plugin reads `blob`
};

/// Threads: any. No allocation once warm; at most 16 times 16,384 tickets are open at a time.
class ticket_table {
public:
    enum class state : std::uint8_t { free = 0, calling = 1, claimed = 2, answered = 3, pending = 4, delivering = 5 };

    ticket_table();
    ~ticket_table();
    ticket_table(const ticket_table&) = delete;
    ticket_table& operator=(const ticket_table&) = delete;

    /// A slot in state calling; null when all are taken.
    [[nodiscard]] ticket_slot* open() noexcept
    {
        const auto* const me = this_thread();
        const auto number = shard_of(me);
        auto& mine = (*shards_)[number];
        if (mine.owner.load(std::memory_order_acquire) == me && claim(*mine.home))
            return mine.home;
        return open_another(mine, number);
    }
    [[nodiscard]] static std::uint64_t number(const ticket_slot& slot) noexcept
    {
        return generation_of(slot) << index_bits | slot.index;
    }

    /// The caller's side, after handle returned. True: the ticket is answered (by whichever thread) and the caller collects
    /// the answer, then close()s. False: nobody answered yet.
    [[nodiscard]] bool collect(ticket_slot& slot) noexcept;
    /// The caller's side: leaves the ticket open for a later answer, with `owner` kept. False: it was answered meanwhile.
    [[nodiscard]] bool leave_pending(ticket_slot& slot, std::shared_ptr<ticket_owner> owner) noexcept;
    /// The caller's side: ends a ticket that is calling or answered, and says whether it was. A reader of its blob is waited for.
    bool close(ticket_slot& slot) noexcept
    {
        const auto generation = generation_of(slot);
        const bool is_answered = !advance(slot, generation, state::calling, state::delivering);
        if (is_answered)
            end_answered(slot, generation);
        bar_reading(slot);
        release(slot, generation);
        return is_answered;
    }

    /// A reply's side: calls take, and finish unless the caller collects. PASS, E_STALE, or E_INVALID when take refused (the
    /// ticket is closed all the same).
    [[nodiscard]] postern_status answer(std::uint64_t ticket, const postern_reply* reply) noexcept;
    /// Ends a pending ticket with finish but without take: false if it is stale.
    bool give_up(std::uint64_t ticket) noexcept;
    /// Ends a pending ticket silently. On return nobody is inside take, finish or its blob. False: it was answered before.
    bool withdraw(std::uint64_t ticket) noexcept;
    [[nodiscard]] bool is_open(std::uint64_t ticket) const noexcept;

    [[nodiscard]] std::int64_t blob_size(std::uint64_t ticket) noexcept;
    [[nodiscard]] std::int64_t blob_read(std::uint64_t ticket, std::uint64_t offset, char* to, std::size_t length) noexcept;

private:
    static constexpr unsigned shard_count = 16;
    static constexpr unsigned chunk_size = 64;
    static constexpr unsigned chunk_count = 256;

    struct alignas(64) shard {
        std::atomic<const char*> owner{nullptr}; ///< the thread that alone uses `home`, which is on no list
        ticket_slot* home = nullptr;             ///< the first one
        std::atomic<std::uint64_t> free_head{0}; ///< tag << 32 | index + 1
        std::mutex growing;
        unsigned used_chunks = 0;
        std::array<std::atomic<ticket_slot*>, chunk_count> chunks{};
    };

    // A ticket is generation << 18 | shard << 14 | slot in its shard.
    static constexpr unsigned slot_bits = 14;
    static constexpr std::uint32_t slot_mask = (1U << slot_bits) - 1;
    static constexpr unsigned index_bits = 18;
    static constexpr unsigned state_bits = 3;

    [[nodiscard]] static constexpr std::uint64_t word(std::uint64_t generation, state now) noexcept
    {
        return generation << state_bits | static_cast<std::uint64_t>(now);
    }
    [[nodiscard]] static constexpr state state_of(std::uint64_t word) noexcept
    {
        return static_cast<state>(word & ((1U << state_bits) - 1));
    }
    /// By who has it.
    [[nodiscard]] static std::uint64_t generation_of(const ticket_slot& slot) noexcept
    {
        return slot.word.load(std::memory_order_relaxed) >> state_bits;
    }
    /// No two threads that live have the same.
    [[nodiscard]] static const char* this_thread() noexcept { return &here; }
    /// Threads spread over the shards by where their thread-local storage lies: no counter that all would share.
    [[nodiscard]] static std::uint32_t shard_of(const char* thread) noexcept
    {
        return static_cast<std::uint32_t>((reinterpret_cast<std::uintptr_t>(thread) >> 6U) * 0x9e3779b97f4a7c15U >> 60U);
    }

    static bool advance(ticket_slot& slot, std::uint64_t generation, state from, state to) noexcept
    {
        auto expected = word(generation, from);
        return slot.word.compare_exchange_strong(expected, word(generation, to), std::memory_order_acq_rel,
                                                 std::memory_order_acquire);
    }
    /// By the thread that it belongs to. Nobody else touches it while it is free, so that this needs no locked instruction.
    [[nodiscard]] static bool claim(ticket_slot& home) noexcept
    {
        const auto now = home.word.load(std::memory_order_acquire);
        if (state_of(now) != state::free)
            return false;
        home.word.store(now | static_cast<std::uint64_t>(state::calling), std::memory_order_release);
        return true;
    }
    /// Called in a state in which may_read() is false: who began to read before is waited for, nobody begins any more.
    static void bar_reading(ticket_slot& slot) noexcept
    {
        if (slot.blob == nullptr)
            return;
        const std::scoped_lock lock{slot.reading};
        slot.blob = nullptr;
    }
    void release(ticket_slot& slot, std::uint64_t generation) noexcept
    {
        slot.caller = nullptr;
        if (slot.kept)
            slot.kept.reset();
        const bool is_home = (slot.index & slot_mask) == 0;
        slot.word.store(word(generation + 1, state::free), std::memory_order_release);
        if (!is_home)
            push(slot);
    }

    [[nodiscard]] ticket_slot* at(std::uint64_t ticket) const noexcept;
    [[nodiscard]] ticket_slot* open_another(shard& from, std::uint32_t number) noexcept;
    static void end_answered(ticket_slot& slot, std::uint64_t generation) noexcept;
    static void await_answered(ticket_slot& slot) noexcept;
    [[nodiscard]] static bool may_read(const ticket_slot& slot, std::uint64_t ticket) noexcept;
    [[nodiscard]] ticket_slot* slot_of(std::uint32_t index) const noexcept;
    [[nodiscard]] ticket_slot* pop(shard& from) noexcept;
    [[nodiscard]] ticket_slot* grow(shard& of, std::uint32_t shard_number) noexcept;
    void push(ticket_slot& slot) noexcept;
    void deliver(ticket_slot& slot, std::uint64_t generation) noexcept;

    static inline constinit thread_local char here = 0;

    std::unique_ptr<std::array<shard, shard_count>> shards_;
};

/// A ticket that nobody keeps is closed, whatever is thrown: its slot points to what its frame holds.
class open_ticket {
public:
    explicit open_ticket(ticket_table& of) noexcept : of_{of}, slot_{of.open()} {}
    ~open_ticket()
    {
        if (slot_ != nullptr)
            of_.close(*slot_);
    }
    open_ticket(const open_ticket&) = delete;
    open_ticket& operator=(const open_ticket&) = delete;

    /// Null: all are taken.
    [[nodiscard]] ticket_slot* get() const noexcept { return slot_; }
    /// It is left open for a later answer, or has ended.
    void keep() noexcept { slot_ = nullptr; }
    /// Ends it, and says whether it was answered. Once, of one that is there.
    bool close() noexcept { return of_.close(*std::exchange(slot_, nullptr)); }

private:
    ticket_table& of_;
    ticket_slot* slot_;
};

} // namespace postern::daemon
