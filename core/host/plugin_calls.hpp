#pragma once
// Which plugin each thread is in at this moment, for two who cannot ask in any other way: the fatal-signal handler (crash_blame)
// and the watchdog (stuck_watch). It must not know what plugins do, and what follows from it.
//
// The one place of the host with state of the whole process: a signal handler has no arguments of ours. It is append-only, so
// that it can be read at any moment: places of threads are used again, labels and ranges of code stay for ever, as libraries do.
//
// Costs a call some plain stores: no lock, no clock, no read-modify-write.

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postern::daemon {

/// Whose code runs. In it are printable characters only, no spaces and no quotes, so that a line of text can hold it as it is.
struct plugin_label {
    std::array<char, 64> instance{};
    std::array<char, 192> library{}; ///< path; of a longer one the end
    bool is_blocking = false;
};

/// The label of those words: made once, kept for ever. Threads: any.
[[nodiscard]] const plugin_label& label_of(std::string_view instance, std::string_view library, bool is_blocking);

/// In place of a hook's number.
inline constexpr std::uint32_t in_create = 0xffff'0001U;
inline constexpr std::uint32_t in_destroy = 0xffff'0002U;

/// "cmd.mail", "wake", "create": of every number that `handle` is called with, and of the two above.
[[nodiscard]] std::string_view call_name(std::uint32_t hook) noexcept;

/// Where one thread is. Its thread writes; others look.
struct thread_place {
    std::atomic<std::uint64_t> calls{0};             ///< changes whenever a call begins or ends
    std::atomic<const plugin_label*> whose{nullptr}; ///< null: in no plugin
    std::atomic<std::uint32_t> hook{0};
    std::atomic<std::uint64_t> session{0};
    std::atomic<bool> is_taken{false};
    thread_place* next = nullptr; ///< of all that there are
};

/// All places there are, newest first; safe in a signal handler.
[[nodiscard]] const thread_place* all_places() noexcept;

/// Null: this thread was in no plugin yet. Safe in a signal handler.
[[nodiscard]] const thread_place* this_place() noexcept;

/// Says for as long as it lives that this thread runs that plugin. Calls may nest.
class plugin_call {
public:
    plugin_call(const plugin_label& whose, std::uint32_t hook, std::uint64_t session) noexcept
        : place_{current == nullptr ? enter_thread() : *current}, outer_{place_.whose.load(std::memory_order_relaxed)},
          outer_hook_{place_.hook.load(std::memory_order_relaxed)}, outer_session_{place_.session.load(std::memory_order_relaxed)}
    {
        set(&whose, hook, session);
    }
    ~plugin_call() { set(outer_, outer_hook_, outer_session_); }
    plugin_call(const plugin_call&) = delete;
    plugin_call& operator=(const plugin_call&) = delete;

private:
    friend const thread_place* this_place() noexcept;

    void set(const plugin_label* whose, std::uint32_t hook, std::uint64_t session) noexcept
    {
        place_.hook.store(hook, std::memory_order_relaxed);
        place_.session.store(session, std::memory_order_relaxed);
        place_.whose.store(whose, std::memory_order_release);
        place_.calls.store(place_.calls.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }
    /// Takes a place, and gives the thread a stack for signals: its own may be what overflowed.
    static thread_place& enter_thread() noexcept;

    static inline constinit thread_local thread_place* current = nullptr;

    thread_place& place_;
    const plugin_label* outer_;
    std::uint32_t outer_hook_;
    std::uint64_t outer_session_;
};

/// Remembers where the code of a loaded library lies; `inside` is an address in it. Threads: any.
void remember_code(const void* inside, std::string_view library);
/// The library that an address lies in; empty: in none of a plugin. Safe in a signal handler.
[[nodiscard]] std::string_view library_at(std::uintptr_t address) noexcept;

} // namespace postern::daemon
