#include "core/runtime/client_pool.hpp"

#include "core/runtime/client_core.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <atomic>
#include <list>
#include <map>
#include <set>
#include <tuple>

namespace postern::runtime {

namespace {

/// What makes two connections alike.
using pool_key = std::tuple<std::string, std::uint16_t, bool, client_tls_use, const io::tls_context*, std::string, std::string,
                            std::string, base::secret_text, base::secret_text, std::string>;

/// Two mechanisms of callers may log in as anybody: connections with one are nobody else's.
[[nodiscard]] pool_key key_of(const client_options& to)
{
    static std::atomic<std::uint64_t> last{0};
    const auto own = to.own_mechanism ? std::to_string(++last) : std::string{};
    return {to.host,
            to.port,
            to.lmtp,
            to.tls,
            to.tls_context.get(),
            to.tls_name,
            to.hostname,
            to.login.user,
            to.login.password,
            to.login.token,
            to.mechanism + "\n" + to.login.act_for + (to.login.use_certificate ? "\n+" : "\n-") + own};
}

/// A message and who waits for its end.
struct errand {
    client_options to;
    pool_key key{};
    std::shared_ptr<const message::envelope> envelope;
    std::shared_ptr<content_source> content;
    content_facts facts;
    client_completion whom;
    std::weak_ptr<client_core> by; ///< who has it in hand
    bool is_cancelled = false;
};

[[nodiscard]] client_outcome outcome_of(base::error_code why)
{
    client_outcome outcome;
    outcome.error = why;
    outcome.sent.error = why;
    outcome.sent.failure = why.message();
    return outcome;
}

} // namespace

struct client_pool::state : std::enable_shared_from_this<client_pool::state> {
    struct idle_connection {
        std::shared_ptr<client_core> core;
        std::chrono::steady_clock::time_point since;
    };
    /// Of one kind of connection.
    struct host {
        std::list<idle_connection> idle; ///< the last used in front
        std::list<std::shared_ptr<errand>> waiting;
        std::uint32_t open = 0; ///< the idle ones among them
    };

    state(io::asio::io_context& on, pool_limits l) : context{on}, limits{l}, tick{on.get_executor()}
    {
        limits.per_host = std::max(limits.per_host, 1U);
        limits.connections = std::max(limits.connections, 1U);
    }

    void take(std::shared_ptr<errand> what);
    void serve(const pool_key& key);
    void serve_all();
    void launch(const pool_key& key, std::shared_ptr<client_core> core);
    bool make_room(const pool_key& but);
    void drop(host& of, std::list<idle_connection>::iterator which);
    void watch();
    void sweep();
    void cancel(const std::shared_ptr<errand>& what);
    void end();

    static io::task<void> work(std::shared_ptr<state> self, pool_key key, std::shared_ptr<client_core> core);
    static io::task<client_outcome> carry(client_core& core, const errand& what);
    static io::task<void> retire(std::shared_ptr<client_core> core);

    io::asio::io_context& context;
    pool_limits limits;
    io::timer tick;
    std::map<pool_key, host> hosts;
    std::set<std::shared_ptr<client_core>> in_use;
    std::size_t waiting = 0;
    std::uint32_t open = 0;
    bool is_watching = false;
    bool is_over = false;
};

void client_pool::state::take(std::shared_ptr<errand> what)
{
    if (is_over || waiting >= limits.waiting) {
        what->whom.done(outcome_of(client_errc::busy));
        return;
    }
    if (what->whom.on_cancel)
        what->whom.on_cancel([self = weak_from_this(), which = std::weak_ptr{what}] {
            const auto pool = self.lock();
            const auto one = which.lock();
            if (pool && one)
                pool->cancel(one);
        });
    const auto key = what->key = key_of(what->to);
    hosts[key].waiting.push_back(std::move(what));
    ++waiting;
    serve(key);
}

/// Gives the waiting messages of a host to connections, as far as the limits go.
void client_pool::state::serve(const pool_key& key)
{
    auto& of = hosts[key];
    auto unserved = of.waiting.size();
    while (unserved > 0 && !of.idle.empty()) {
        auto core = std::move(of.idle.front().core);
        of.idle.pop_front();
        --unserved;
        launch(key, std::move(core));
    }
    // A connection for each that waits; one takes the next message when it is done with its own.
    while (unserved > 0 && !of.waiting.empty() && of.open < limits.per_host && (open < limits.connections || make_room(key))) {
        --unserved;
        ++of.open;
        ++open;
        launch(key, std::make_shared<client_core>(context, of.waiting.front()->to));
    }
}

void client_pool::state::serve_all()
{
    for (auto& [key, of] : hosts)
        if (!of.waiting.empty() && open < limits.connections)
            serve(key);
}

/// Closes the idle connection of another host that has been idle longest.
bool client_pool::state::make_room(const pool_key& but)
{
    host* from = nullptr;
    for (auto& [key, of] : hosts)
        if (key != but && !of.idle.empty() && (from == nullptr || of.idle.back().since < from->idle.back().since))
            from = &of;
    if (from == nullptr)
        return false;
    drop(*from, std::prev(from->idle.end()));
    return true;
}

void client_pool::state::drop(host& of, std::list<idle_connection>::iterator which)
{
    auto core = std::move(which->core);
    of.idle.erase(which);
    --of.open;
    --open;
    boost::asio::co_spawn(context.get_executor(), retire(std::move(core)), boost::asio::detached);
}

void client_pool::state::launch(const pool_key& key, std::shared_ptr<client_core> core)
{
    in_use.insert(core);
    boost::asio::co_spawn(context.get_executor(), work(shared_from_this(), key, std::move(core)), boost::asio::detached);
}

io::task<void> client_pool::state::retire(std::shared_ptr<client_core> core)
{
    client_core::work farewell = [](client_core& one) { return one.quit(); };
    const auto ended = co_await core->perform(std::move(farewell));
}

/// One message on a connection that may have to be opened first.
io::task<client_outcome> client_pool::state::carry(client_core& core, const errand& what)
{
    if (!core.is_connected()) {
        auto opened = co_await core.connect();
        if (opened.error) {
            tell_of_no_connection(opened, core.options());
            co_return opened;
        }
    }
    auto envelope = what.envelope;
    auto content = what.content;
    auto outcome = co_await core.send(std::move(envelope), std::move(content), what.facts);
    co_return outcome;
}

/// A connection's life between two times of being idle: one message after the other.
io::task<void> client_pool::state::work(std::shared_ptr<state> self, pool_key key, std::shared_ptr<client_core> core)
{
    while (!self->is_over && !self->hosts[key].waiting.empty()) {
        const auto what = self->hosts[key].waiting.front();
        self->hosts[key].waiting.pop_front();
        --self->waiting;
        what->by = core;
        for (bool is_first = true;; is_first = false) {
            client_core::work todo = [what](client_core& one) { return carry(one, *what); };
            auto outcome = co_await core->perform(std::move(todo));
            // The server had ended a connection that was idle: nothing of the message was said.
            if (is_first && core->was_untouched() && !what->is_cancelled && !self->is_over && !outcome.sent.may_be_duplicate) {
                core->close();
                continue;
            }
            what->by.reset();
            what->whom.done(std::move(outcome));
            break;
        }
        if (!core->is_reusable() || core->messages() >= self->limits.messages) {
            client_core::work farewell = [](client_core& one) { return one.quit(); };
            const auto ended = co_await core->perform(std::move(farewell));
            if (self->is_over || self->hosts[key].waiting.empty())
                break;
        }
    }
    self->in_use.erase(core);
    if (self->is_over)
        co_return;
    auto& of = self->hosts[key];
    if (core->is_reusable() && core->messages() < self->limits.messages) {
        of.idle.push_front({core, std::chrono::steady_clock::now()});
        self->watch();
    } else {
        --of.open;
        --self->open;
        boost::asio::co_spawn(self->context.get_executor(), retire(core), boost::asio::detached);
    }
    self->serve_all();
}

/// Idle connections are looked at once in a while; the timer rests when there are none, so that run() can return.
void client_pool::state::watch()
{
    if (std::exchange(is_watching, true))
        return;
    tick.expires_after(std::clamp(limits.idle / 4, std::chrono::milliseconds{10}, std::chrono::milliseconds{1000}));
    tick.async_wait([self = weak_from_this()](const base::error_code& ec) {
        if (const auto pool = self.lock(); pool && !ec) {
            pool->is_watching = false;
            pool->sweep();
        }
    });
}

void client_pool::state::sweep()
{
    const auto oldest = std::chrono::steady_clock::now() - limits.idle;
    bool has_idle = false;
    for (auto at = hosts.begin(); at != hosts.end();) {
        auto& of = at->second;
        while (!of.idle.empty() && of.idle.back().since <= oldest)
            drop(of, std::prev(of.idle.end()));
        has_idle = has_idle || !of.idle.empty();
        at = of.open == 0 && of.waiting.empty() ? hosts.erase(at) : std::next(at);
    }
    if (has_idle)
        watch();
}

void client_pool::state::cancel(const std::shared_ptr<errand>& what)
{
    what->is_cancelled = true;
    if (const auto core = what->by.lock()) {
        core->cancel();
        return;
    }
    auto& queue = hosts[what->key].waiting;
    if (const auto found = std::find(queue.begin(), queue.end(), what); found != queue.end()) {
        queue.erase(found);
        --waiting;
        what->whom.done(outcome_of(boost::asio::error::operation_aborted));
    }
}

void client_pool::state::end()
{
    is_over = true;
    tick.cancel();
    for (auto& [key, of] : hosts) {
        for (const auto& what : std::exchange(of.waiting, {}))
            what->whom.done(outcome_of(boost::asio::error::operation_aborted));
        of.idle.clear();
    }
    for (const auto& core : std::set{in_use})
        core->close();
}

client_pool::client_pool(boost::asio::io_context& on, pool_limits limits)
    : context_{on}, state_{std::make_shared<state>(on, limits)}
{
}

client_pool::~client_pool()
{
    state_->end();
}

void client_pool::start(client_options to, message::envelope envelope, std::shared_ptr<content_source> content,
                        content_facts facts, client_completion whom)
{
    auto what = std::make_shared<errand>();
    what->to = std::move(to);
    what->envelope = std::make_shared<const message::envelope>(std::move(envelope));
    what->content = std::move(content);
    what->facts = facts;
    what->whom = std::move(whom);
    state_->take(std::move(what));
}

void client_pool::close_idle()
{
    for (auto& [key, of] : state_->hosts)
        while (!of.idle.empty())
            state_->drop(of, of.idle.begin());
    state_->tick.cancel();
    state_->is_watching = false;
}

std::size_t client_pool::connections() const noexcept
{
    return state_->open;
}

std::size_t client_pool::idle() const noexcept
{
    std::size_t count = 0;
    for (const auto& [key, of] : state_->hosts)
        count += of.idle.size();
    return count;
}

std::size_t client_pool::waiting() const noexcept
{
    return state_->waiting;
}

} // namespace postern::runtime
