#pragma once
// Messages of plugins' own on their way into the queue: stored, then handed to the delivery side, then whoever submitted them is
// told. Knows no plugin. SECURITY: what is on its way is bounded, in messages and in octets.

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/log.hpp"
#include "core/base/random.hpp"
#include "core/queue/store.hpp"
#include "core/queue/submission.hpp"
#include "core/runtime/intake.hpp"
#include "core/runtime/notice_board.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

namespace postern::runtime {

/// Threads: any.
class submissions {
public:
    static constexpr std::size_t most_open = 100;
    static constexpr std::size_t most_octets = std::size_t{64} << 20U; ///< a message alone may have more

    submissions(intake& to, const notice_board& notices, const base::clock& clock, base::log log, std::uint64_t seed);
    submissions(const submissions&) = delete;
    submissions& operator=(const submissions&) = delete;
    ~submissions() { close(); }

    /// False: too much is on its way, or it is over; `done` is dropped. Else `done` is called once, inside the call or on a
    /// thread of the store's, also after close(): what is stored then is delivered after the next start.
    [[nodiscard]] bool begin(queue::submission what, queue::completion<base::message_id> done);
    /// From now on nothing is handed on.
    void close() noexcept;

private:
    struct desk;
    class place;

    queue::store& store_;
    const base::clock& clock_;
    std::mutex numbering_;
    base::seeded_random random_;
    base::id_source ids_;
    std::shared_ptr<desk> desk_; ///< shared with what is on its way
};

} // namespace postern::runtime
