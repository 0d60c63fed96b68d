#include "agent.hpp"

#include "kept_policy.hpp"

#include <postern/kit/ascii.hpp>
#include <postern/kit/network_set.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace mta_sts {

namespace {

using namespace std::chrono_literals;

constexpr auto tick_period = 60s;
constexpr std::chrono::nanoseconds store_patience = 1s; // that a delivery has for the store, though it would not wait for a fetch

[[nodiscard]] discovery_settings settings_of(const postern::host& host)
{
    discovery_settings how;
    how.check = host.config("check", how.check);
    how.refresh = host.config("refresh", how.refresh);
    how.retry = host.config("retry", how.retry);
    how.domains = host.config("domains", how.domains);
    how.kept.policies = host.config("kept", how.kept.policies);
    how.kept.octets = host.config("kept_size", how.kept.octets);
    return how;
}

[[nodiscard]] own_policy own_of(const postern::host& host)
{
    own_policy own;
    own.how = mode_of(host.config("own_mode", "testing")).value_or(mode::testing);
    own.max_age = host.config("own_max_age", std::chrono::seconds{14 * 24h});
    for (const auto& each : host.list("own_mx")) {
        if (!is_pattern(each))
            host.refuse("own_mx", each + " is neither the name of a host nor \"*.\" and one");
        own.mx.push_back(postern::kit::lowered(each));
    }
    for (const auto& each : host.list("own_domains")) {
        if (!is_domain(each))
            host.refuse("own_domains", each + " is no domain; one of another script is written with xn--");
        own.domains.push_back(postern::kit::lowered(each));
    }
    if (!own.domains.empty() && own.mx.empty() && own.how != mode::none)
        host.refuse("own_domains", "takes own_mx: the mail exchangers that the policy lists");
    own.web_host = postern::kit::lowered(host.config("own_web_host", ""));
    if (!own.web_host.empty() && !is_domain(own.web_host))
        host.refuse("own_web_host", own.web_host + " is no name of a host");
    return own;
}

/// ".example.org" is all below it.
[[nodiscard]] bool is_listed(std::string_view domain, const std::vector<std::string>& all) noexcept
{
    return std::any_of(all.begin(), all.end(), [&](const std::string& each) {
        return each.starts_with('.') ? domain.size() > each.size() && domain.ends_with(each) : domain == each;
    });
}

/// One that can have a policy: no address, and none at the top.
[[nodiscard]] bool can_have_policy(std::string_view domain)
{
    return is_domain(domain) && domain.find('.') != std::string_view::npos && !postern::kit::parse_address(domain);
}

} // namespace

agent::agent(const postern::host& host, const fetcher_maker& made, clockwork clock)
    : host_{host}, clock_{std::move(clock)}, wait_{host.config("wait", std::chrono::nanoseconds{4s})},
      takes_private_{host.config("private_addresses", false)}, exempt_{host.list("exempt")}, own_{own_of(host)},
      known_{settings_of(host), clock_.varied}
{
    for (auto& each : exempt_)
        each = postern::kit::lowered(each);
    const auto metrics = host.metrics();
    constexpr std::array outcomes{"no_policy", "unavailable", "enforced", "refused", "tested", "test_failed", "unknown"};
    for (std::size_t i = 0; i < outcomes.size(); ++i)
        hosts_[i] = metrics.counter("hosts_total", "Hosts that were asked about, by what the policy of their domain said",
                                    {{"result", outcomes[i]}});
    constexpr std::array results{"ok", "fetch_error", "webpki_invalid", "policy_invalid"};
    for (std::size_t i = 0; i < results.size(); ++i)
        fetches_[i] =
            metrics.counter("fetches_total", "Policies that were fetched, by what came of it", {{"result", results[i]}});
    for (const auto each : {mode::none, mode::testing, mode::enforce})
        policies_[static_cast<std::size_t>(each)] =
            metrics.gauge("policies", "Policies in memory", {{"mode", std::string{name_of(each)}}});
    kept_ = metrics.gauge("kept_policies", "Policies in the store, as far as this instance knows");
    tick_ = host.every(tick_period, [this] {
        steps todo;
        {
            const std::lock_guard lock{mutex_};
            known_.tick(clock_.now(), todo);
        }
        perform(std::move(todo));
    });
    fetcher_ = made([this](const std::string& domain, const fetch_result& what) {
        steps todo;
        {
            const std::lock_guard lock{mutex_};
            known_.fetched(domain, what, clock_.now(), todo);
        }
        try {
            perform(std::move(todo));
        } catch (const std::exception& error) { // on a thread of the fetcher's nobody else would hear of it
            host_.error(error.what());
        }
    });
}

/// Who waits is not left without an answer: deliveries are over by now, operators are not.
agent::~agent()
{
    tick_.cancel();
    fetcher_.reset();
    for (const auto& [token, who] : waiting_)
        if (!who.about)
            host_.answer(who.ticket, postern::refuse(ends));
    for (const auto& [token, asked] : open_)
        if (asked.ticket != 0)
            host_.answer(asked.ticket, postern::refuse(ends));
}

postern::pending agent::on(const postern::tls_policy& event)
{
    const std::string domain = postern::kit::lowered(event.next_hop());
    // RFC 8461 2: DANE is the stronger of both, and no policy weakens what it demands.
    if (!event.is_by_mx() || event.need() >= postern::tls_need::dane || !can_have_policy(domain) || is_listed(domain, exempt_)) {
        host_.answer(event.ticket(), postern::tls_reply{postern::proceed()});
        return {};
    }
    const question about{domain, std::string{event.host()}, std::string{event.name()}, event.need()};
    steps todo;
    standing known;
    std::uint64_t token = 0;
    auto patience = wait_;
    {
        const std::lock_guard lock{mutex_};
        const auto now = clock_.now();
        known = known_.ask(domain, now, todo);
        if (known.is_untold)
            patience = std::max(patience, store_patience);
        if (refuses(about, known)) // RFC 8461 5: not before it is known that the policy has not changed
            known = known_.doubt(domain, now, todo);
        // Later than the deadline nobody listens, and a tenth is for the way.
        if (event.deadline() != std::chrono::steady_clock::time_point::max())
            patience = std::min(patience, (event.deadline().time_since_epoch() - now.steady) / 10 * 9);
        if (known.is_sought && patience > 0ns) {
            token = ++last_token_;
            waiting_.emplace(token, waiter{event.ticket(), domain, about});
        }
    }
    if (token == 0) {
        answer(event.ticket(), about, known);
    } else if (!host_.wake(event.session(), token, patience)) { // the session is over, or nobody can be woken in it
        bool is_mine = false;
        {
            const std::lock_guard lock{mutex_};
            is_mine = waiting_.erase(token) != 0;
        }
        if (is_mine)
            answer(event.ticket(), about, known);
    }
    perform(std::move(todo));
    return {};
}

void agent::answer(std::uint64_t ticket, const question& about, const standing& known) const
{
    try {
        const auto ruled = rule(about, known);
        hosts_[static_cast<std::size_t>(ruled.what)].add();
        host_.answer(ticket, ruled.reply);  // false: the session has ended meanwhile
    } catch (const std::exception& error) { // of one host; others wait behind it
        host_.error(error.what());
        host_.answer(ticket, postern::tls_reply{postern::defer(451, "4.3.0", "its TLS policy cannot be applied")});
    }
}

void agent::on(const postern::tls_result& event)
{
    if (event.policy_type() != "sts" || event.finding() == postern::tls_finding::ok)
        return;
    const std::lock_guard lock{mutex_};
    known_.suspect(std::string{event.policy_domain()}, clock_.now());
}

void agent::on(const postern::commit& /*event*/)
{
    ask_scan({});
}

void agent::on(const postern::wake& event)
{
    std::optional<waiter> who;
    standing known;
    {
        const std::lock_guard lock{mutex_};
        const auto found = waiting_.find(event.token());
        if (found == waiting_.end())
            return; // it has its answer
        who = std::move(found->second);
        waiting_.erase(found);
        known = known_.look(who->domain, clock_.now());
    }
    answer(who->ticket, *who->about, known); // nobody hears it where the session has ended
}

void agent::perform(steps todo)
{
    if (todo.empty())
        return;
    while (!todo.empty()) {
        steps next;
        for (auto& each : todo)
            perform(each, next);
        todo = std::move(next);
    }
    count_policies();
}

void agent::perform(step& one, steps& next)
{
    using question_of = open_question::kind;
    switch (one.what) {
    case step::kind::load:
        if (!ask_kv({question_of::load, one.domain}, postern::kv_batch{}.get(key_of(one.domain)))) {
            const std::lock_guard lock{mutex_};
            known_.loaded(one.domain, false, std::nullopt, clock_.now(), next);
        }
        break;
    case step::kind::ask_txt:
        if (!ask_dns({question_of::txt, one.domain}, "_mta-sts." + one.domain, POSTERN_DNS_TXT)) {
            const std::lock_guard lock{mutex_};
            known_.said(one.domain, false, std::nullopt, clock_.now(), next);
        }
        break;
    case step::kind::ask_addresses:
        ask_addresses(one.domain, next);
        break;
    case step::kind::fetch:
        fetcher_->fetch(one.domain, one.addresses);
        break;
    case step::kind::keep:
        if (!ask_kv({question_of::keep, one.domain}, postern::kv_batch{}.put(key_of(one.domain), one.text, one.lasts)))
            note_store(false);
        break;
    case step::kind::drop:
        if (!ask_kv({question_of::keep, one.domain}, postern::kv_batch{}.remove(key_of(one.domain))))
            note_store(false);
        break;
    case step::kind::changed:
        host_.event_log().info("policy",
                               {{"domain", one.domain}, {"mode", one.text}, {"id", one.id}, {"max_age", one.lasts.count()}});
        break;
    case step::kind::failed:
        fetches_[static_cast<std::size_t>(one.found)].add();
        host_.event_log().warning("fetch_failed",
                                  {{"domain", one.domain}, {"id", one.id}, {"finding", name_of(one.found)}, {"cause", one.text}});
        break;
    case step::kind::fetched:
        fetches_[static_cast<std::size_t>(trouble::none)].add();
        break;
    case step::kind::settled:
        settle(one.domain, one.known);
        break;
    }
}

void agent::settle(const std::string& domain, const standing& known)
{
    std::vector<waiter> all;
    std::optional<discovery::facts> facts;
    {
        const std::lock_guard lock{mutex_};
        for (auto at = waiting_.begin(); at != waiting_.end();) {
            const auto here = at++;
            if (here->second.domain == domain)
                all.push_back(std::move(waiting_.extract(here).mapped()));
        }
        facts = known_.facts_of(domain, clock_.now());
    }
    for (const auto& who : all) {
        if (who.about)
            answer(who.ticket, *who.about, known);
        else if (facts && (facts->what || facts->found != trouble::none))
            host_.answer(who.ticket, postern::tell(details_of(*facts)));
        else
            host_.answer(who.ticket, postern::tell(domain + " has no policy: no good TXT record at _mta-sts was found\n"));
    }
}

void agent::count_policies()
{
    const std::lock_guard lock{mutex_};
    for (const auto each : {mode::none, mode::testing, mode::enforce})
        policies_[static_cast<std::size_t>(each)].set(static_cast<std::int64_t>(known_.count(each)));
    kept_.set(static_cast<std::int64_t>(known_.kept()));
}

postern::health_report agent::on(const postern::health& /*event*/)
{
    constexpr unsigned many_failures = 3;
    if (is_store_down_)
        return postern::degraded("policies cannot be kept: after a restart they are not known");
    const std::lock_guard lock{mutex_};
    const auto [count, example] = known_.stale(many_failures);
    if (count != 0) // RFC 8461 10.2: long before they end
        return postern::degraded(std::to_string(count) + " policies in force cannot be fetched anew; that of " + example +
                                 " is one");
    return postern::healthy(std::to_string(known_.count(mode::enforce)) + " enforced, " +
                            std::to_string(known_.count(mode::testing)) + " tested");
}

} // namespace mta_sts
