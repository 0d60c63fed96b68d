#pragma once
// One thread's world: its io_context, receive buffers and deadlines. A session lives and dies on one loop, so it needs no lock.

#include "core/base/log.hpp"
#include "core/io/asio.hpp"
#include "core/io/buffer_pool.hpp"
#include "core/io/deadline.hpp"

#include <cstddef>
#include <exception>
#include <optional>
#include <string_view>

namespace postern::io {

/// For a context whose sockets are used and destroyed by the thread that runs it alone. Others may post to it, stop it, and
/// destroy timers of it: these have locks of Asio's that stay. A wait takes no lock of its descriptor, twice a command.
inline constexpr int for_one_thread = BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO;

/// What context.run() does: runs what is spawned and posted until nothing is left, or it is stopped. Under load the thread lets
/// others have its core before it sleeps: what they do is often what it waits for, and a wake-up costs as much as some
/// commands. Threads: one at a time.
void run(asio::io_context& context);

/// Threads: everything but post() and stop() on the thread that runs it.
class loop {
public:
    explicit loop(base::log log) : log_{log}, own_{std::in_place, for_one_thread}, context_{*own_}, deadlines_{context_} {}
    /// On somebody else's context, which one thread at a time runs and which outlives it.
    loop(base::log log, asio::io_context& of) : log_{log}, context_{of}, deadlines_{context_} {}
    ~loop() = default;
    loop(const loop&) = delete;
    loop& operator=(const loop&) = delete;

    [[nodiscard]] asio::io_context& context() noexcept { return context_; }
    [[nodiscard]] buffer_pool& buffers() noexcept { return buffers_; }
    [[nodiscard]] deadline_list& deadlines() noexcept { return deadlines_; }

    /// Runs what is spawned and posted, as run() does.
    void run() { io::run(context_); }

    /// Starts `work` as a task of its own. What escapes from it is logged, never swallowed. Counted until it ends.
    void spawn(std::string_view what, task<void> work);
    /// Tasks spawned and not yet ended.
    [[nodiscard]] std::size_t running() const noexcept { return running_; }

private:
    void ended(std::string_view what, const std::exception_ptr& failure);

    base::log log_;
    buffer_pool buffers_; // before the context: tasks that it destroys give their buffers back
    std::size_t running_ = 0;
    std::optional<asio::io_context> own_;
    asio::io_context& context_;
    deadline_list deadlines_;
};

} // namespace postern::io
