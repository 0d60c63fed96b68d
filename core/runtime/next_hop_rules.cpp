#include "core/runtime/next_hop_rules.hpp"

#include "core/runtime/hook_runner.hpp"

#include <boost/asio/redirect_error.hpp>

#include <algorithm>

namespace postern::runtime {

namespace {

/// As the configuration says.
hooks::shaping_policy configured(const std::string& next_hop, const delivery::settings& settings)
{
    const auto own = settings.destinations.find(next_hop);
    const auto rule = own == settings.destinations.end() ? delivery::destination_rule{} : own->second;
    const auto rate = rule.rate.value_or(settings.rate);
    hooks::shaping_policy holds;
    holds.concurrency = rule.concurrency.value_or(settings.per_destination);
    holds.rate_count = rate.is_set() ? rate.count : 0;
    holds.rate_per = rate.is_set() ? rate.per : std::chrono::milliseconds{0};
    holds.pool = rule.pool.empty() ? settings.pool : rule.pool;
    return holds;
}

} // namespace

io::task<bool> next_hop_rules::learn(std::string next_hop)
{
    while (!stopping_) {
        auto at = all_.find(next_hop);
        if (at == all_.end()) {
            make_room();
            at = all_.try_emplace(next_hop).first;
        }
        if (at->second.is_asked) {
            io::timer bell{of_.home.context().get_executor(), base::instant::max()};
            at->second.waiting.insert(&bell);
            base::error_code ec; // cancelled: it is known, or stopping
            co_await bell.async_wait(io::asio::redirect_error(io::use_task, ec));
            if (const auto still = all_.find(next_hop); still != all_.end())
                still->second.waiting.erase(&bell);
            continue;
        }
        if (of_.clock.now() < at->second.until)
            co_return true;
        co_await ask(at);
    }
    co_return false;
}

/// As long as somebody is asked; whatever ends that, others go on.
struct next_hop_rules::asking {
    next_hop_rules& all;
    entries::iterator about;
    std::shared_ptr<connection_port> port;
    asking(next_hop_rules& of, entries::iterator next_hop, std::shared_ptr<connection_port> by)
        : all{of}, about{next_hop}, port{std::move(by)}
    {
        all.asking_.insert(port.get());
        all.ends_.erase({about->second.until, about->first});
        about->second.is_asked = true;
        about->second.until = {};
    }
    asking(const asking&) = delete;
    asking& operator=(const asking&) = delete;
    ~asking()
    {
        all.asking_.erase(port.get());
        about->second.is_asked = false;
        for (auto* bell : std::exchange(about->second.waiting, {}))
            bell->cancel();
    }
};

io::task<void> next_hop_rules::ask(entries::iterator about)
{
    const auto name = about->first;
    const auto configuration = configuration_;
    const auto current = of_.current.load();
    const auto before = configured(name, current->delivery);
    hooks::shaping said;
    said.next_hop = name;
    said.policy = before;
    for (const auto& [pool, addresses] : current->delivery.pools)
        said.pools.push_back(pool);

    const base::session_id session{of_.ids.next()};
    const asking now{*this, about, std::make_shared<connection_port>(of_.home, session, of_.clock)};
    hook_runner runner{current->delivery_chain,  now.port, of_.log, of_.metrics, of_.notices, of_.clock, {},
                       hook_runner::usual_timing};
    hooks::event what;
    what.hook = hooks::hook_point::queue_policy;
    what.session = session;
    what.shape = &said;
    hooks::chain_run run{runner.order(), hooks::hook_point::queue_policy, nullptr};
    run.shape(said);
    const bool is_answered = runner.advance(run, what);
    if (!is_answered)
        co_await runner.finish(run, what);
    runner.end();
    if (configuration == configuration_) // else what was said is about one that is no more
        take(about, run.result(), said, before);
}

/// Whoever failed has said nothing; for as long as anything else is valid.
void next_hop_rules::take(entries::iterator about, const hooks::outcome& ruling, const hooks::shaping& said,
                          const hooks::shaping_policy& before)
{
    const auto& policy = said.policy;
    const std::chrono::milliseconds valid = policy.valid.count() != 0 ? policy.valid : hooks::usual_policy;
    auto& one = about->second;
    set_until(about, of_.clock.now() + valid);
    one.pool = policy.pool == before.pool ? std::string{} : policy.pool;
    one.suspended.clear();
    const bool differs =
        policy.concurrency != before.concurrency || policy.rate_count != before.rate_count || policy.rate_per != before.rate_per;
    of_.lines.rule(about->first, differs ? std::optional{delivery::destinations::rule{
                                               policy.concurrency, delivery::pace{policy.rate_count, policy.rate_per}}}
                                         : std::nullopt);
    if (ruling.lets_pass())
        return;
    one.suspended = ruling.text;
    if (!stopping_)
        of_.log.info("suspended", {{"next_hop", about->first},
                                   {"plugin", ruling.plugin},
                                   {"reason", ruling.text},
                                   {"seconds", std::chrono::duration_cast<std::chrono::seconds>(valid).count()}});
}

std::optional<std::string> next_hop_rules::why_not(const std::string& next_hop)
{
    const auto at = all_.find(next_hop);
    const auto now = of_.clock.now();
    if (at == all_.end() || at->second.suspended.empty() || now >= at->second.until)
        return std::nullopt;
    auto why = "suspended: " + at->second.suspended;
    // Somebody has to wake those who wait outside, whatever an operator's flush has ended.
    of_.lines.rest(next_hop, why, std::chrono::ceil<std::chrono::milliseconds>(at->second.until - now));
    return why;
}

std::string next_hop_rules::pool_of(std::string_view next_hop) const
{
    const auto at = all_.find(next_hop);
    return at == all_.end() ? std::string{} : at->second.pool;
}

void next_hop_rules::forget_all()
{
    ++configuration_;
    const auto now = of_.clock.now();
    for (const auto& [name, one] : all_)
        if (!one.suspended.empty() && now < one.until)
            of_.lines.end_rest(name);
    ends_.clear();
    for (auto at = all_.begin(); at != all_.end();)
        at = at->second.is_asked ? std::next(at) : all_.erase(at);
}

void next_hop_rules::stop()
{
    stopping_ = true;
    for (auto& [name, one] : all_)
        for (auto* bell : one.waiting)
            bell->cancel();
    for (auto* port : asking_)
        port->cut();
}

void next_hop_rules::set_until(entries::iterator which, base::instant until)
{
    which->second.until = until;
    ends_.emplace(until, which->first);
}

/// Whoever invents destinations must not have all memory.
void next_hop_rules::make_room()
{
    while (all_.size() >= most_ && !ends_.empty()) {
        const auto oldest = all_.find(ends_.begin()->second);
        ends_.erase(ends_.begin());
        of_.lines.rule(oldest->first, std::nullopt);
        all_.erase(oldest);
    }
}

} // namespace postern::runtime
