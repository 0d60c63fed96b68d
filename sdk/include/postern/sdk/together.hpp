#pragma once
// Several things that a task awaits at the same time, and one that it awaits for so long only.
//
//     const auto found = co_await postern::all(host_.dns().a(x), host_.dns().mx(y));   // a std::tuple
//     const auto lists = co_await postern::all(std::move(questions));                  // a std::vector of as many answers
//     const auto quick = co_await postern::within(2s, host_.dns().txt(z));             // a std::optional
//
// Alone, `auto a = dns.a(x); auto b = dns.a(y);` asks nothing: a question goes out when it is awaited.

#include <postern/sdk/task.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <tuple>
#include <variant>
#include <vector>

namespace postern {
namespace sdk {

template <class Awaitable>
decltype(auto) awaiter_of(Awaitable&& what)
{
    if constexpr (requires { std::forward<Awaitable>(what).operator co_await(); })
        return std::forward<Awaitable>(what).operator co_await();
    else
        return std::forward<Awaitable>(what);
}

template <class Awaitable>
using plain_result = decltype(awaiter_of(std::declval<Awaitable&&>()).await_resume());
/// What awaiting it gives; std::monostate for nothing.
template <class Awaitable>
using await_result = std::conditional_t<std::is_void_v<plain_result<Awaitable>>, std::monostate, plain_result<Awaitable>>;

/// A frame that awaits one thing for another frame, and ends by itself.
struct helper {
    struct promise_type : promise_base {
        [[nodiscard]] helper get_return_object() noexcept { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
    };

    std::coroutine_handle<promise_type> frame;

    void start(const promise_base& of) const
    {
        frame.promise().instance = of.instance;
        frame.promise().session = of.session;
        frame.resume();
    }
};

/// One awaited thing's end.
template <class Result>
struct outcome_of {
    std::optional<Result> value;
    std::exception_ptr error;

    [[nodiscard]] Result take()
    {
        if (error)
            std::rethrow_exception(error);
        return std::move(*value);
    }
};

/// Awaits `what` into `to`, and tells `then` that it is over. Both are kept by it.
template <class Awaitable, class Result, class Then>
helper await_into(Awaitable what, std::shared_ptr<outcome_of<Result>> to, Then then)
{
    try {
        if constexpr (std::is_void_v<plain_result<Awaitable>>) {
            co_await std::move(what);
            to->value.emplace();
        } else {
            to->value.emplace(co_await std::move(what));
        }
    } catch (...) {
        to->error = std::current_exception();
    }
    then();
}

/// Counts those of a group who are not over, and the one who waits for them while he begins: answers may come on another thread
/// already when there is no session.
class countdown {
public:
    explicit countdown(std::size_t parts) noexcept : left_{parts + 1} {}

    void wait_as(std::coroutine_handle<> whom) noexcept { waits_ = whom; }
    /// True: he was the last.
    [[nodiscard]] bool is_over() noexcept { return left_.fetch_sub(1, std::memory_order_acq_rel) == 1; }
    void arrive()
    {
        if (is_over())
            waits_.resume();
    }

private:
    std::atomic<std::size_t> left_;
    std::coroutine_handle<> waits_;
};

template <class... Awaitables>
class [[nodiscard]] all_awaiter {
public:
    explicit all_awaiter(Awaitables... what) : what_{std::move(what)...} {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> frame)
    {
        static_assert(std::derived_from<Promise, promise_base>, "postern::all() can only be awaited in a postern::task");
        const auto count = std::make_shared<countdown>(sizeof...(Awaitables));
        count->wait_as(frame);
        std::apply(
            [&](auto&... part) {
                std::apply(
                    [&](auto&... to) {
                        (await_into(std::move(part), to, [count] { count->arrive(); }).start(frame.promise()), ...);
                    },
                    outcomes_);
            },
            what_);
        return !count->is_over();
    }
    [[nodiscard]] std::tuple<await_result<Awaitables>...> await_resume()
    {
        return std::apply([](auto&... each) { return std::tuple<await_result<Awaitables>...>{each->take()...}; }, outcomes_);
    }

private:
    std::tuple<Awaitables...> what_;
    std::tuple<std::shared_ptr<outcome_of<await_result<Awaitables>>>...> outcomes_{
        std::make_shared<outcome_of<await_result<Awaitables>>>()...};
};

template <class Awaitable>
class [[nodiscard]] each_awaiter {
public:
    using result = await_result<Awaitable>;

    explicit each_awaiter(std::vector<Awaitable> what) : what_{std::move(what)} {}

    [[nodiscard]] bool await_ready() const noexcept { return what_.empty(); }
    template <class Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> frame)
    {
        static_assert(std::derived_from<Promise, promise_base>, "postern::all() can only be awaited in a postern::task");
        const auto count = std::make_shared<countdown>(what_.size());
        count->wait_as(frame);
        for (std::size_t i = 0; i < what_.size(); ++i)
            outcomes_.push_back(std::make_shared<outcome_of<result>>());
        for (std::size_t i = 0; i < what_.size(); ++i)
            await_into(std::move(what_[i]), outcomes_[i], [count] { count->arrive(); }).start(frame.promise());
        return !count->is_over();
    }
    [[nodiscard]] std::vector<result> await_resume()
    {
        std::vector<result> all;
        all.reserve(outcomes_.size());
        for (const auto& each : outcomes_)
            all.push_back(each->take());
        return all;
    }

private:
    std::vector<Awaitable> what_;
    std::vector<std::shared_ptr<outcome_of<result>>> outcomes_;
};

template <class Awaitable>
class [[nodiscard]] within_awaiter {
public:
    using result = await_result<Awaitable>;

    within_awaiter(std::chrono::nanoseconds limit, Awaitable what) : limit_{limit}, what_{std::move(what)} {}

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    [[nodiscard]] bool await_suspend(std::coroutine_handle<Promise> frame)
    {
        static_assert(std::derived_from<Promise, promise_base>, "postern::within() can only be awaited in a postern::task");
        const promise_base& me = frame.promise();
        if (me.session == 0)
            throw std::logic_error("postern::within() needs a session, whose clock it goes by");
        const auto race = race_;
        await_into(std::move(what_), race->answer, [race] { race->arrive(); }).start(me);
        if (!race->is_decided) {
            const auto delay = static_cast<std::uint64_t>(std::max(limit_, std::chrono::nanoseconds{0}).count());
            await_into(wake_awaiter{*me.instance, delay}, race->alarm, [race] { race->arrive(); }).start(me);
        }
        if (race->is_decided)
            return false;
        race->waits = frame;
        return true;
    }
    [[nodiscard]] std::optional<result> await_resume()
    {
        if (race_->answer->value || race_->answer->error)
            return race_->answer->take();
        (void)race_->alarm->take(); // `cancelled`, or that the host refused it
        return std::nullopt;
    }

private:
    /// All on the session's thread. Who comes second finds it decided.
    struct race_state {
        std::shared_ptr<outcome_of<result>> answer = std::make_shared<outcome_of<result>>();
        std::shared_ptr<outcome_of<std::monostate>> alarm = std::make_shared<outcome_of<std::monostate>>();
        std::coroutine_handle<> waits;
        bool is_decided = false;

        void arrive()
        {
            if (!std::exchange(is_decided, true) && waits)
                waits.resume();
        }
    };

    std::chrono::nanoseconds limit_;
    Awaitable what_;
    std::shared_ptr<race_state> race_ = std::make_shared<race_state>();
};

} // namespace sdk

/// Awaits all at the same time, in a task: questions of host.dns() and host.kv(), host.sleep(), tasks. Goes on when the last is
/// over; what the first of them threw is thrown then. A result of nothing is a std::monostate.
template <class... Awaitables>
requires(sizeof...(Awaitables) > 1) [[nodiscard]] sdk::all_awaiter<Awaitables...> all(Awaitables... what)
{
    return sdk::all_awaiter<Awaitables...>{std::move(what)...};
}
/// The same for as many of one kind as there are; their results come in the same order.
template <class Awaitable>
[[nodiscard]] sdk::each_awaiter<Awaitable> all(std::vector<Awaitable> what)
{
    return sdk::each_awaiter<Awaitable>{std::move(what)};
}

/// Awaits it for `limit`; std::nullopt: that was not enough. What it had begun goes on, and its answer is dropped: so a task that
/// is given to it owns what it uses.
template <class Awaitable>
[[nodiscard]] sdk::within_awaiter<Awaitable> within(std::chrono::nanoseconds limit, Awaitable what)
{
    return {limit, std::move(what)};
}

} // namespace postern
