#pragma once
// Who sends a report by HTTPS, as the rest of the plugin sees it; and how a task waits for that.

#include <postern/kit/https_client.hpp>
#include <postern/sdk/task.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace tls_report {

class poster {
public:
    /// Called once, on a thread of the poster's, or dropped at its end.
    using done = std::function<void(const postern::kit::https_answer&)>;
    virtual ~poster() = default;
    /// Does not wait. Threads: any.
    virtual void post(postern::kit::https_request what, done tell) = 0;
};
using poster_maker = std::function<std::unique_ptr<poster>()>;

/// What `co_await` gives is the answer. When the poster ends first it throws `cancelled`.
class post_awaiter {
public:
    post_awaiter(poster& by, postern::kit::https_request what) : by_{by}, what_{std::move(what)} {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> frame)
    {
        // The frame may go on elsewhere, and end, before post() returns: only locals from there on.
        poster& by = by_;
        auto what = std::move(what_);
        const auto waits = std::make_shared<waiter>(frame, *this);
        by.post(std::move(what), [waits](const postern::kit::https_answer& said) { waits->resume(&said); });
    }
    [[nodiscard]] postern::kit::https_answer await_resume()
    {
        if (!has_come_)
            throw postern::cancelled{};
        return std::move(answer_);
    }

private:
    /// Resumes once, at the latest when nobody can call it any more.
    class waiter {
    public:
        waiter(std::coroutine_handle<> frame, post_awaiter& whose) noexcept : frame_{frame}, whose_{whose} {}
        waiter(const waiter&) = delete;
        waiter& operator=(const waiter&) = delete;
        ~waiter() { resume(nullptr); }
        void resume(const postern::kit::https_answer* said)
        {
            if (!frame_)
                return;
            if (said != nullptr) {
                whose_.answer_ = *said;
                whose_.has_come_ = true;
            }
            std::exchange(frame_, {}).resume();
        }

    private:
        std::coroutine_handle<> frame_;
        post_awaiter& whose_; ///< in the frame, as long as that waits
    };

    poster& by_;
    postern::kit::https_request what_;
    postern::kit::https_answer answer_;
    bool has_come_ = false;
};

} // namespace tls_report
