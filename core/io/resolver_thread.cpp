#include "core/io/resolver_thread.hpp"

#include "core/io/loop.hpp"
#include "core/io/resolver.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

namespace postern::io {

struct resolver_thread::state {
    state(const resolver_settings& from, base::log to) : settings{from}, log{to}, home{to} {}

    const resolver_settings settings;
    base::log log;
    loop home;

    std::mutex guard;
    std::thread thread;
    std::uint64_t last = 0;
    std::unordered_map<std::uint64_t, handler> open; ///< by number; nobody waits for those that are gone

    // Of the thread.
    std::unique_ptr<resolver> names;
    std::string why_not;                                    ///< there is no resolver
    std::unordered_map<std::uint64_t, std::uint64_t> asked; ///< number -> the resolver's

    void work();
    void begin(std::uint64_t number, const std::string& question, std::uint16_t type);
    void finish(std::uint64_t number, const dns_answer& answer);
};

void resolver_thread::state::work()
{
    names = resolver::open(home, settings, log, why_not);
    if (names == nullptr)
        log.error("resolver.failed", {{"cause", why_not}});
    {
        const auto busy = asio::make_work_guard(home.context());
        home.context().run();
    }
    names.reset();
}

void resolver_thread::state::begin(std::uint64_t number, const std::string& question, std::uint16_t type)
{
    if (names == nullptr) {
        dns_answer none;
        none.status = dns_status::servfail;
        none.cause = why_not;
        return finish(number, none);
    }
    asked[number] = names->ask(question, type, [this, number](const dns_answer& answer) {
        asked.erase(number);
        finish(number, answer);
    });
}

void resolver_thread::state::finish(std::uint64_t number, const dns_answer& answer)
{
    handler done;
    {
        const std::scoped_lock lock{guard};
        const auto found = open.find(number);
        if (found == open.end())
            return;
        done = std::move(found->second);
        open.erase(found);
    }
    done(answer);
}

resolver_thread::resolver_thread(const resolver_settings& settings, base::log log)
    : state_{std::make_shared<state>(settings, log)}
{
}

resolver_thread::~resolver_thread()
{
    std::unordered_map<std::uint64_t, handler> dropped; // outside the lock
    {
        const std::scoped_lock lock{state_->guard};
        dropped.swap(state_->open);
    }
    state_->home.context().stop();
    auto& thread = state_->thread;
    if (thread.joinable() && thread.get_id() == std::this_thread::get_id())
        thread.detach();
    else if (thread.joinable())
        thread.join();
}

std::uint64_t resolver_thread::ask(std::string question, std::uint16_t type, handler done)
{
    std::uint64_t number = 0;
    {
        const std::scoped_lock lock{state_->guard};
        if (state_->open.size() >= most_open)
            return 0;
        if (!state_->thread.joinable()) {
            try {
                state_->thread = std::thread{[own = state_] { own->work(); }};
            } catch (const std::system_error&) { // no thread to be had now
                return 0;
            }
        }
        number = ++state_->last;
        state_->open.emplace(number, std::move(done));
    }
    asio::post(state_->home.context(),
               [own = state_.get(), number, name = std::move(question), type] { own->begin(number, name, type); });
    return number;
}

void resolver_thread::cancel(std::uint64_t which) noexcept
{
    handler gone; // outside the lock
    {
        const std::scoped_lock lock{state_->guard};
        const auto found = state_->open.find(which);
        if (found == state_->open.end())
            return;
        gone = std::move(found->second);
        state_->open.erase(found);
    }
    asio::post(state_->home.context(), [own = state_.get(), which] {
        if (const auto found = own->asked.find(which); found != own->asked.end()) {
            own->names->cancel(found->second);
            own->asked.erase(found);
        }
    });
}

} // namespace postern::io
