// Glue: options and events in, "not yet" out. Who has come before knows memory.

#include "address_list.hpp"
#include "memory.hpp"

#include <postern/kit/ascii.hpp>
#include <postern/kit/network_of.hpp>
#include <postern/plugin.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace greylist;
using namespace std::chrono_literals;

constexpr std::size_t most_text = 200;
constexpr unsigned site_bits = 48; // of IPv6: what a customer may have, all of whose networks are one's

[[nodiscard]] memory::limits limits_of(const postern::host& host)
{
    memory::limits by;
    by.time.delay = host.config("delay", nanoseconds{5min});
    by.time.window = host.config("window", nanoseconds{48h});
    by.time.remember = host.config("remember", nanoseconds{36 * 24h});
    by.auto_allow = host.config("auto_allow", std::int64_t{5});
    by.pending_per_network = host.config("pending_per_network", std::int64_t{1000});
    if (by.time.window <= by.time.delay)
        host.refuse("window", "has to be longer than delay: nobody would ever pass");
    return by;
}

[[nodiscard]] address_list list_of(const postern::host& host, const char* key)
{
    address_list made;
    for (const std::string& entry : host.list(key)) {
        if (const char* problem = made.add(entry); problem != nullptr)
            host.refuse(key, "\"" + entry + "\" " + problem);
    }
    return made;
}

[[nodiscard]] std::int64_t whole_seconds(nanoseconds time) noexcept
{
    return std::chrono::ceil<std::chrono::seconds>(time).count();
}

// The cookie of a session: whom it is of, a transaction's low 32 bits, and for how many seconds that was delayed.

[[nodiscard]] std::uint64_t cookie_of(std::uint64_t transaction, std::uint64_t delayed_s) noexcept
{
    return transaction << 32 | std::min<std::uint64_t>(delayed_s, 0xffff'ffffu);
}
[[nodiscard]] std::uint64_t delay_in(std::uint64_t cookie, std::uint64_t transaction) noexcept
{
    return cookie >> 32 == (transaction & 0xffff'ffffu) ? cookie & 0xffff'ffffu : 0;
}

class greylist_plugin {
public:
    static constexpr const char* requires_[] = {"postern.kv/1", "postern.metrics/1", "postern.log/1"};

    explicit greylist_plugin(const postern::host& host)
        : host_{host}, memory_{host, limits_of(host)}, senders_{list_of(host, "senders")},
          recipients_{list_of(host, "recipients")}, deferred_{host.metrics().counter("deferred_total",
                                                                                     "Attempts that came too early")},
          waited_{passed(host, "waited")}, known_{passed(host, "known")}, by_network_{passed(host, "network")},
          store_failures_{host.metrics().counter("store_failures_total", "Decisions for which the store failed")},
          v4_bits_{host.config("ipv4_prefix", 24u)}, v6_bits_{host.config("ipv6_prefix", 64u)},
          store_wait_{host.config("store_wait", nanoseconds{2s})}, text_{host.config("text", "greylisted")},
          asks_at_data_{host.config("at", "rcpt") == "data"}, adds_header_{host.config("header", false)},
          passes_unavailable_{host.config("when_unavailable", "tempfail") == "pass"}
    {
        for (const std::string& network : host.list("networks")) {
            if (const char* problem = networks_.add(network); problem != nullptr)
                host.refuse("networks", "\"" + network + "\" " + problem);
        }
        if (text_.empty() || text_.size() > most_text ||
            std::any_of(text_.begin(), text_.end(), [](char c) { return c < ' ' || c > '~'; }))
            host.refuse("text", "has to be 1 to 200 printable ASCII characters");
    }

    /// Not of the null reverse path: who calls back to verify an address goes no further than this, and would take "not yet" for
    /// an answer about it.
    postern::task<postern::verdict> on(postern::rcpt event)
    {
        if (asks_at_data_ || event.sender().empty())
            return answer(std::move(event), {});
        triplet who = whom(event, event.recipient());
        return answer(std::move(event), std::move(who));
    }
    /// RFC 6647 5: of a transaction the first recipient is enough, of those that are not exempt: who adds one that is would pass
    /// with all others.
    postern::task<postern::verdict> on(postern::data event)
    {
        triplet who;
        if (asks_at_data_ || event.sender().empty()) {
            for (const std::string_view recipient : event.recipients()) {
                who = whom(event, recipient);
                if (!who.network.empty())
                    break;
            }
        }
        return answer(std::move(event), std::move(who));
    }
    postern::verdict on(const postern::headers& event) const
    {
        const std::uint64_t delayed_s = delay_in(event.cookie(), event.transaction());
        if (!adds_header_ || delayed_s == 0)
            return postern::proceed();
        return postern::proceed().add_header("X-Greylist", "delayed " + std::to_string(delayed_s) + " s");
    }

    postern::health_report on(const postern::health&) const
    {
        return is_store_down_ ? postern::degraded("the store for keys and values fails, or is too slow") : postern::healthy();
    }

private:
    [[nodiscard]] static postern::counter passed(const postern::host& host, const char* why)
    {
        return host.metrics().counter("passed_total", "Attempts that passed", {{"by", why}});
    }

    /// Nobody, without a network: who is exempt. So is a local socket, which has none.
    template <class Event>
    [[nodiscard]] triplet whom(const Event& event, std::string_view recipient) const
    {
        const postern::peer peer = event.peer();
        if (!peer.identity().empty() || networks_.contains(peer.address()) || senders_.contains(event.sender()) ||
            recipients_.contains(recipient))
            return {};
        return {postern::kit::network_of(peer.address(), v4_bits_, v6_bits_),
                postern::kit::network_of(peer.address(), v4_bits_, std::min(v6_bits_, site_bits)),
                postern::kit::lowered(event.sender()), postern::kit::lowered(recipient)};
    }

    template <class Event>
    postern::task<postern::verdict> answer(Event event, triplet who)
    {
        if (who.network.empty())
            co_return postern::proceed();
        std::optional<finding> found;
        std::string why = "no answer within store_wait";
        try {
            auto attempt = memory_.attempt(who);
            auto limited = postern::within(store_wait_, std::move(attempt));
            found = co_await std::move(limited);
        } catch (const postern::kv_error& error) {
            why = error.what();
        }
        if (!found)
            co_return unavailable(event, why);
        if (is_store_down_.exchange(false))
            host_.event_log().info("store_is_back");
        co_return verdict_on(event, who, *found);
    }

    template <class Event>
    [[nodiscard]] postern::verdict unavailable(const Event& event, const std::string& why)
    {
        store_failures_.add();
        if (!is_store_down_.exchange(true)) // once, not for each attempt of an outage
            host_.event_log(event).warning("store_fails", {{"reason", why}});
        if (passes_unavailable_)
            return postern::proceed();
        return postern::defer(451, "4.3.0", "try again later");
    }

    template <class Event>
    [[nodiscard]] postern::verdict verdict_on(const Event& event, const triplet& who, const finding& found)
    {
        switch (found.why) {
        case reason::waits: {
            deferred_.add();
            const std::int64_t wait_s = std::max<std::int64_t>(whole_seconds(found.wait), 1);
            host_.event_log(event).info(
                "deferred", {{"network", who.network}, {"sender", who.sender}, {"recipient", who.recipient}, {"wait_s", wait_s}});
            return postern::defer(451, "4.7.1",
                                  text_ + ", try again in " + std::to_string(wait_s) + (wait_s == 1 ? " second" : " seconds"));
        }
        case reason::waited: {
            waited_.add();
            const std::int64_t delayed_s = std::chrono::floor<std::chrono::seconds>(found.delayed).count();
            host_.event_log(event).info(
                "passed",
                {{"network", who.network}, {"sender", who.sender}, {"recipient", who.recipient}, {"delayed_s", delayed_s}});
            note_delay(event, static_cast<std::uint64_t>(delayed_s));
            break;
        }
        case reason::known:
            known_.add();
            break;
        case reason::network:
            by_network_.add();
            break;
        }
        return postern::proceed();
    }

    /// The longest of a transaction's recipients, for the field. On the session's thread, as the answers of the store are.
    template <class Event>
    void note_delay(const Event& event, std::uint64_t delayed_s) const
    {
        if (adds_header_ && delayed_s > delay_in(event.cookie(), event.transaction()))
            host_.cookie(event, cookie_of(event.transaction(), delayed_s));
    }

    postern::host host_;
    memory memory_;
    address_list senders_;
    address_list recipients_;
    postern::kit::network_set networks_;
    postern::counter deferred_;
    postern::counter waited_;
    postern::counter known_;
    postern::counter by_network_;
    postern::counter store_failures_;
    unsigned v4_bits_;
    unsigned v6_bits_;
    nanoseconds store_wait_;
    std::string text_;
    bool asks_at_data_;
    bool adds_header_;
    bool passes_unavailable_;
    std::atomic<bool> is_store_down_{false};
};

} // namespace

POSTERN_PLUGIN(greylist_plugin, "org.postern.greylist", "1.0");
