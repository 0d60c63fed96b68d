#pragma once
// Timeouts of many connections for the price of one timer: each connection has a node with a due time in its loop's list,
// and one tick walks the list. Coarse by `tick`; the timeouts of SMTP are minutes.

#include "core/base/clock.hpp"
#include "core/io/asio.hpp"

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <memory>

namespace postern::io {

class deadline_list;

/// One timeout. Unlinks itself. Threads: the loop's.
class deadline : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    explicit deadline(deadline_list& list) noexcept : list_{list} {}
    virtual ~deadline() = default;
    deadline(const deadline&) = delete;
    deadline& operator=(const deadline&) = delete;

    /// expired() is called once when `after` has passed, unless set again or cleared before.
    void set(std::chrono::milliseconds after);
    void clear() noexcept { unlink(); }

protected:
    virtual void expired() noexcept = 0;

private:
    friend class deadline_list;
    deadline_list& list_;
    base::instant due_{};
};

/// All deadlines of one loop.
class deadline_list {
public:
    static constexpr std::chrono::milliseconds tick{50};

    explicit deadline_list(asio::io_context& context)
        : timer_{context.get_executor()}, self_{std::make_shared<deadline_list*>(this)}
    {
    }
    ~deadline_list() { *self_ = nullptr; }
    deadline_list(const deadline_list&) = delete;
    deadline_list& operator=(const deadline_list&) = delete;

private:
    friend class deadline;
    void add(deadline& one);
    void wait();
    void sweep();

    timer timer_;
    std::shared_ptr<deadline_list*> self_; // for a tick that is due when the list goes, on a context that stays
    bool ticking_ = false;
    boost::intrusive::list<deadline, boost::intrusive::constant_time_size<false>> due_;
};

} // namespace postern::io
