#pragma once
// A few threads for plugins whose handle may block. One pool an instance, so that a plugin that hangs delays itself only.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace postern::daemon {

/// Jobs with the same key run one after the other, in order; key 0 has no order. Threads: any. A job must not throw.
class blocking_pool {
public:
    /// Threads start when they are first needed. Above `most_waiting` jobs post() refuses.
    explicit blocking_pool(unsigned threads = 4, std::size_t most_waiting = 65536);
    /// Drops what has not begun and joins; a pool destroyed by its own job lets that one thread go.
    ~blocking_pool();
    blocking_pool(const blocking_pool&) = delete;
    blocking_pool& operator=(const blocking_pool&) = delete;

    [[nodiscard]] bool post(std::uint64_t key, std::function<void()> job);

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace postern::daemon
