// Glue: options and events in, refusals out. Who is charged what decides rule_book, what is left the ledger.

#include "charges.hpp"
#include "ledger.hpp"

#include <postern/plugin.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace rate_limit;
using namespace std::chrono_literals;

constexpr std::size_t most_rules = 64;
constexpr std::size_t most_text = 200;

/// An event as the log wants it, when the event itself is gone.
struct place {
    std::uint64_t of;
    [[nodiscard]] std::uint64_t session() const noexcept { return of; }
};

[[nodiscard]] rule_book book_of(const postern::host& host)
{
    rule_book book;
    book.v4_bits = host.config("ipv4_prefix", 24u);
    book.v6_bits = host.config("ipv6_prefix", 64u);
    for (const std::string& network : host.list("networks")) {
        if (const char* problem = book.networks.add(network); problem != nullptr)
            host.refuse("networks", "\"" + network + "\" " + problem);
    }
    for (const auto& [name, text] : host.table("rules")) {
        if (const std::string problem = parse_rule(name, text, book.rules.emplace_back()); !problem.empty())
            host.refuse("rules", "\"" + name + "\": " + problem);
    }
    if (book.rules.empty() || book.rules.size() > most_rules)
        host.refuse("rules", "has to have 1 to " + std::to_string(most_rules) + " rules");
    return book;
}

[[nodiscard]] std::uint64_t random_seed()
{
    std::random_device source;
    return std::uint64_t{source()} << 32 | source();
}

[[nodiscard]] std::int64_t whole_seconds(nanoseconds time) noexcept
{
    return std::chrono::ceil<std::chrono::seconds>(time).count();
}

class rate_limit_plugin {
public:
    static constexpr const char* requires_[] = {"postern.kv/1", "postern.metrics/1", "postern.log/1"};

    explicit rate_limit_plugin(const postern::host& host)
        : host_{host}, book_{book_of(host)}, ledger_{host, random_seed(),
                                                     host.metrics().counter("conflicts_total",
                                                                            "Rounds that were lost to other sessions")},
          store_failures_{host.metrics().counter("store_failures_total", "Decisions for which the store failed")},
          store_wait_{host.config("store_wait", nanoseconds{2s})}, text_{host.config("text", "too much in too little time")},
          passes_unavailable_{host.config("when_unavailable", "tempfail") == "pass"}
    {
        for (const rule& one : book_.rules)
            over_limit_.emplace(&one, host.metrics().counter("over_limit_total", "What a rule had no tokens for, shadow too",
                                                             {{"rule", one.name}}));
        if (text_.empty() || text_.size() > most_text ||
            std::any_of(text_.begin(), text_.end(), [](char c) { return c < ' ' || c > '~'; }))
            host.refuse("text", "has to be 1 to 200 printable ASCII characters");
    }

    postern::task<postern::verdict> on(postern::connection event)
    {
        return take(event, counted::connections, facts_of(event), 1);
    }
    /// Of octets only whether there are enough: taken they are when they are here, so that who only announces many, and in
    /// another's name, takes nothing from him.
    postern::task<postern::verdict> on(postern::mail event)
    {
        facts about = facts_of(event);
        about.sender = event.sender();
        return look(event, counted::octets, about, std::max<std::uint64_t>(event.size_octets(), 1));
    }
    postern::task<postern::verdict> on(postern::rcpt event)
    {
        facts about = facts_of(event);
        about.sender = event.sender();
        about.recipient = event.recipient();
        return take(event, counted::recipients, about, 1);
    }
    /// Here and not at MAIL: a message has somebody who takes it.
    postern::task<postern::verdict> on(postern::data event)
    {
        facts about = facts_of(event);
        about.sender = event.sender();
        return take(event, counted::messages, about, 1);
    }
    postern::task<postern::verdict> on(postern::message_end event)
    {
        facts about = facts_of(event);
        about.sender = event.sender();
        return take(event, counted::octets, about, std::max<std::uint64_t>(event.size_octets(), 1));
    }
    /// A success is refused as a failure is, or it would tell that the password was right.
    postern::task<postern::verdict> on(postern::auth_result event)
    {
        facts about = facts_of(event);
        about.user = event.user().empty() ? event.identity() : event.user();
        return event.is_success() ? look(event, counted::failed_logins, about, 1) : take(event, counted::failed_logins, about, 1);
    }

    postern::health_report on(const postern::health&) const
    {
        return is_store_down_ ? postern::degraded("the store for keys and values fails, or is too slow") : postern::healthy();
    }

private:
    template <class Event>
    [[nodiscard]] static facts facts_of(const Event& event)
    {
        return {event.peer().address(), event.peer().identity(), {}, {}, {}};
    }

    // Neither is a coroutine: what a task keeps is made of the event while that is here.

    template <class Event>
    [[nodiscard]] postern::task<postern::verdict> take(const Event& event, counted what, const facts& about, std::uint64_t tokens)
    {
        return answer({event.session()}, what, book_.charges(what, about, tokens), true);
    }
    template <class Event>
    [[nodiscard]] postern::task<postern::verdict> look(const Event& event, counted what, const facts& about, std::uint64_t tokens)
    {
        std::vector<charge> charges = book_.charges(what, about, tokens);
        std::erase_if(charges, [](const charge& one) { return !one.of->refuses(); }); // others speak when something is taken
        return answer({event.session()}, what, std::move(charges), false);
    }

    postern::task<postern::verdict> answer(place at, counted what, std::vector<charge> charges, bool takes)
    {
        if (charges.empty())
            co_return postern::proceed();
        const bool may_refuse = std::any_of(charges.begin(), charges.end(), [](const charge& one) { return one.of->refuses(); });
        std::optional<std::vector<shortage>> found;
        std::string why = "no answer within store_wait";
        try {
            auto asked = takes ? ledger_.take(std::move(charges)) : ledger_.look(std::move(charges));
            auto limited = postern::within(store_wait_, std::move(asked));
            found = co_await std::move(limited);
        } catch (const postern::kv_error& error) {
            why = error.what();
        }
        if (!found)
            co_return unavailable(at, what, why, may_refuse);
        if (is_store_down_.exchange(false))
            host_.event_log().info("store_is_back");
        co_return verdict_on(at, what, *found);
    }

    [[nodiscard]] postern::verdict unavailable(place at, counted what, const std::string& why, bool may_refuse)
    {
        store_failures_.add();
        if (!is_store_down_.exchange(true)) // once, not for each message of an outage
            host_.event_log(at).warning("store_fails", {{"counts", word_of(what)}, {"reason", why}});
        if (passes_unavailable_ || !may_refuse)
            return postern::proceed();
        if (what == counted::failed_logins)
            return postern::defer(454, "4.7.0", "temporary authentication failure"); // RFC 4954 6
        return postern::defer(451, "4.3.0", "try again later");
    }

    [[nodiscard]] postern::verdict verdict_on(place at, counted what, const std::vector<shortage>& shortages) const
    {
        const shortage* refusing = nullptr;
        std::string symbols;
        double points = 0;
        for (const shortage& one : shortages) {
            const rule& by = *one.what.of;
            over_limit_.at(&by).add();
            host_.event_log(at).info(by.is_shadow ? "would_limit" : "limited", {{"rule", by.name},
                                                                                {"counts", word_of(what)},
                                                                                {word_for_log(by.key), one.what.value},
                                                                                {"tokens", one.what.tokens},
                                                                                {"action", word_of(by.then)},
                                                                                {"wait_s", whole_seconds(one.wait)}});
            if (by.refuses() && refusing == nullptr)
                refusing = &one;
            if (!by.is_shadow && by.then == action::score) {
                symbols.append(symbols.empty() ? "RATE_" : ",RATE_").append(by.name);
                points += by.points;
            }
        }
        if (refusing != nullptr)
            return refusal(*refusing);
        return symbols.empty() ? postern::proceed() : postern::score(symbols, points);
    }

    [[nodiscard]] postern::verdict refusal(const shortage& what) const
    {
        if (what.is_for_ever) // RFC 1870 6.1: trying again would be in vain
            return postern::reject(552, "5.3.4", "a message of that size is more than may come at once");
        switch (what.what.of->then) {
        case action::reject:
            return postern::reject(550, "5.7.1", text_);
        case action::disconnect:
            return postern::disconnect(421, "4.7.0", text_); // RFC 5321 3.8
        case action::tempfail:
        case action::score:
            break;
        }
        const std::int64_t wait_s = std::max<std::int64_t>(whole_seconds(what.wait), 1); // it may have filled meanwhile
        return postern::defer(451, "4.7.1", text_ + ", try again in " + std::to_string(wait_s) + " s");
    }

    /// Keys of log fields have no hyphens.
    [[nodiscard]] static std::string_view word_for_log(keyed by) noexcept
    {
        if (by == keyed::sender_domain)
            return "sender_domain";
        return by == keyed::recipient_domain ? "recipient_domain" : word_of(by);
    }

    postern::host host_;
    const rule_book book_;
    ledger ledger_;
    std::map<const rule*, postern::counter> over_limit_;
    postern::counter store_failures_;
    nanoseconds store_wait_;
    std::string text_;
    bool passes_unavailable_;
    std::atomic<bool> is_store_down_{false};
};

} // namespace

POSTERN_PLUGIN(rate_limit_plugin, "org.postern.rate-limit", "1.0");
