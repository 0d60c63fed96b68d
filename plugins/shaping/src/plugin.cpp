// Glue: tables and events in, rules, waits and ends out.

#include "budget.hpp"
#include "next_hop_rule.hpp"
#include "retry_rule.hpp"
#include "words.hpp"

#include <postern/kit/ascii.hpp>
#include <postern/plugin.hpp>

#include <chrono>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace shaping;
using namespace std::chrono_literals;

constexpr std::size_t most_budgets = 16;
constexpr std::string_view null_sender = "<>";

/// A table of the configuration, read line by line.
template <class Value, class Read>
[[nodiscard]] name_table<Value> table_of(const postern::host& host, const char* option, Read read)
{
    name_table<Value> made;
    for (const auto& [key, text] : host.table(option)) {
        try {
            if (!made.add(postern::kit::lowered(key), read(text)))
                host.refuse(option, "\"" + key + "\" is there twice");
        } catch (const std::invalid_argument& problem) {
            host.refuse(option, "\"" + key + "\": " + problem.what());
        }
    }
    return made;
}

[[nodiscard]] std::vector<budget> budgets_of(const postern::host& host)
{
    const auto most = static_cast<std::size_t>(host.config("remembered", 100'000u));
    std::vector<budget> made;
    for (const auto& [name, text] : host.table("budgets")) {
        try {
            made.emplace_back(read_budget_rule(text), most);
        } catch (const std::invalid_argument& problem) {
            host.refuse("budgets", "\"" + name + "\": " + problem.what());
        }
    }
    if (made.size() > most_budgets)
        host.refuse("budgets", "has more than 16");
    return made;
}

[[nodiscard]] std::string domain_of(std::string_view sender)
{
    return sender.empty() ? std::string{null_sender} : postern::kit::lowered(postern::kit::domain_of(sender));
}

[[nodiscard]] std::string key_of(keyed by, const postern::queue_admit& event)
{
    switch (by) {
    case keyed::sender:
        return postern::kit::lowered(event.sender());
    case keyed::sender_domain:
        return domain_of(event.sender());
    case keyed::next_hop:
        return std::string{event.next_hop()};
    case keyed::sender_domain_and_next_hop:
        break;
    }
    return domain_of(event.sender()) + ' ' + std::string{event.next_hop()};
}

class shaping_plugin {
public:
    static constexpr const char* requires_[] = {"postern.metrics/1"};

    explicit shaping_plugin(const postern::host& host)
        : next_hops_{table_of<next_hop_rule>(host, "next_hops", read_next_hop_rule)},
          retries_{table_of<retry_rule>(host, "retries", read_retry_rule)}, budgets_{budgets_of(host)},
          valid_for_{std::chrono::duration_cast<std::chrono::seconds>(host.config("valid_for", std::chrono::nanoseconds{5min}))},
          over_budget_{host.metrics().counter("waits_total", "Messages that a budget made wait")},
          given_up_{host.metrics().counter("given_up_total", "Messages that a schedule "
                                                             "gave up")}
    {
        std::random_device seed;
        random_.seed(seed());
    }

    postern::policy_reply on(const postern::queue_policy& event) const
    {
        const next_hop_rule* rule = next_hops_.look_up(postern::kit::lowered(event.next_hop()));
        if (rule == nullptr)
            rule = next_hops_.find(table_name_of(event.next_hop()));
        if (rule == nullptr)
            return postern::rules().valid_for(valid_for_);
        if (!rule->suspended.empty())
            return postern::suspend(rule->suspended, valid_for_);
        postern::policy_reply said = postern::rules().valid_for(valid_for_);
        if (rule->concurrency != 0)
            said.concurrency(rule->concurrency);
        if (rule->rate_count != 0)
            said.rate(rule->rate_count, rule->rate_time);
        if (!rule->pool.empty())
            said.pool(rule->pool);
        return said;
    }

    /// All budgets have one, or none is taken.
    postern::wait_reply on(const postern::queue_admit& event)
    {
        if (budgets_.empty())
            return postern::proceed();
        const auto now = std::chrono::duration_cast<nanoseconds>(std::chrono::steady_clock::now().time_since_epoch());
        nanoseconds wait{0};
        const std::lock_guard lock{guard_};
        for (const budget& one : budgets_)
            wait = std::max(wait, one.wait(key_of(one.rule().key, event), now));
        if (wait > 0ns) {
            over_budget_.add();
            return postern::wait_for(std::chrono::ceil<std::chrono::milliseconds>(wait));
        }
        for (budget& one : budgets_)
            one.take(key_of(one.rule().key, event), now);
        return postern::proceed();
    }

    postern::wait_reply on(const postern::queue_retry& event)
    {
        const retry_rule* const rule = retries_.find(domain_of(event.sender()));
        if (rule == nullptr)
            return postern::proceed();
        const auto age = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now() - event.received());
        const auto decided = decide(*rule, event.attempts(), age, chance());
        if (decided.gives_up) {
            given_up_.add();
            return postern::reject(554, "5.4.7", "not delivered in the time that this mail is worth");
        }
        return decided.wait && *decided.wait > 0ms ? postern::retry_in(*decided.wait) : postern::wait_reply{postern::proceed()};
    }

private:
    [[nodiscard]] double chance()
    {
        const std::lock_guard lock{guard_};
        return std::uniform_real_distribution<double>{0, 1}(random_);
    }

    name_table<next_hop_rule> next_hops_;
    name_table<retry_rule> retries_;
    std::mutex guard_; // of what is below, but for counters
    std::vector<budget> budgets_;
    std::minstd_rand random_;
    std::chrono::seconds valid_for_;
    postern::counter over_budget_;
    postern::counter given_up_;
};

} // namespace

POSTERN_PLUGIN(shaping_plugin, "org.postern.shaping", "1.0");
