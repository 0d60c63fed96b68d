#pragma once
// A few threads for plugins whose handle may block. One pool an instance, so that a plugin that hangs delays itself only.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace postern::daemon {

/// Who would miss a job.
enum class job_kind : std::uint8_t {
    question,    ///< somebody waits for its answer, and fails without it
    observation, ///< nobody: it is the first to be refused
    promise,     ///< the host owes it (a wake, the end of a session): never refused
};

/// Above these post() refuses. Promises count for none.
struct pool_limits {
    std::size_t jobs = 65536;
    std::size_t octets = std::size_t{64} << 20U;         ///< of all jobs that wait
    std::size_t observed_octets = std::size_t{8} << 20U; ///< for an observation
};

/// Jobs with the same key run one after the other, in order; key 0 has no order. Threads: any. A job must not throw.
class blocking_pool {
public:
    /// Threads start when they are first needed.
    explicit blocking_pool(unsigned threads = 4, pool_limits limits = {});
    /// Drops what has not begun and joins; a pool destroyed by its own job lets that one thread go.
    ~blocking_pool();
    blocking_pool(const blocking_pool&) = delete;
    blocking_pool& operator=(const blocking_pool&) = delete;

    /// `octets`: what the job keeps in memory until it has begun.
    [[nodiscard]] bool post(std::uint64_t key, std::function<void()> job, job_kind kind = job_kind::question,
                            std::size_t octets = 0);

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace postern::daemon
